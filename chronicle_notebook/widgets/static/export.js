// Exported definitions: the text, to copy or to save as a file.
import { button, copyFrom, el } from "./common.js";

const NAME = "webhooks.yaml";

/** @param {() => void} closed */
export function exportBox(closed) {
  const root = el("div", { class: "cn-export", hidden: true, role: "group", "aria-label": "Exported definitions" });

  /** @param {string} text */
  function save(text) {
    const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "application/yaml" })), download: NAME });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  return {
    root,
    /** @param {string | null} text */
    show(text) {
      root.hidden = text === null;
      if (text === null) return root.replaceChildren();
      const copy = button("Copy", () => void copyFrom(copy, text));
      root.replaceChildren(
        el(
          "div",
          { class: "cn-actions" },
          el("b", {}, NAME),
          el("span", { class: "cn-soft" }, "References instead of secrets"),
          el("span", { class: "cn-space" }),
          button("Save as a file", () => save(text), { class: "cn-primary" }),
          copy,
          button("✕", closed, { class: "cn-ghost", "aria-label": "Close the export" }),
        ),
        el("pre", { tabindex: "0", "aria-label": NAME }, text),
      );
      return undefined;
    },
  };
}
