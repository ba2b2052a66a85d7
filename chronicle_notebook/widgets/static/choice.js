// The choice of event types: search, choose several, remove them; with the mouse or only with the keyboard.
import { button, el, freshId } from "./common.js";
import { labelled } from "./field.js";

/**
 * A searchable choice of several event types.
 * @param {(chosen: string[]) => void} changed
 * @param {(text: string) => void} leftOver gets the text in the box that is not a choice yet
 */
export function makeTypes(changed, leftOver) {
  const listId = freshId();
  /** @type {string[]} */
  let chosen = [];
  /** @type {string[]} */
  let known = [];
  /** @type {string[]} */
  let offered = [];
  let at = -1;
  let left = "";
  const input = el("input", {
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "type to add",
    oninput: () => {
      if (left) leave(input.value);
      open();
    },
    onfocus: () => open(),
    onblur: () => {
      close();
      settle();
    },
    onkeydown: keys,
  });
  const list = el("div", {
    class: "cn-options",
    role: "listbox",
    id: listId,
    "aria-multiselectable": "true",
    "aria-label": "Event types",
    hidden: true,
  });
  const chips = el("span", { class: "cn-chips" });
  const box = el("div", { class: "cn-chosen" }, chips, input);
  const field = labelled("Event types", input, "event_types", el("div", { class: "cn-combo" }, box, list));

  function open() {
    if (input.disabled) return;
    const words = input.value.toLowerCase();
    offered = known.filter((type) => type.toLowerCase().includes(words));
    at = words && offered.length ? 0 : Math.min(at, offered.length - 1);
    paintList();
  }

  function paintList() {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    list.replaceChildren(
      ...offered.map((type, index) =>
        el(
          "div",
          {
            role: "option",
            id: `${listId}-${index}`,
            class: index === at ? "cn-active" : "",
            "aria-selected": String(chosen.includes(type)),
            onmousedown: (/** @type {Event} */ event) => (event.preventDefault(), toggle(type)),
          },
          el("span", { "aria-hidden": "true" }, chosen.includes(type) ? "☑ " : "☐ "),
          type,
        ),
      ),
    );
    if (!offered.length) {
      list.append(
        el(
          "div",
          { role: "option", "aria-selected": "false", "aria-disabled": "true", class: "cn-soft" },
          known.length ? "No event type matches." : "No event type is known here.",
        ),
      );
    }
    if (at >= 0) {
      input.setAttribute("aria-activedescendant", `${listId}-${at}`);
      /** @type {HTMLElement} */ (list.children[at])?.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  /** A completely typed event type counts as chosen. Any other text must not get lost silently. */
  function settle() {
    const typed = input.value.trim();
    const alike = known.filter((type) => type.toLowerCase() === typed.toLowerCase());
    const meant = known.includes(typed) ? typed : alike.length === 1 ? alike[0] : "";
    if (!meant) leave(typed);
    else if (chosen.includes(meant)) empty();
    else choose([...chosen, meant]);
  }

  /** @param {string} text */
  function leave(text) {
    if (text === left) return;
    left = text;
    leftOver(text);
  }

  function empty() {
    input.value = "";
    leave("");
  }

  /** @param {string[]} next */
  function choose(next) {
    chosen = next;
    empty();
    paintChips();
    changed(chosen);
  }

  /** @param {string} type */
  function toggle(type) {
    choose(chosen.includes(type) ? chosen.filter((each) => each !== type) : [...chosen, type]);
    open();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const visible = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!visible) open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      at = offered.length ? (at + step + offered.length) % offered.length : -1;
      paintList();
    } else if (event.key === "Enter") {
      if (visible && at >= 0) toggle(offered[at]);
      else settle();
    } else if (event.key === "Escape" && visible) close();
    else if (event.key === "Backspace" && !input.value && chosen.length) toggle(chosen[chosen.length - 1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function paintChips() {
    chips.replaceChildren(
      ...chosen.map((type) =>
        el(
          "span",
          { class: "cn-chip" },
          type,
          button("✕", () => (toggle(type), input.focus()), { class: "cn-ghost", "aria-label": `Remove ${type}` }),
        ),
      ),
    );
  }

  return {
    ...field,
    /**
     * @param {string[]} nextChosen
     * @param {string[]} nextKnown
     * @param {boolean} all
     * @param {string} text the text that is not a choice yet
     */
    show(nextChosen, nextKnown, all, text) {
      const same = chosen.join("\n") === nextChosen.join("\n") && known.length === nextKnown.length;
      chosen = nextChosen;
      known = nextKnown;
      input.disabled = all;
      if (all || document.activeElement !== input) {
        left = all ? "" : text;
        input.value = left;
      }
      input.placeholder = all ? "all that are known" : "type to add";
      chips.hidden = all;
      field.caption.textContent = `Event types (${known.length} known)`;
      if (!same) {
        paintChips();
        if (!list.hidden) open();
      }
    },
  };
}
