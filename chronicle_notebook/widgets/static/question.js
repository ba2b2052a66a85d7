// A question before an action that stops deliveries: two buttons, the safe one in focus, Escape for no.
import { button, el } from "./common.js";

export function makeQuestion() {
  const root = el("div", {});
  const close = () => root.replaceChildren();
  return {
    root,
    close,
    /**
     * @param {{ title: string, text: string, yes: string, no?: string, back: HTMLElement, done: () => void,
     *   more?: HTMLElement[] }} what `back` gets the focus afterwards; `more` stands below the text
     */
    ask({ title, text, yes, no: safe = "Keep it", back, done, more = [] }) {
      const no = () => (close(), back.focus());
      const keep = button(safe, no);
      root.replaceChildren(
        el(
          "div",
          {
            class: "cn-told cn-warning",
            role: "alertdialog",
            "aria-label": title,
            onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && no(),
          },
          el("div", { class: "cn-told-text" }, el("b", {}, title), el("div", {}, text), ...more),
          button(yes, () => (close(), back.focus(), done()), { class: "cn-danger" }),
          keep,
        ),
      );
      keep.focus();
    },
  };
}
