// A question before an action that stops or repeats deliveries: two buttons, the safe one in focus, Escape for no.
import { button, el } from "./common.js";

export function makeQuestion() {
  const root = el("div", {});
  const close = () => root.replaceChildren();
  return {
    root,
    close,
    /**
     * @param {{ title: string, text: string | string[], yes: string, no?: string, back: HTMLElement, done: () => void,
     *   left?: () => void, more?: HTMLElement[] }} what `back` gets the focus afterwards; `left` is called for no; `more`
     *   stands below the text
     */
    ask({ title, text, yes, no: safe = "Keep it", back, done, left, more = [] }) {
      const no = () => (close(), back.focus(), left?.());
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
          el(
            "div",
            { class: "cn-told-text" },
            el("b", {}, title),
            ...[text].flat().map((line) => el("div", {}, line)),
            ...more,
          ),
          button(yes, () => (close(), back.focus(), done()), { class: "cn-danger" }),
          keep,
        ),
      );
      keep.focus();
    },
  };
}
