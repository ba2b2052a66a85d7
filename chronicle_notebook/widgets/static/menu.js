// A button with three dots that opens a short list of actions: arrows move, Enter chooses, Escape closes.
import { button, el, freshId } from "./common.js";

/**
 * @param {string} label
 * @param {[string, () => void, Record<string, any>?][]} entries text, action, properties of the element
 */
export function makeMenu(label, entries) {
  const listId = freshId();
  const opener = button("⋯", () => (list.hidden ? open() : close()), {
    "aria-label": label,
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    "aria-controls": listId,
    title: label,
  });
  const items = entries.map(([text, act, more = {}]) => {
    const item = button(text, () => choose(item, act), { role: "menuitem", ...more, tabindex: "-1" });
    return item;
  });
  const list = el(
    "div",
    { class: "cn-menu", role: "menu", id: listId, "aria-label": label, hidden: true, onkeydown: keys },
    ...items,
  );
  const root = el("span", { class: "cn-menu-host", onfocusout: left }, opener, list);

  /**
   * @param {HTMLElement} item
   * @param {() => void} act
   */
  function choose(item, act) {
    if (item.getAttribute("aria-disabled") === "true") return; // it stays open, and says why
    close();
    opener.focus();
    act();
  }

  function open() {
    list.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    items.find((item) => !item.hidden)?.focus();
  }

  function close() {
    list.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  }

  /** @param {FocusEvent} event */
  function left(event) {
    if (!root.contains(/** @type {Node | null} */ (event.relatedTarget))) close();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const shown = items.filter((item) => !item.hidden);
    const at = shown.indexOf(/** @type {any} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (event.key === "Escape") (close(), opener.focus());
    else if (to !== undefined) shown[(to + shown.length) % shown.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return { root, opener, items, close };
}
