// A question before an action that stops deliveries: two buttons, the safe one in focus, Escape for no.
import { button, el } from "./common.js";

export function makeQuestion() {
  const root = el("div", {});
  const close = () => root.replaceChildren();
  return {
    root,
    close,
    /**
     * @param {{ title: string, text: string, yes: string, back: HTMLElement, done: () => void }} what `back` gets the
     *   focus afterwards
     */
    ask({ title, text, yes, back, done }) {
      const no = () => (close(), back.focus());
      const keep = button("Keep it", no);
      root.replaceChildren(
        el(
          "div",
          {
            class: "cn-told cn-warning",
            role: "alertdialog",
            "aria-label": title,
            onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && no(),
          },
          el("div", { class: "cn-told-text" }, el("b", {}, title), el("div", {}, text)),
          button(yes, () => (close(), back.focus(), done()), { class: "cn-danger" }),
          keep,
        ),
      );
      keep.focus();
    },
  };
}
