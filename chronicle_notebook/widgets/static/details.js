// The pane beside the explorer's table: one webhook, its observers in each namespace, and its actions.
import { button, clockTime, el, freshId, grouped, pill } from "./common.js";

/** @import { Child } from "./common.js" */

/** The look of each state. Its word is always beside it. */
export const TONES = /** @type {Record<string, string>} */ ({
  "caught up": "good",
  active: "good",
  replaying: "warning",
  suspended: "warning",
  disconnected: "warning",
  failing: "error",
  quarantined: "error",
});

/** Why there is no number if a partition fails. */
export const WAITING = "Events wait behind the failed ones. A kernel does not say how many.";

/**
 * @param {string} state
 * @param {number} failing
 */
export function statePill(state, failing) {
  return pill(TONES[state] ?? "plain", state === "failing" ? `${failing} failing` : state);
}

/**
 * @param {{ act: (kind: string, id: string) => void }} options
 */
export function makeDetails({ act }) {
  const titleId = freshId();
  const title = el("h3", { id: titleId, tabindex: "-1" });
  const url = el("div", { class: "cn-mono cn-soft cn-url" });
  const facts = el("div", { class: "cn-facts" });
  const question = el("div", {});
  let current = "";
  let painted = "";
  let open = false;
  const actions = el(
    "div",
    { class: "cn-actions", role: "toolbar", "aria-label": "What to do with this webhook" },
    ...["Edit", "Test", "Duplicate"].map((name) => button(name, () => act(name.toLowerCase(), current))),
    button("Remove", ask, { class: "cn-danger" }),
  );
  // Not among the facts, which are painted again with every attempt: it would lose the focus, and clicks.
  const retry = button("Retry failed partitions now", () => act("retry", current), {
    "aria-describedby": titleId,
    hidden: true,
  });
  const hook = el(
    "div",
    { hidden: true },
    el("div", { class: "cn-title" }, title, actions),
    url,
    question,
    el("div", {}, retry),
    facts,
  );
  const hint = el("div", { class: "cn-soft cn-hint-pane" });
  const root = el("section", { class: "cn-details", "aria-labelledby": titleId }, hint, hook);

  function ask() {
    const close = () => {
      question.replaceChildren();
      actions.querySelector(".cn-danger")?.focus();
    };
    const keep = button("Keep it", close);
    question.replaceChildren(
      el(
        "div",
        {
          class: "cn-told cn-warning",
          role: "alertdialog",
          "aria-label": `Remove ${current}?`,
          onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close(),
        },
        el(
          "div",
          { class: "cn-told-text" },
          el("b", {}, `Remove ${current}?`),
          el("div", {}, "The kernel stops sending to it. You can undo this from here afterwards."),
        ),
        button("Remove", () => (question.replaceChildren(), act("remove", current)), { class: "cn-danger" }),
        keep,
      ),
    );
    keep.focus();
  }

  return {
    root,
    focus: () => title.focus(),
    /**
     * @param {any} details
     * @param {number} count how many webhooks are selected
     */
    show(details, count) {
      // Unchanged parts are not painted again: nothing flickers, and opened or marked parts stay so.
      const next = JSON.stringify([details && { ...details, read_at: null }, count]);
      if (next === painted) return;
      painted = next;
      hook.hidden = !details;
      hint.hidden = Boolean(details);
      hint.textContent =
        count > 1
          ? `${grouped(count)} webhooks are selected. In Python: explorer.selected.`
          : "Select a webhook to see its deliveries.";
      if (!details) {
        current = "";
        question.replaceChildren();
        return;
      }
      if (details.id !== current) question.replaceChildren();
      current = details.id;
      title.textContent = details.id;
      url.textContent = details.url;
      if (!details.failing && document.activeElement === retry) title.focus();
      retry.hidden = !details.failing;
      facts.replaceChildren(...paneParts(details, open, (now) => (open = now)));
    },
  };
}

/**
 * @param {any} details
 * @param {boolean} open whether each failure is shown
 * @param {(open: boolean) => void} toggled
 */
function paneParts(details, open, toggled) {
  const parts = [];
  if (details.failing) parts.push(failures(details, open, toggled));
  parts.push(observerTable(details));
  const chips = details.types.map((/** @type {string} */ type) => el("span", { class: "cn-chip" }, type));
  parts.push(
    fact("Events", el("div", { class: "cn-chips" }, ...(chips.length ? chips : ["none: it receives nothing"]))),
  );
  const headers = details.headers.map((/** @type {string} */ name) =>
    el("div", { class: "cn-mono" }, `${name}: `, el("span", { "aria-label": "not shown" }, "••••••")),
  );
  parts.push(fact("Headers", ...(headers.length ? headers : ["none"])));
  parts.push(fact("Authorization", details.authorization));
  const flags = [details.active ? "active" : "inactive", details.replayable ? "replayable" : "not replayable"];
  parts.push(fact("Sequence", `${details.sequence}, ${flags.join(", ")}`));
  return parts;
}

/**
 * @param {string} name
 * @param {...Child} values
 */
function fact(name, ...values) {
  return el("div", { class: "cn-fact" }, el("h4", {}, name), el("div", {}, ...values));
}

/**
 * @param {any} details
 * @param {boolean} open
 * @param {(open: boolean) => void} toggled
 */
function failures(details, open, toggled) {
  const many = details.failing === 1 ? "1 partition fails" : `${grouped(details.failing)} partitions fail`;
  return el(
    "details",
    {
      class: "cn-told cn-error cn-failures",
      open: open ? "" : null,
      ontoggle: (/** @type {Event} */ event) => toggled(/** @type {HTMLDetailsElement} */ (event.target).open),
    },
    el("summary", {}, el("b", {}, many), ` at this moment. ${lastFailure(details.failed)}`),
    ...details.failed.map((/** @type {any} */ each) =>
      el(
        "div",
        {},
        el("span", { class: "cn-mono" }, each.partition),
        ` in ${each.namespace}, ${each.attempts} ${each.attempts === 1 ? "attempt" : "attempts"}, last ${clockTime(each.at)}`,
        each.quarantined && " — quarantined: the kernel no longer retries",
        each.message && el("div", { class: "cn-soft" }, each.message),
      ),
    ),
  );
}

/** @param {any} details */
function observerTable(details) {
  if (details.error) return el("div", { class: "cn-told cn-warning" }, `Observers could not be read. ${details.error}`);
  if (details.read_at === null) return el("div", { class: "cn-soft" }, "Reading the observers …");
  if (!details.spaces.length) {
    return el("div", { class: "cn-soft" }, "No observer is known: the kernel makes one when the webhook is active.");
  }
  const titles = ["Namespace", "State", "Last", "Tail", "Lag", "Handled"];
  return el(
    "table",
    { class: "cn-table" },
    el("caption", { class: "cn-unseen" }, "Progress in each namespace"),
    el("tr", {}, ...titles.map((title, at) => el("th", { scope: "col", class: at > 1 ? "cn-right" : "" }, title))),
    ...details.spaces.map((/** @type {any} */ space) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, space.namespace),
        el("td", {}, statePill(space.state, space.failing)),
        ...[space.last, space.tail, space.lag, space.handled].map((value) =>
          el(
            "td",
            { class: "cn-right", title: value === space.lag && value === null ? WAITING : null },
            grouped(value),
          ),
        ),
      ),
    ),
  );
}

/** @param {any[]} failed */
function lastFailure(failed) {
  const last = failed.reduce((a, b) => ((b.at ?? 0) > (a.at ?? 0) ? b : a), failed[0]);
  return last ? `Last at ${clockTime(last.at)}: ${last.message.split(" / ").pop() || "no message"}` : "";
}
