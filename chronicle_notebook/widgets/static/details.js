// The pane beside the explorer's table: one webhook, what fails and why, its observers in each namespace, its actions.
import { button, clockTime, counted, el, freshId, grouped, pill } from "./common.js";
import { failureParts, nextStep } from "./failures.js";
import { makeMenu } from "./menu.js";
import { makeQuestion } from "./question.js";

/** @import { Child } from "./common.js" */

/** The look of each state. Its word is always beside it. */
const TONES = /** @type {Record<string, string>} */ ({
  "caught up": "good",
  delivering: "good",
  stalled: "warning",
  blocked: "warning",
  replaying: "warning",
  suspended: "warning",
  disconnected: "warning",
  failing: "error",
  "given up": "error",
  quarantined: "error",
});

/** Why there is no number if a partition fails. */
export const WAITING = "Events wait behind the failed ones. A kernel does not say how many.";

/**
 * @param {string} state
 * @param {number} failing
 */
export function statePill(state, failing) {
  const many = failing > 0 && (state === "failing" || state === "given up");
  return pill(TONES[state] ?? "plain", many ? `${grouped(failing)} ${state}` : state);
}

/**
 * @param {{ act: (kind: string, id: string) => void }} options
 */
export function makeDetails({ act }) {
  const titleId = freshId();
  const title = el("h3", { id: titleId, tabindex: "-1" });
  const url = el("div", { class: "cn-mono cn-soft cn-url" });
  const facts = el("div", { class: "cn-facts" });
  const question = makeQuestion();
  let current = "";
  let target = "";
  let painted = "";
  let open = false;
  let awaited = "";
  let asksReplay = false;
  const copy = (/** @type {string} */ text) => void navigator.clipboard?.writeText(text).catch(() => {});
  const menu = makeMenu("More actions", [
    ["Duplicate", () => act("duplicate", current)],
    ["Pause", () => ask("Pause", "The kernel stops sending to it. Resume continues after the last delivered event.")],
    ["Replay…", () => act("replay", current)],
    ["Copy the id", () => copy(current)],
    ["Copy the URL", () => copy(target)],
    [
      "Remove",
      () => ask("Remove", "The kernel stops sending to it. You can undo this from here afterwards."),
      { class: "cn-danger" },
    ],
  ]);
  const [duplicate, pause, replay, , , remove] = menu.items;
  // Not among the facts, which are painted again with every attempt: it would lose the focus, and clicks.
  const retry = button("", () => act("retry", current), {
    "aria-describedby": titleId,
    class: "cn-primary",
    hidden: true,
  });
  const edit = button("Edit", () => act("edit", current));
  const test = button("Test", () => act("test", current), { title: "Send a test request to the target" });
  const resume = button("Resume", () => act("resume", current), { class: "cn-primary", hidden: true });
  const actions = el(
    "div",
    { class: "cn-actions", role: "toolbar", "aria-label": "What to do with this webhook" },
    retry,
    resume,
    edit,
    test,
    menu.root,
  );
  const hook = el("div", { hidden: true }, el("div", { class: "cn-title" }, title, actions), url, question.root, facts);
  const hint = el("div", { class: "cn-soft cn-hint-pane" });
  const overview = el("div", { hidden: true });
  const root = el("section", { class: "cn-details", "aria-labelledby": titleId }, overview, hint, hook);

  /** Show the pane's three contents in turn: one webhook, all failures by cause, or a hint. */
  function turn() {
    const all = hook.hidden && overview.childElementCount > 0;
    overview.hidden = !all;
    hint.hidden = all || !hook.hidden;
    if (hook.hidden) root.setAttribute("aria-label", all ? "Failures by cause" : "Details");
    else root.removeAttribute("aria-label");
  }

  /**
   * @param {string} what
   * @param {string} text
   */
  function ask(what, text) {
    const id = current;
    asksReplay = false;
    question.ask({
      title: `${what} ${id}?`,
      text,
      yes: what,
      back: menu.opener,
      done: () => act(what.toLowerCase(), id),
    });
  }

  /** @param {string} obstacle why it cannot be replayed */
  function offerReplay(obstacle) {
    const why = obstacle && el("div", { class: "cn-soft cn-obstacle" }, obstacle);
    replay.replaceChildren("Replay…", ...(why ? [why] : []));
    replay.setAttribute("aria-disabled", String(Boolean(obstacle)));
  }

  return {
    root,
    /**
     * Ask whether to replay, once Python knows what a replay sends.
     * @param {{ id: string, title: string, lines: string[] } | null} plan
     */
    replay(plan) {
      if (asksReplay) question.close();
      asksReplay = Boolean(plan) && plan?.id === current;
      if (!plan || !asksReplay) return;
      question.ask({
        title: plan.title,
        text: plan.lines,
        yes: "Replay",
        no: "Do not replay",
        back: menu.opener,
        done: () => act("replay_now", plan.id),
        left: () => act("replay_no", plan.id),
      });
    },
    /**
     * Go to the details of a webhook, at once or when Python has sent them.
     * @param {string} id
     */
    focus(id) {
      if (current === id) title.focus();
      else awaited = id;
    },
    /** @param {HTMLElement[]} parts what to show while not just one webhook is selected */
    overview(parts) {
      const same = parts.map((part) => part.outerHTML).join("") === overview.innerHTML;
      if (!same && !overview.contains(document.activeElement)) overview.replaceChildren(...parts);
      turn();
    },
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
      turn();
      hint.textContent =
        count > 1
          ? `${grouped(count)} webhooks are selected. In Python: explorer.selected.`
          : "Select a webhook to see its deliveries.";
      if (!details) {
        current = "";
        title.textContent = "";
        question.close();
        return;
      }
      if (details.id !== current) {
        question.close();
        menu.close();
      }
      current = details.id;
      target = details.url;
      title.textContent = details.id;
      url.textContent = details.url || "not registered";
      if (awaited === details.id) title.focus();
      awaited = "";
      const release = Boolean(details.trouble?.release);
      // A retry of what is paused would deliver its events.
      const stuck = details.state !== "paused" && (details.failing > 0 || release);
      if (!stuck && document.activeElement === retry) title.focus();
      retry.hidden = !stuck;
      const words = release ? "Release and retry" : "Retry";
      retry.textContent = details.failing ? `${words} ${counted(details.failing, "partition")}` : "Release";
      resume.hidden = details.state !== "paused";
      edit.hidden = test.hidden = duplicate.hidden = pause.hidden = replay.hidden = remove.hidden = !details.registered;
      offerReplay(details.no_replay);
      facts.replaceChildren(
        ...paneParts(
          details,
          open,
          (now) => (open = now),
          () => act("test", current),
        ),
      );
    },
  };
}

/**
 * @param {any} details
 * @param {boolean} open whether each failure is shown
 * @param {(open: boolean) => void} toggled
 * @param {() => void} test
 */
function paneParts(details, open, toggled, test) {
  const parts = failureParts(details, open, toggled);
  if (details.tested) {
    const again = button("Test again", test, { class: "cn-ghost" });
    const when = el("span", { class: "cn-soft" }, ` tested ${clockTime(details.tested.at)} `);
    parts.push(fact("Target now", pill(details.tested.tone, details.tested.text), when, again));
  }
  if (details.command) parts.push(fact("Next step, as a command", nextStep(details.command)));
  if (details.registered) parts.push(observerTable(details));
  const chips = details.types.map((/** @type {string} */ type) => el("span", { class: "cn-chip" }, type));
  parts.push(
    fact("Events", el("div", { class: "cn-chips" }, ...(chips.length ? chips : ["none: it receives nothing"]))),
  );
  if (!details.registered) return parts;
  if (details.owner.length) parts.push(fact(details.owner[0], details.owner[1]));
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

/** @param {any} details */
function observerTable(details) {
  if (details.error) return el("div", { class: "cn-told cn-warning" }, `Observers could not be read. ${details.error}`);
  if (details.read_at === null) return el("div", { class: "cn-soft" }, "Reading the observers …");
  if (!details.spaces.length) {
    return el("div", { class: "cn-soft" }, "No observer is known: the kernel makes one when the webhook is active.");
  }
  const titles = ["Namespace", "State", "Lag", "Handled"];
  return el(
    "table",
    { class: "cn-table" },
    el("caption", { class: "cn-unseen" }, "Progress in each namespace"),
    el("tr", {}, ...titles.map((title, at) => el("th", { scope: "col", class: at > 1 ? "cn-right" : "" }, title))),
    ...details.spaces.map((/** @type {any} */ space) =>
      el(
        "tr",
        { title: `last handled number ${grouped(space.last)}, last number of the sequence ${grouped(space.tail)}` },
        el("th", { scope: "row" }, space.namespace),
        el("td", {}, statePill(space.state, space.failing)),
        ...[space.lag, space.handled].map((value) =>
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
