// The bar of a protected event store: its banner, and the input for its name, which allows this kernel to write.
import { el, freshId } from "./common.js";

/**
 * @param {(name: string) => void} unlock
 */
export function lockBar(unlock) {
  const banner = el("b", {});
  const state = el("span", { role: "status" });
  const give = (/** @type {Event} */ event) => {
    event.preventDefault();
    unlock(input.value.trim());
    input.value = "";
  };
  const input = el("input", {
    type: "text",
    id: freshId(),
    autocomplete: "off",
    spellcheck: "false",
    // The notebook handles Enter before a form does.
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && give(event),
  });
  const label = el("label", { htmlFor: input.id });
  const ask = el(
    "div",
    { class: "cn-lock-ask" },
    label,
    input,
    el("button", { type: "button", onclick: give }, "Unlock"),
  );
  const root = el("div", { class: "cn-bar cn-lock", hidden: true }, banner, state, ask);
  return {
    root,
    /** @param {{ banner: string, store: string, open: boolean } | null} lock */
    show(lock) {
      root.hidden = !lock;
      if (!lock) return;
      banner.textContent = lock.banner;
      label.textContent = `Type ${lock.store} to write:`;
      const words = lock.open ? `Writing to ${lock.store} is unlocked until this kernel ends.` : "";
      // Screen readers read only the changes.
      if (state.textContent !== words) state.textContent = words;
      ask.hidden = lock.open;
    },
  };
}
