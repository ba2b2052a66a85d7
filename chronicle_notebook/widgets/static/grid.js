// A table of any length. Only its visible rows exist. It has keys by id, sorting, selection and keyboard control.
import { el, freshId } from "./common.js";
import { makeHead } from "./grid_head.js";

/**
 * @typedef {{ id: string } & Record<string, any>} Row
 * @typedef {{ name: string, title: string, hint?: string, width: string, above?: number, right?: boolean, sortable?: boolean,
 *   paint: (cell: HTMLElement, row: Row) => void }} GridColumn
 *   `above` is the least width in pixels at which the column is shown.
 * @typedef {{ label: string, columns: GridColumn[], several: boolean, sort?: { name: string, down: boolean },
 *   sorted?: (sort: { name: string, down: boolean }) => void, selected: (ids: string[]) => void,
 *   opened?: (id: string) => void, keys?: Record<string, () => void> }} GridOptions
 *   With `several`, rows have check boxes. `keys` are further keys, and what they do.
 */

export const ROW_HEIGHT = 29;
const SPARE_ROWS = 6;

/** @param {GridOptions} options */
export function makeGrid(options) {
  const prefix = freshId();
  const rowsBox = el("div", { class: "cn-grid-rows", role: "rowgroup" });
  const empty = el("div", { class: "cn-grid-empty", hidden: true });
  const root = el("div", { class: "cn-grid" });
  const head = makeHead({
    root,
    sort: options.sort ?? { name: "", down: false },
    sorted: options.sorted,
    all: options.several ? (chosen) => chooseAll(chosen) : undefined,
  });
  const top = el("div", { class: "cn-grid-top", role: "rowgroup" }, head.root);
  const table = el(
    "div",
    { class: "cn-grid-table", role: "grid", "aria-label": options.label, tabindex: "0", "aria-rowcount": "1" },
    top,
    rowsBox,
  );
  if (options.several) table.setAttribute("aria-multiselectable", "true");
  root.append(table, empty);

  /** @type {Row[]} */
  let rows = [];
  /** @type {Map<string, number>} */
  let positions = new Map();
  /** @type {Set<string>} */
  let selected = new Set();
  let active = -1;
  let anchor = -1;
  let offered = options.columns;
  let columns = offered;
  /** @type {HTMLElement[]} */
  let pool = [];
  let frame = 0;

  /** The height of the rows that are seen: the header stays where it is. */
  function room() {
    return Math.max(0, table.clientHeight - top.offsetHeight);
  }

  /** Show the columns for which there is room. */
  function fitColumns() {
    const width = root.clientWidth;
    const fitting = offered.filter((column) => !width || width >= (column.above ?? 0));
    if (fitting.length === columns.length && fitting.every((column, at) => column === columns[at])) return;
    columns = fitting;
    paintHead();
  }

  function paintHead() {
    table.setAttribute("aria-colcount", String(columns.length + (options.several ? 1 : 0)));
    head.setColumns(columns);
    pool = [];
    rowsBox.replaceChildren();
  }

  function newRow() {
    const row = el("div", { role: "row", class: "cn-grid-row" });
    if (options.several) row.append(el("div", { role: "gridcell", class: "cn-tick" }, el("i", {})));
    for (const column of columns) row.append(el("div", { role: "gridcell", class: column.right ? "cn-right" : "" }));
    return row;
  }

  function paint() {
    frame = 0;
    const first = Math.max(0, Math.floor(table.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const shown = Math.ceil((room() || 400) / ROW_HEIGHT) + 2 * SPARE_ROWS;
    const last = Math.min(rows.length, first + shown);
    rowsBox.style.height = `${rows.length * ROW_HEIGHT}px`;
    while (pool.length < last - first) pool.push(newRow());
    const used = pool.slice(0, Math.max(0, last - first));
    used.forEach((element, offset) => paintRow(element, first + offset));
    if (rowsBox.childElementCount !== used.length) rowsBox.replaceChildren(...used);
    table.setAttribute("aria-rowcount", String(rows.length + 1));
    const here = active >= first && active < last;
    if (here) table.setAttribute("aria-activedescendant", `${prefix}-${active}`);
    else table.removeAttribute("aria-activedescendant");
  }

  /**
   * @param {HTMLElement} element
   * @param {number} index
   */
  function paintRow(element, index) {
    const row = rows[index];
    const chosen = selected.has(row.id);
    element.id = `${prefix}-${index}`;
    element.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
    element.dataset.index = String(index);
    element.dataset.id = row.id;
    element.setAttribute("aria-rowindex", String(index + 2));
    element.setAttribute("aria-selected", String(chosen));
    element.classList.toggle("cn-active", index === active);
    const cells = /** @type {HTMLElement[]} */ ([...element.children]).slice(options.several ? 1 : 0);
    columns.forEach((column, at) => column.paint(cells[at], row));
  }

  function paintSoon() {
    if (!frame) frame = requestAnimationFrame(paint);
  }

  /** @param {number} index */
  function show(index) {
    const top = index * ROW_HEIGHT;
    if (top < table.scrollTop) table.scrollTop = top;
    else if (top + ROW_HEIGHT > table.scrollTop + room()) table.scrollTop = top + ROW_HEIGHT - room();
  }

  /**
   * @param {number} index
   * @param {{ add?: boolean, range?: boolean }} how
   */
  function choose(index, { add = false, range = false } = {}) {
    if (index < 0 || index >= rows.length) return;
    active = index;
    if (range && options.several && anchor >= 0) {
      const [from, to] = anchor < index ? [anchor, index] : [index, anchor];
      selected = new Set(rows.slice(from, to + 1).map((row) => row.id));
    } else if (add && options.several) {
      if (!selected.delete(rows[index].id)) selected.add(rows[index].id);
      anchor = index;
    } else {
      selected = new Set([rows[index].id]);
      anchor = index;
    }
    show(index);
    chosen();
  }

  /** @param {boolean} all */
  function chooseAll(all) {
    selected = new Set(all ? rows.map((row) => row.id) : []);
    chosen();
  }

  function chosen() {
    countChosen();
    paint();
    options.selected([...selected]);
  }

  function countChosen() {
    let count = 0;
    for (const id of selected) if (positions.has(id)) count += 1;
    head.setChosen(count, rows.length);
  }

  table.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.target !== table || event.altKey) return;
    const page = Math.max(1, Math.floor(room() / ROW_HEIGHT) - 1);
    const steps = /** @type {Record<string, number>} */ ({
      ArrowDown: active + 1,
      ArrowUp: active < 0 ? rows.length - 1 : active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.length - 1,
    });
    if (event.key in steps) {
      choose(Math.min(rows.length - 1, Math.max(0, steps[event.key])), { range: event.shiftKey });
    } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      if (!options.several) return;
      chooseAll(true);
    } else if (event.ctrlKey || event.metaKey) return;
    else if (options.keys && event.key in options.keys) options.keys[event.key]();
    else if (event.key === " ") choose(active, { add: true });
    else if (event.key === "Enter" && active >= 0) options.opened?.(rows[active].id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  rowsBox.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const row = target.closest("[data-index]");
    if (!(row instanceof HTMLElement)) return;
    table.focus({ preventScroll: true });
    const add = event.ctrlKey || event.metaKey || Boolean(target.closest(".cn-tick"));
    choose(Number(row.dataset.index), { add, range: event.shiftKey });
  });
  table.addEventListener("scroll", paintSoon, { passive: true });

  const watcher = new ResizeObserver(() => {
    fitColumns();
    paintSoon();
  });
  watcher.observe(root);
  paintHead();

  return {
    root,
    table,
    /**
     * Show these rows, in this order.
     * @param {Row[]} next
     * @param {string} whenEmpty the text if there are no rows
     */
    setRows(next, whenEmpty) {
      const kept = active >= 0 ? rows[active]?.id : undefined;
      rows = next;
      positions = new Map(rows.map((row, index) => [row.id, index]));
      active = kept === undefined ? -1 : (positions.get(kept) ?? -1);
      anchor = active;
      empty.hidden = rows.length > 0;
      empty.textContent = whenEmpty;
      countChosen();
      paint();
    },
    /** Paint again after rows have changed in place. */
    repaint: paintSoon,
    /** @param {Iterable<string>} ids */
    setSelected(ids) {
      selected = new Set(ids);
      countChosen();
      if (selected.size === 1) active = positions.get([...selected][0]) ?? active;
      paintSoon();
    },
    /** @param {GridColumn[]} next */
    setColumns(next) {
      offered = next;
      fitColumns();
      paintSoon();
    },
    /** @param {{ name: string, down: boolean }} next */
    setSort: (next) => head.setSort(next),
    /** Unselect every row. */
    clear: () => chooseAll(false),
    /** Select every row. */
    selectAll: () => chooseAll(true),
    /** @param {string} id */
    reveal(id) {
      const index = positions.get(id);
      if (index !== undefined) show(index);
    },
    focus: () => table.focus(),
    destroy() {
      watcher.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
