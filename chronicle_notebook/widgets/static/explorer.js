// The explorer: a live table of webhooks with filters, actions on one or several, a pane of details, and the form, which
// replaces them.
import { button, clockTime, el, grouped, jobBar, listen, pill, toldBox, widgetRoot } from "./common.js";
import { makeBulk } from "./bulk.js";
import { SORT_KEYS, makeColumns } from "./columns.js";
import { makeDetails } from "./details.js";
import { exportBox } from "./export.js";
import { makeFilters } from "./filters.js";
import { renderForm } from "./form.js";
import { makeGrid } from "./grid.js";
import { lockBar } from "./lock.js";
import { overviewParts } from "./overview.js";

/** @import { WidgetModel } from "./common.js" */

const SYNC_MS = 150;
const TICK_MS = 1000;
const LINKS = /** @type {Record<string, [string, string]>} */ ({
  connecting: ["plain", "connecting"],
  live: ["good", "live"],
  reconnecting: ["warning", "reconnecting"],
  stopped: ["plain", "stopped"],
  failed: ["error", "failed"],
});

/** @param {{ model: WidgetModel, el: HTMLElement }} context */
function render({ model, el: host }) {
  const { root, leave } = widgetRoot(model, host, "Webhook explorer");
  /** @type {Map<string, any>} */
  const hooks = new Map();
  /** @type {string[]} */
  let states = [];
  /** @type {string[]} */
  let kinds = [];
  /** @type {{ name: string, down: boolean } | null} the order that somebody chose */
  let chosenSort = null;
  /** @type {any[] | null} all rows in order; null if they must be sorted again. A filter keeps the order. */
  let ordered = null;
  /** @type {any[]} */
  let shown = [];
  let failing = 0;
  let read = false;
  let broken = false;
  let readAt = 0;
  let spaces = 1;
  /** @type {any} */
  let head = null;
  /** @type {ReturnType<typeof renderForm> | null} */
  let form = null;
  /** @type {((message: any) => void) | null} */
  let toForm = null;

  const act = (/** @type {string} */ kind, id = "") => model.send({ kind, id });
  const link = el("span", { role: "status", class: "cn-state" }, pill("plain", "connecting"));
  const place = el("span", { class: "cn-place" });
  const newHook = button("New hook", () => act("new"), { class: "cn-primary" });
  const told = toldBox((kind) => act(kind));
  const lock = lockBar((name) => model.send({ kind: "unlock", name }));
  const job = jobBar(() => act("cancel"));
  const details = makeDetails({ act });
  const bulk = makeBulk({
    act: (action, ids) => model.send({ kind: "bulk", action, ids }),
    selectAll: () => grid.selectAll(),
    clear: () => grid.clear(),
  });
  const exported = exportBox(() => act("exported"));
  const foot = el("span", {});
  const columns = makeColumns(() => kinds);
  const grid = makeGrid({
    label: "Webhooks",
    several: true,
    sort: { name: "id", down: false },
    sorted: (next) => {
      chosenSort = next;
      ordered = null;
      arrange();
    },
    selected: (ids) => {
      model.set("selected_ids", ids);
      model.save_changes();
      offerBulk();
    },
    opened: (id) => details.focus(id),
    keys: { r: retrySelected },
    columns: columns.calm,
  });
  const filters = makeFilters({
    filter: model.get("filter"),
    changed: () => (arrange(), syncSoon()),
    down: () => grid.focus(),
  });
  const split = el("div", { class: "cn-split" }, grid.root, details.root);

  const main = el("div", { class: "cn-main" }, lock.root, filters.root, bulk.root, exported.root, split);
  const formSlot = el("div", { hidden: true });
  root.append(
    el(
      "div",
      { class: "cn-bar cn-head" },
      el("h2", {}, "Webhooks"),
      link,
      place,
      el("span", { class: "cn-space" }),
      newHook,
    ),
    job.root,
    told.root,
    main,
    formSlot,
    el(
      "div",
      { class: "cn-foot" },
      foot,
      el("span", { class: "cn-space" }),
      el("span", {}, "Selected webhooks in Python: ", el("code", {}, "explorer.selected")),
    ),
  );

  // Nothing of the notebook listens to a slash, and whoever types one into a field means it.
  root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const typing = /** @type {HTMLElement} */ (event.target).closest("input:not([type=checkbox]), textarea, select");
    if (event.key !== "/" || typing || main.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    filters.focus();
  });

  function selectedRows() {
    const chosen = new Set(model.get("selected_ids"));
    return chosen.size === 0 ? [] : shown.filter((row) => chosen.has(row.id));
  }

  function retrySelected() {
    const ids = selectedRows()
      .filter((row) => row.failing && row.state !== "paused")
      .map((row) => row.id);
    if (ids.length === 1) act("retry", ids[0]);
    else if (ids.length) model.send({ kind: "bulk", action: "retry", ids });
  }

  /** Offer what can be done with the selected rows, or with all that a filter shows, and say what they suffer from. */
  function offerBulk() {
    const selected = selectedRows();
    const several = selected.length > 1;
    bulk.show(selected, shown, filters.isNarrowed());
    if (several || failing) {
      details.overview(overviewParts(several ? selected : hooks.values(), chooseIds, several ? selected.length : 0));
    } else details.overview([]);
  }

  let syncTimer = 0;
  function syncSoon() {
    clearTimeout(syncTimer);
    syncTimer = window.setTimeout(() => {
      model.set("filter", filters.get());
      model.save_changes();
    }, SYNC_MS);
  }

  /** @param {{ name: string, down: boolean }} sort */
  function inOrder(sort) {
    const key = SORT_KEYS[sort.name] ?? SORT_KEYS.id;
    const order = sort.down ? -1 : 1;
    return [...hooks.values()].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return x < y ? -order : x > y ? order : a.id < b.id ? -1 : 1;
    });
  }

  /** The order that somebody chose, else the worst first while something fails. */
  function sortNow() {
    return chosenSort ?? { name: failing ? "state" : "id", down: false };
  }

  function arrange() {
    const sort = sortNow();
    ordered ??= inOrder(sort);
    shown = filters.matching(ordered, kinds);
    grid.setColumns(failing ? columns.failing : columns.calm);
    grid.setSort(sort);
    grid.setRows(shown, emptyText(filters.isNarrowed()));
    const all = `${grouped(shown.length)} of ${grouped(hooks.size)}`;
    filters.say(read ? `${all}${failing && sort.name === "state" && !sort.down ? ", worst first" : ""}` : "");
    const nothing = read && !hooks.size;
    details.root.hidden = nothing;
    split.classList.toggle("cn-alone", nothing);
    offerBulk();
  }

  /** Count the states, and look again at what the counts decide: the columns and the order. */
  function countStates() {
    /** @type {Record<string, number>} */
    const found = {};
    for (const row of hooks.values()) found[row.state] = (found[row.state] ?? 0) + 1;
    filters.countStates(found);
    failing = 0;
    for (const row of hooks.values()) if (row.since || row.failing) failing += 1;
    newHook.classList.toggle("cn-primary", !failing);
  }

  /** @param {string[]} ids */
  function chooseIds(ids) {
    model.set("selected_ids", ids);
    model.save_changes();
    grid.setSelected(ids);
    offerBulk();
    grid.focus();
  }

  /** @param {boolean} narrowed */
  function emptyText(narrowed) {
    if (!read) return broken ? "The webhooks could not be read. Run the cell again." : "Reading the webhooks …";
    if (hooks.size) return narrowed ? "No webhook matches this filter." : "";
    return "No webhook is registered here yet. Press New hook to make the first one.";
  }

  /** @param {any} columns */
  function put(columns) {
    columns.id.forEach((/** @type {string} */ id, /** @type {number} */ at) => {
      const types = columns.types[at].map((/** @type {number} */ position) => columns.vocabulary[position]);
      add(id, { url: columns.url[at], types, auth: columns.auth[at], active: columns.active[at], registered: true });
    });
  }

  /**
   * @param {string} id
   * @param {{ url: string, types: string[], auth: number, active: number, registered: boolean }} given
   */
  function add(id, { url, types, auth, active, registered }) {
    const before = hooks.get(id);
    const known = before && before.registered === registered && before.state !== "inactive" ? before : {};
    const row = {
      id,
      url,
      target: url ? url.replace(/^https?:\/\//, "") : "not registered",
      types,
      bare: types.map((type) => type.replace(/\+\d+$/, "")),
      auth,
      registered,
      text: [id, url, ...types].join("\n").toLowerCase(),
      lowered: id.toLowerCase(),
      state: active ? (known.state ?? "not known") : "inactive",
      waiting: known.waiting ?? null,
      failing: known.failing ?? 0,
    };
    keepTrouble(row, known);
    rank(row);
    hooks.set(id, row);
  }

  /**
   * @param {any} row
   * @param {any} from what a message says of its failures
   */
  function keepTrouble(row, from) {
    for (const name of TROUBLE) row[name] = from[name] ?? null;
  }

  /** @param {any} row */
  function rank(row) {
    row.rank = (row.order ?? 1e6) * 1e3 + states.indexOf(row.state);
  }

  function rowsChanged() {
    read = true;
    ordered = null;
    const types = new Set();
    for (const row of hooks.values()) for (const type of row.bare) types.add(type);
    filters.offer("event_type", [...types].sort());
    countStates();
    arrange();
    grid.setSelected(model.get("selected_ids"));
    paintFoot();
  }

  let kernel = "";
  function paintFoot() {
    const judged = [...hooks.values()].some((row) => row.lost && !row.release);
    const note = judged ? " · This kernel does not say what it has given up: that is judged by the attempts." : "";
    const text = `${readAt ? `Read ${clockTime(readAt)}` : "Not read yet"} · ${kernel}${note}`;
    if (foot.textContent !== text) foot.textContent = text;
  }

  let placed = "";
  function paintPlace() {
    const where = `${head.store} · ${spaces > 1 ? `${spaces} namespaces` : head.namespace}`;
    const server = `${head.sandbox ? "sandbox " : ""}${head.server}`;
    if (placed === where + server) return;
    placed = where + server;
    place.replaceChildren(pill("plain", where), pill("plain", server));
  }

  const takers = /** @type {Record<string, (message: any) => void>} */ ({
    head(message) {
      states = message.states;
      kinds = message.kinds;
      filters.group(message.groups);
      filters.offer("event_type", []);
      filters.offer("authorization", kinds);
      filters.offer("state", states);
      lock.show(message.lock);
      kernel = `kernel ${message.version || "of unknown version"} · ${message.generation}`;
      head = message;
      paintPlace();
      paintFoot();
    },
    rows(message) {
      hooks.clear();
      readAt = message.read_at;
      put(message.rows);
      rowsChanged();
    },
    others(message) {
      for (const [id, row] of hooks) if (!row.registered) hooks.delete(id);
      for (const [id, url, types] of message.rows) {
        if (!hooks.has(id)) add(id, { url, types, auth: -1, active: 1, registered: false });
      }
      rowsChanged();
    },
    patch(message) {
      readAt = message.read_at;
      put(message.put);
      for (const id of message.gone) hooks.delete(id);
      rowsChanged();
    },
    states(message) {
      readAt = message.read_at;
      spaces = message.namespaces;
      for (const [id, [state, waiting, troubled, trouble]] of Object.entries(message.states)) {
        const row = hooks.get(id);
        if (!row) continue;
        Object.assign(row, { state: states[state], waiting, failing: troubled });
        keepTrouble(row, trouble ?? {});
        rank(row);
      }
      const before = sortNow().name;
      countStates();
      const sort = sortNow().name;
      const moved = sort !== before || !CALM_SORTS.has(sort);
      if (moved) ordered = null;
      if (moved || filters.get().state) arrange();
      else (grid.repaint(), offerBulk());
      paintPlace();
      paintFoot();
    },
    link(message) {
      const [tone, word] = LINKS[message.state] ?? ["plain", message.state];
      const stale = message.state === "reconnecting" || message.state === "failed";
      root.classList.toggle("cn-stale", stale);
      broken = message.state === "failed";
      if (!read) arrange();
      link.replaceChildren(pill(tone, stale && read ? `${word}: as of ${clockTime(message.since)}` : word));
      if (message.why) link.append(" ", el("span", { class: "cn-why" }, message.why));
    },
    details: (message) => details.show(message.details, message.selected),
    job: (message) => job.show(message.job),
    told: (message) => told.show(message.told),
    export: (message) => exported.show(message.text),
    replay: (message) => details.replay(message.replay),
    form(message) {
      if (!form) openForm();
      toForm?.(message.form);
    },
    form_closed: closeForm,
  });

  function openForm() {
    main.hidden = true;
    newHook.hidden = true;
    formSlot.hidden = false;
    form = renderForm(
      formSlot,
      {
        send: (message) => model.send({ kind: "form", form: message }),
        on: (take) => {
          toForm = take;
          return () => (toForm = null);
        },
      },
      () => act("close_form"),
    );
    form.focus();
  }

  function closeForm() {
    if (!form) return;
    form.destroy();
    form = null;
    formSlot.replaceChildren();
    formSlot.hidden = true;
    main.hidden = false;
    newHook.hidden = false;
    newHook.focus({ preventScroll: true });
  }

  const silence = listen(model, (message) => takers[message.kind]?.(message));
  const selectedElsewhere = () => (grid.setSelected(model.get("selected_ids")), offerBulk());
  const filteredElsewhere = () => {
    if (!filters.take(model.get("filter"))) return;
    countStates();
    arrange();
  };
  model.on("change:selected_ids", selectedElsewhere);
  model.on("change:filter", filteredElsewhere);
  // Ages and countdowns go on between two readings.
  const ticks = setInterval(() => failing && grid.repaint(), TICK_MS);
  arrange();
  details.show(null, 0);
  model.send({ kind: "hello" });

  return () => {
    leave();
    silence();
    model.off("change:selected_ids", selectedElsewhere);
    model.off("change:filter", filteredElsewhere);
    clearTimeout(syncTimer);
    clearInterval(ticks);
    job.destroy();
    form?.destroy();
    grid.destroy();
  };
}

/** What is known of a webhook that fails or is stalled. */
const TROUBLE = ["order", "cause", "why", "since", "next", "attempts", "lost", "release"];
/** The columns whose values do not depend on states. */
const CALM_SORTS = new Set(["id", "url", "types", "auth"]);

export default { render };
