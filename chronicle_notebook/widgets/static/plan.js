// A plan of webhooks as code: its card, the question before it is applied, and the outcome of each change.
import { button, copyFrom, counted, el, jobBar, listen, pill, toldBox, widgetRoot } from "./common.js";
import { lockBar } from "./lock.js";
import { makeQuestion } from "./question.js";

/** @typedef {import("./common.js").WidgetModel} WidgetModel */

const OPTIONS = {
  replace: "replace where this kernel ignores a change",
  prune: "prune what is owned and not in the file",
  resend_secrets: "send secrets that cannot be compared",
};
const SIGNS = /** @type {Record<string, string>} */ ({ good: "✓", warning: "!", error: "!", plain: "…" });

/** @param {{ model: WidgetModel, el: HTMLElement }} shown */
function render({ model, el: host }) {
  const { root, leave } = widgetRoot(model, host, "Plan of webhooks");
  const act = (/** @type {string} */ kind, /** @type {Record<string, any>} */ more = {}) =>
    model.send({ kind, ...more });
  const lock = lockBar((name) => act("unlock", { name }));
  const job = jobBar(() => act("cancel"));
  const told = toldBox((kind) => act(kind));
  const question = makeQuestion();
  const card = el("div", { class: "cn-plan-card" });
  const title = el("div", { class: "cn-bar", hidden: true });
  const outcomes = el("div", { class: "cn-plan-scroll", hidden: true });
  const foot = el("div", { class: "cn-foot", hidden: true });
  const apply = button("Apply", ask, { class: "cn-primary", disabled: true });
  const again = button("Plan again", () => act("again"));
  const back = button("Go back", () => act("back"), { hidden: true, title: "Shows the plan that leads back" });
  const copy = button("Copy as Markdown", () => void copyFrom(copy, plan.markdown));
  /** @type {Record<string, { root: any, input: any }>} */
  const options = {};
  for (const [name, words] of Object.entries(OPTIONS)) {
    const input = el("input", { type: "checkbox", onchange: () => act("again", { [name]: input.checked }) });
    options[name] = { input, root: el("label", { class: "cn-plan-option", hidden: true }, input, words) };
  }
  const bar = el(
    "div",
    { class: "cn-bar cn-foot-bar", role: "toolbar", "aria-label": "Actions on the plan" },
    apply,
    ...Object.values(options).map((each) => each.root),
    el("span", { class: "cn-space" }),
    again,
    back,
    copy,
  );
  root.append(lock.root, card, title, outcomes, foot, job.root, told.root, question.root, bar);

  /** @type {any} */
  let plan = {};
  let running = false;
  let begun = false;

  function ask() {
    const boxes = plan.consents.map((/** @type {string[]} */ [name, why]) => {
      const input = el("input", { type: "checkbox", value: name });
      return { input, root: el("label", { class: "cn-plan-option" }, input, `${why} I agree.`) };
    });
    question.ask({
      title: plan.question,
      text: `It ${plan.counts}. What is registered now goes to a file first.`,
      yes: "Apply",
      no: "Cancel",
      back: apply,
      more: boxes.map((/** @type {any} */ each) => each.root),
      done: () =>
        act("apply", {
          consents: boxes
            .filter((/** @type {any} */ each) => each.input.checked)
            .map((/** @type {any} */ each) => each.input.value),
        }),
    });
  }

  function paint() {
    apply.hidden = copy.hidden = begun; // the text of the plan says that nothing was sent
    apply.disabled = running || !plan.changes;
    apply.textContent = plan.changes ? `Apply ${counted(plan.changes, "change")}` : "Nothing to apply";
    again.disabled = copy.disabled = back.disabled = running;
    for (const [name, each] of Object.entries(options)) {
      each.root.hidden = begun || !plan.offered?.[name];
      each.input.disabled = running;
      each.input.checked = Boolean(plan.options?.[name]);
    }
    card.hidden = begun;
  }

  /** @param {string[]} row */
  function changeRow([id, action, level, state, ...lines]) {
    return el(
      "tr",
      {},
      el("td", { class: `cn-plan-${level}`, "aria-hidden": "true" }, SIGNS[level]),
      el("th", { scope: "row" }, id),
      el("td", {}, action),
      el("td", {}, state, ...lines.map((line) => el("div", { class: "cn-soft" }, line))),
    );
  }

  const takers = /** @type {Record<string, (message: any) => void>} */ ({
    head: (message) => lock.show(message.lock),
    plan(message) {
      plan = message;
      card.innerHTML = message.html; // made by Python, which escapes every text; it is the static form
      question.close();
      paint();
    },
    changes(message) {
      begun = message.rows.length > 0;
      title.hidden = outcomes.hidden = !begun;
      const [words, ...about] = message.title;
      title.replaceChildren(el("b", {}, words), ...about.map((/** @type {string} */ each) => pill("plain", each)));
      back.hidden = !message.back;
      foot.hidden = !message.foot;
      foot.textContent = message.foot;
      const head = ["", "Id", "Action", "Outcome"].map((title) => el("th", { scope: "col" }, title));
      head[0].append(el("span", { class: "cn-unseen" }, "In effect"));
      outcomes.replaceChildren(
        el(
          "table",
          { class: "cn-table", "aria-label": "Outcome of each change" },
          el("thead", {}, el("tr", {}, ...head)),
          el("tbody", {}, ...message.rows.map(changeRow)),
        ),
        message.left
          ? el("p", { class: "cn-soft" }, `${counted(message.left, "further change")} without a problem.`)
          : "",
      );
      paint();
    },
    job(message) {
      running = Boolean(message.job);
      job.show(message.job);
      paint();
    },
    told: (message) => told.show(message.told),
  });
  const silence = listen(model, (message) => takers[message.kind]?.(message));
  model.send({ kind: "hello" });
  return () => {
    leave();
    silence();
    job.destroy();
  };
}

export default { render };
