// The definition as code, in three styles, each with a button that copies it.
import { button, copyFrom, el, freshId } from "./common.js";

const STYLES = /** @type {[string, string][]} */ ([
  ["python", "Python"],
  ["cell", "%%webhook"],
  ["yaml", "YAML"],
]);

export function makePreviews() {
  let shown = "python";
  /** @type {Record<string, string>} */
  let texts = {};
  const panelId = freshId();
  const code = el("pre", { tabindex: "0", role: "tabpanel", id: panelId, "aria-label": "The same as Python" });
  const tabs = STYLES.map(([name, label]) =>
    el(
      "button",
      { type: "button", role: "tab", "data-name": name, "aria-controls": panelId, onclick: () => choose(name) },
      label,
    ),
  );
  const copy = button("Copy", () => copyFrom(copy, texts[shown]), { class: "cn-ghost" });
  const list = el(
    "div",
    {
      role: "tablist",
      "aria-label": "The same as code",
      class: "cn-tablist",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (!step) return;
        const next = (STYLES.findIndex(([name]) => name === shown) + step + STYLES.length) % STYLES.length;
        choose(STYLES[next][0]);
        tabs[next].focus();
        event.preventDefault();
      },
    },
    ...tabs,
  );

  /** @param {string} name */
  function choose(name) {
    shown = name;
    paint();
  }

  function paint() {
    STYLES.forEach(([name, label], index) => {
      tabs[index].setAttribute("aria-selected", String(name === shown));
      tabs[index].tabIndex = name === shown ? 0 : -1;
      if (name === shown) code.setAttribute("aria-label", `The same as ${label}`);
    });
    code.replaceChildren(...coloured(texts[shown] ?? ""));
  }

  paint();
  return {
    root: el("div", {}, el("div", { class: "cn-tabs" }, list, el("span", { class: "cn-space" }), copy), code),
    /** @param {Record<string, string>} next */
    show(next) {
      texts = next;
      paint();
    },
  };
}

const TOKENS = /("(?:[^"\\]|\\.)*"|'[^']*')|(#[^\n]*)|\b(import|as|lambda|True|False|true|false)\b/g;

/** @param {string} text */
function coloured(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(TOKENS)) {
    parts.push(text.slice(last, match.index));
    parts.push(el("span", { class: match[1] ? "cn-string" : match[2] ? "cn-soft" : "cn-keyword" }, match[0]));
    last = match.index + match[0].length;
  }
  return [...parts, text.slice(last)];
}
