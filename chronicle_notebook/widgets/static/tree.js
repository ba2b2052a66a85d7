// JSON as a tree that opens and closes: plain <details>, so keyboard and screen readers work.
import { el } from "./common.js";

const OPEN_DEPTH = 3;

/**
 * @param {any} value
 * @param {string} [name]
 * @param {number} [depth]
 * @returns {HTMLElement}
 */
export function jsonTree(value, name = "", depth = 0) {
  const label = name && el("span", { class: "cn-name" }, name);
  if (value === null || typeof value !== "object") {
    const kind = typeof value === "string" ? "cn-string" : "cn-keyword";
    return el("div", { class: "cn-leaf" }, label, el("span", { class: kind }, JSON.stringify(value)));
  }
  const entries = Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  const box = el(
    "details",
    { class: "cn-branch" },
    el("summary", {}, label, " ", summary(value) ?? el("span", { class: "cn-soft" }, size)),
  );
  // A branch is filled when it is first opened: bodies can be long.
  let filled = false;
  const fill = () => {
    if (filled) return;
    filled = true;
    box.append(...entries.map(([key, each]) => jsonTree(each, key, depth + 1)));
  };
  box.addEventListener("toggle", fill);
  const open = name === "content" || (depth < OPEN_DEPTH && name !== "context" && !(depth === 2 && Number(name) > 0));
  if (open) {
    fill();
    box.open = true;
  }
  return box;
}

/** @param {any} value an event, named by its type and number */
function summary(value) {
  const type = value?.context?.eventType?.id;
  if (typeof type !== "string") return null;
  return el("span", {}, el("b", {}, type), ` #${value.context.sequenceNumber}`);
}
