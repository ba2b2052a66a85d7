// The header of a table: a click anywhere in a cell sorts; the edge between two columns moves, by mouse or by keyboard.
import { button, el } from "./common.js";

/** @import { GridColumn } from "./grid.js" */
/** @typedef {{ name: string, down: boolean }} Sort */

const NARROWEST = 36;
const STEP = 16;
const RESIZE = "Shift+Left and Shift+Right change the width.";

/**
 * @param {{ root: HTMLElement, sort: Sort, sorted?: (sort: Sort) => void, all?: (chosen: boolean) => void }} options
 *   `all` selects or unselects every row; with it the first column has check boxes
 */
export function makeHead({ root, sort, sorted, all }) {
  const head = el("div", { class: "cn-grid-head", role: "row" });
  /** @type {GridColumn[]} */
  let columns = [];
  /** @type {Map<string, number[]>} the widths that somebody chose, by the columns that were shown */
  const chosen = new Map();
  const everything = el("input", {
    type: "checkbox",
    "aria-label": "Select all that are shown",
    title: "Select all that are shown (Ctrl+A)",
    onchange: () => all?.(everything.checked),
  });

  const key = () => columns.map((column) => column.name).join();
  const cells = () => /** @type {HTMLElement[]} */ ([...head.children].slice(all ? 1 : 0));

  function layOut() {
    const widths = chosen.get(key());
    const tracks = columns.map((column, at) => (widths ? `minmax(0, ${widths[at]}fr)` : column.width));
    root.style.setProperty("--cn-columns", (all ? ["28px", ...tracks] : tracks).join(" "));
  }

  /**
   * Move the edge behind a column: what the column gains, the next one loses.
   * @param {number} at
   * @param {number} by in pixels
   * @param {number[]} [from] the widths before
   */
  function move(at, by, from = cells().map((cell) => cell.getBoundingClientRect().width)) {
    const both = from[at] + from[at + 1];
    const width = Math.min(both - NARROWEST, Math.max(NARROWEST, from[at] + by));
    const next = [...from];
    next[at] = width;
    next[at + 1] = both - width;
    chosen.set(key(), next);
    layOut();
  }

  /** @param {number} at */
  function edge(at) {
    const line = el("span", {
      class: "cn-edge",
      "aria-hidden": "true",
      title: "Drag to change the width. Double-click to set all widths back.",
      ondblclick: () => (chosen.delete(key()), layOut()),
      onpointerdown: (/** @type {PointerEvent} */ event) => {
        event.preventDefault();
        const from = cells().map((cell) => cell.getBoundingClientRect().width);
        const start = event.clientX;
        line.setPointerCapture(event.pointerId);
        line.onpointermove = (/** @type {PointerEvent} */ now) => move(at, now.clientX - start, from);
        line.onpointerup = () => (line.onpointermove = null);
      },
    });
    return line;
  }

  /**
   * @param {GridColumn} column
   * @param {number} at
   */
  function cell(column, at) {
    const here = sort.name === column.name;
    const movable = at + 1 < columns.length;
    const made = el("div", { role: "columnheader", class: column.right ? "cn-right" : "", title: column.hint });
    if (column.sortable === false || !sorted) made.append(el("span", { class: "cn-sort" }, column.title));
    else {
      made.setAttribute("aria-sort", here ? (sort.down ? "descending" : "ascending") : "none");
      const arrow = here && el("span", { class: "cn-arrow", "aria-hidden": "true" }, sort.down ? "▾" : "▴");
      const sorter = button("", () => sortBy(column.name), {
        class: "cn-sort",
        "aria-description": movable ? RESIZE : null,
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          const by = event.key === "ArrowRight" ? STEP : event.key === "ArrowLeft" ? -STEP : 0;
          if (!event.shiftKey || !by || !movable) return;
          event.preventDefault();
          event.stopPropagation();
          move(at, by);
        },
      });
      sorter.append(el("span", { class: "cn-sort-title" }, column.title), ...(arrow ? [arrow] : []));
      made.append(sorter);
    }
    if (movable) made.append(edge(at));
    return made;
  }

  /** @param {string} name */
  function sortBy(name) {
    sort = { name, down: sort.name === name ? !sort.down : false };
    paint();
    sorted?.(sort);
    const again = cells()[columns.findIndex((column) => column.name === name)]?.querySelector("button");
    again?.focus();
  }

  function paint() {
    layOut();
    const boxes = all ? [el("div", { role: "columnheader", class: "cn-tick" }, everything)] : [];
    head.replaceChildren(...boxes, ...columns.map(cell));
  }

  return {
    root: head,
    /** @param {GridColumn[]} next */
    setColumns(next) {
      columns = next;
      paint();
    },
    /** @param {Sort} next */
    setSort(next) {
      if (next.name === sort.name && next.down === sort.down) return;
      sort = next;
      paint();
    },
    /**
     * @param {number} count how many rows are selected
     * @param {number} total
     */
    setChosen(count, total) {
      everything.checked = total > 0 && count === total;
      everything.indeterminate = count > 0 && count < total;
    },
  };
}
