// The columns of the explorer's table: what each shows, and in which order it sorts.
import { ago, clockMinute, el, grouped, until } from "./common.js";
import { statePill } from "./details.js";

/** @import { GridColumn } from "./grid.js" */

const TAIL = 14;

/**
 * @param {HTMLElement} cell
 * @param {string} text
 * @param {string} [title]
 */
function setText(cell, text, title = text) {
  if (cell.textContent !== text) cell.textContent = text;
  if (cell.title !== title) cell.title = title;
}

/**
 * Paint a cell only if what it shows has changed.
 * @param {HTMLElement} cell
 * @param {string} key
 * @param {string} title
 * @param {() => any[]} parts
 */
function setParts(cell, key, title, parts) {
  if (cell.title !== title) cell.title = title;
  if (cell.dataset.key === key) return;
  cell.dataset.key = key;
  cell.replaceChildren(...parts());
}

/**
 * A URL cut in the middle: its end tells one target of a host from another.
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintUrl(cell, row) {
  setParts(cell, row.url, row.url, () => {
    cell.setAttribute("aria-label", row.target); // its two halves would be read as two words
    const at = Math.max(row.target.indexOf("/"), row.target.length - TAIL);
    const [start, end] = row.target.includes("/") ? [row.target.slice(0, at), row.target.slice(at)] : [row.target, ""];
    return [el("span", { class: "cn-cut" }, el("span", {}, start), el("span", {}, end))];
  });
}

/**
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintTypes(cell, row) {
  const [first, ...rest] = row.types;
  setParts(cell, row.types.join(), row.types.join(", ") || "none", () => {
    const more = rest.length > 0 && el("span", { class: "cn-soft" }, `+${rest.length}`);
    return [el("span", { class: "cn-first" }, el("span", {}, first ?? "none"), more)];
  });
}

/**
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintState(cell, row) {
  const title = row.cause ? `${row.state}: ${row.cause}` : row.state;
  setParts(cell, `${row.state}/${row.failing}`, title, () => [statePill(row.state, row.failing)]);
}

/**
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintSince(cell, row) {
  const age = ago(row.since);
  const title = row.since ? `since ${new Date(row.since * 1000).toLocaleString("en-GB")}` : "";
  setParts(cell, `${row.since}/${age}`, title, () =>
    row.since ? [clockMinute(row.since), " ", el("span", { class: "cn-soft" }, age)] : [],
  );
}

/**
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintNext(cell, row) {
  const soon = row.next ? until(row.next) : "";
  const tried = row.attempts ? `${row.attempts} attempts made` : "";
  const title = row.next ? `${tried}; the next about ${clockMinute(row.next)}, estimated` : tried;
  const done = row.next && !row.lost ? row.attempts.replace(" of ", "/") : "";
  setParts(cell, `${row.lost}/${done}/${soon}`, title, () => [
    row.lost ? el("b", { class: "cn-lost" }, row.lost) : "",
    row.lost && soon ? " · " : "",
    soon,
    done && el("span", { class: "cn-soft" }, ` · ${done}`),
  ]);
}

/**
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintWaiting(cell, row) {
  const text = typeof row.waiting === "string" ? row.waiting : grouped(row.waiting);
  setText(cell, text, typeof row.waiting === "string" ? `${text} events; not all are for this webhook` : text);
}

const ID = { name: "id", title: "Id", width: "minmax(7em, 1.3fr)" };
const WAITING_HINT = "Events of its types that were not handled yet";

/**
 * @param {() => string[]} kinds the kinds of authorization
 * @returns {{ calm: GridColumn[], failing: GridColumn[] }} the columns while nothing fails, and while something does
 */
export function makeColumns(kinds) {
  const id = { ...ID, paint: (/** @type {HTMLElement} */ cell, /** @type {any} */ row) => setText(cell, row.id) };
  const state = { name: "state", title: "State", width: "9.4em", paint: paintState };
  const auth = {
    name: "auth",
    title: "Auth",
    width: "5em",
    paint: (/** @type {HTMLElement} */ cell, /** @type {any} */ row) => setText(cell, kinds()[row.auth] ?? "?"),
  };
  const url = { name: "url", title: "Target", width: "minmax(6em, 1.5fr)", paint: paintUrl };
  const types = { name: "types", title: "Events", width: "minmax(6em, 1.3fr)", paint: paintTypes };
  const waiting = {
    name: "waiting",
    title: "Waiting",
    hint: WAITING_HINT,
    width: "5.8em",
    right: true,
    paint: paintWaiting,
  };
  const failing = [
    id,
    state,
    {
      name: "cause",
      title: "Cause",
      width: "minmax(5.4em, 0.9fr)",
      above: 400,
      paint: (/** @type {HTMLElement} */ cell, /** @type {any} */ row) => setText(cell, row.cause ?? "", row.why ?? ""),
    },
    { name: "since", title: "Since", width: "8.2em", above: 500, paint: paintSince },
    { ...waiting, above: 580 },
    { name: "next", title: "Next attempt", width: "minmax(9.4em, 1fr)", above: 680, paint: paintNext },
    { ...url, above: 860 },
    { ...types, above: 1020 },
    { ...auth, above: 1100 },
  ];
  const calm = [
    id,
    { ...url, above: 420 },
    { ...types, above: 560 },
    { ...auth, above: 500 },
    state,
    { ...waiting, above: 330 },
  ];
  return { calm, failing };
}

/** What a column sorts by, upwards. The worst states and the oldest failures come first. */
export const SORT_KEYS = /** @type {Record<string, (row: any) => string | number>} */ ({
  id: (row) => row.lowered,
  url: (row) => row.target,
  types: (row) => row.types[0] ?? "",
  auth: (row) => row.auth,
  state: (row) => row.rank,
  cause: (row) => row.cause || "\uffff",
  since: (row) => row.since ?? Infinity,
  waiting: (row) => (typeof row.waiting === "number" ? -row.waiting : row.waiting ? -0.5 : 1),
  next: (row) => row.next ?? (row.lost ? -1 : Infinity),
});
