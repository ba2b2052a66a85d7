// The bar of actions on several webhooks: on the selected ones, or on all that a filter shows.
import { button, counted, el, grouped } from "./common.js";
import { makeQuestion } from "./question.js";

/**
 * @param {{ act: (action: string, ids: string[]) => void, selectAll: () => void, clear: () => void }} options
 */
export function makeBulk({ act, selectAll, clear }) {
  /** @type {any[]} */
  let targets = [];
  const ids = (/** @type {(row: any) => boolean} */ wanted) => targets.filter(wanted).map((row) => row.id);
  const count = el("b", { role: "status" });
  const retry = button("", () => act("retry", ids(isStuck)), { class: "cn-primary" });
  const test = button("Test targets", () => act("test", ids(isRegistered)));
  const pause = button("Pause", () => askToPause());
  const resume = button("Resume", () => act("resume", ids(isPaused)));
  const save = button(
    "Export",
    () =>
      act(
        "export",
        ids(() => true),
      ),
    {
      title: "The definitions as one YAML file, without secrets",
    },
  );
  const all = button("", selectAll, { class: "cn-ghost" });
  const none = button("Clear", clear, { class: "cn-ghost", "aria-label": "Clear the selection" });
  const question = makeQuestion();
  const bar = el(
    "div",
    { class: "cn-bar cn-bulk", role: "toolbar", "aria-label": "Actions on several webhooks" },
    count,
    retry,
    test,
    pause,
    resume,
    save,
    el("span", { class: "cn-space" }),
    all,
    none,
  );
  const root = el("div", { hidden: true }, bar, question.root);

  function askToPause() {
    const paused = ids(isRegistered);
    question.ask({
      title: `Pause ${counted(paused.length, "webhook")}?`,
      text: "The kernel stops sending to them. Resume continues after the last delivered event.",
      yes: "Pause",
      back: pause,
      done: () => act("pause", paused),
    });
  }

  return {
    root,
    /**
     * @param {any[]} selected the selected rows that are shown
     * @param {any[]} shown
     * @param {boolean} narrowed whether a filter is set
     */
    show(selected, shown, narrowed) {
      targets = selected.length ? selected : shown;
      const before = root.hidden;
      root.hidden = !(selected.length > 1 || (narrowed && shown.length > 0));
      if (root.hidden) {
        if (!before) question.close();
        return;
      }
      count.textContent = selected.length
        ? `${grouped(selected.length)} selected`
        : `All ${grouped(shown.length)} shown`;
      const partitions = targets.filter(isStuck).reduce((sum, row) => sum + row.failing, 0);
      retry.hidden = !targets.some(isStuck);
      const release = targets.some((row) => row.release) ? "Release and retry" : "Retry";
      retry.textContent = partitions ? `${release} ${counted(partitions, "partition")}` : "Release";
      test.hidden = pause.hidden = !targets.some(isRegistered);
      resume.hidden = !targets.some(isPaused);
      all.hidden = selected.length === 0 || selected.length === shown.length;
      all.textContent = `Select all ${grouped(shown.length)}`;
      none.hidden = selected.length === 0;
    },
  };
}

const isPaused = (/** @type {any} */ row) => row.state === "paused";
const isRegistered = (/** @type {any} */ row) => row.registered;
// A retry of what is paused would deliver its events.
const isStuck = (/** @type {any} */ row) => !isPaused(row) && (row.failing > 0 || row.release);
