// A control with its label, and with the problems, cautions and notes about it.
import { el, freshId } from "./common.js";

/**
 * Runs the latest function of each name, a little later.
 * @param {number} delay
 */
export function slowly(delay) {
  /** @type {Map<string, { timer: number, run: () => void }>} */
  const waiting = new Map();
  const run = (/** @type {string} */ name) => {
    const each = waiting.get(name);
    waiting.delete(name);
    if (each) {
      clearTimeout(each.timer);
      each.run();
    }
  };
  /**
   * @param {string} name
   * @param {() => void} work
   */
  const later = (name, work) => {
    clearTimeout(waiting.get(name)?.timer);
    waiting.set(name, { timer: window.setTimeout(() => run(name), delay), run: work });
  };
  later.flush = () => [...waiting.keys()].forEach(run);
  return later;
}

/**
 * A control with its label, and room for its problems, which screen readers read with the control.
 * @param {string} label
 * @param {any} control
 * @param {string} name
 * @param {Node | null} [around] replaces the control
 */
export function labelled(label, control, name, around = null) {
  control.id ||= freshId();
  const remarkId = freshId();
  const hint = el("div", { class: "cn-remark", id: remarkId });
  control.setAttribute("aria-describedby", remarkId);
  const caption = el("label", { htmlFor: control.id }, label);
  const root = el("div", { class: "cn-field" }, caption, around ?? control, hint);
  return {
    root,
    caption,
    /** @param {any} state */
    remark(state) {
      const wrong = state.wrong[name];
      paintRemark(hint, control, wrong, state.doubtful[name], state.plain[name]);
    },
  };
}

/**
 * @param {HTMLElement} hint
 * @param {HTMLElement} control
 * @param {string | undefined} wrong
 * @param {string | undefined} doubtful
 * @param {string} [plain]
 */
export function paintRemark(hint, control, wrong, doubtful, plain) {
  control.setAttribute("aria-invalid", String(Boolean(wrong)));
  hint.className = `cn-remark ${wrong ? "cn-wrong" : doubtful ? "cn-doubtful" : ""}`;
  const text = wrong ?? doubtful ?? plain ?? "";
  const mark = wrong ? "✕ " : doubtful ? "! " : "";
  if (hint.textContent !== mark + text) hint.textContent = text && mark + text;
}
