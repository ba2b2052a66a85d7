// The explorer: a live table of webhooks with filters, a pane of details, and the form, which replaces both.
import { button, clockTime, el, grouped, jobBar, listen, pill, toldBox, widgetRoot } from "./common.js";
import { WAITING, makeDetails, statePill } from "./details.js";
import { renderForm } from "./form.js";
import { makeGrid } from "./grid.js";
import { lockBar } from "./lock.js";

/** @import { WidgetModel } from "./common.js" */

const SYNC_MS = 150;
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
  let sort = { name: "id", down: false };
  let read = false;
  let broken = false;
  let readAt = 0;
  let filter = { text: "", event_type: "", authorization: "", state: "", ...model.get("filter") };
  /** @type {ReturnType<typeof renderForm> | null} */
  let form = null;
  /** @type {((message: any) => void) | null} */
  let toForm = null;

  const act = (/** @type {string} */ kind, id = "") => model.send({ kind, id });
  const link = el("span", { role: "status" }, pill("plain", "connecting"));
  const place = el("span", { class: "cn-place" });
  const newHook = button("New hook", () => act("new"), { class: "cn-primary" });
  const count = el("span", { class: "cn-soft", role: "status", "aria-live": "polite" });
  const told = toldBox((kind) => act(kind));
  const lock = lockBar((name) => model.send({ kind: "unlock", name }));
  const job = jobBar(() => act("cancel"));
  const details = makeDetails({ act });
  const foot = el("span", {});
  const grid = makeGrid({
    label: "Webhooks",
    several: true,
    sort,
    sorted: (next) => ((sort = next), arrange()),
    selected: (ids) => {
      model.set("selected_ids", ids);
      model.save_changes();
    },
    opened: () => details.focus(),
    columns: [
      { name: "id", title: "Id", width: "minmax(7em, 1.3fr)", paint: (cell, row) => setText(cell, row.id) },
      {
        name: "url",
        title: "Target",
        width: "minmax(6em, 1.5fr)",
        above: 420,
        paint: (cell, row) => setText(cell, row.target),
      },
      { name: "types", title: "Events", width: "minmax(6em, 1.3fr)", above: 560, paint: paintTypes },
      {
        name: "auth",
        title: "Auth",
        width: "5em",
        above: 500,
        paint: (cell, row) => setText(cell, kinds[row.auth] ?? "?"),
      },
      { name: "state", title: "State", width: "9.6em", paint: paintState },
      {
        name: "lag",
        title: "Lag",
        hint: "Events that the observer has not seen yet. Not all are for this webhook.",
        width: "4.2em",
        above: 330,
        right: true,
        paint: (cell, row) => {
          setText(cell, grouped(row.lag));
          if (row.failing && row.lag === null) cell.title = WAITING;
        },
      },
    ],
  });

  const search = el("input", {
    type: "search",
    class: "cn-search",
    placeholder: "Filter id, URL, event type",
    "aria-label": "Filter by id, URL or event type",
    oninput: () => setFilter("text", search.value),
  });
  const choosers = {
    event_type: chooser("Event type", "event_type"),
    authorization: chooser("Authorization", "authorization"),
    state: chooser("State", "state"),
  };
  const clear = button("Clear", () => clearFilter(), { class: "cn-ghost", hidden: true });

  const main = el(
    "div",
    { class: "cn-main" },
    lock.root,
    el(
      "div",
      { class: "cn-bar cn-filters" },
      search,
      ...Object.values(choosers).map((each) => each.root),
      clear,
      el("span", { class: "cn-space" }),
      count,
    ),
    el("div", { class: "cn-split" }, grid.root, details.root),
  );
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

  /**
   * @param {string} label
   * @param {"event_type" | "authorization" | "state"} name
   */
  function chooser(label, name) {
    const select = el("select", {
      "aria-label": `Filter by ${label.toLowerCase()}`,
      onchange: () => setFilter(name, select.value),
    });
    /** @type {string | null} */
    let known = null;
    return {
      root: select,
      /** @param {string[]} values */
      offer(values) {
        if (known === values.join("\n")) return;
        known = values.join("\n");
        const chosen = filter[name];
        const all = chosen && !values.includes(chosen) ? [chosen, ...values] : values;
        select.replaceChildren(
          el("option", { value: "" }, `${label}: any`),
          ...all.map((value) => el("option", { value }, value)),
        );
        select.value = chosen;
      },
    };
  }

  /**
   * @param {"text" | "event_type" | "authorization" | "state"} name
   * @param {string} value
   */
  function setFilter(name, value) {
    filter = { ...filter, [name]: value };
    arrange();
    syncSoon();
  }

  function clearFilter() {
    filter = { text: "", event_type: "", authorization: "", state: "" };
    showFilter();
    arrange();
    syncSoon();
    search.focus();
  }

  function showFilter() {
    if (document.activeElement !== search) search.value = filter.text;
    for (const [name, each] of Object.entries(choosers)) each.root.value = filter[/** @type {"state"} */ (name)];
  }

  let syncTimer = 0;
  function syncSoon() {
    clearTimeout(syncTimer);
    syncTimer = window.setTimeout(() => {
      model.set("filter", filter);
      model.save_changes();
    }, SYNC_MS);
  }

  function arrange() {
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = kinds.indexOf(filter.authorization);
    const shown = [];
    for (const row of hooks.values()) {
      if (kind >= 0 && row.auth !== kind) continue;
      if (filter.state && row.state !== filter.state) continue;
      if (filter.event_type && !row.bare.includes(filter.event_type)) continue;
      if (words.every((/** @type {string} */ word) => row.text.includes(word))) shown.push(row);
    }
    const key = SORT_KEYS[/** @type {"id"} */ (sort.name)] ?? SORT_KEYS.id;
    const order = sort.down ? -1 : 1;
    shown.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return x < y ? -order : x > y ? order : a.id < b.id ? -1 : 1;
    });
    const narrowed = words.length > 0 || filter.state || filter.event_type || filter.authorization;
    clear.hidden = !narrowed;
    grid.setRows(shown, emptyText(Boolean(narrowed)));
    count.textContent = read ? `${grouped(shown.length)} of ${grouped(hooks.size)}` : "";
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
      const before = hooks.get(id);
      hooks.set(id, {
        id,
        url: columns.url[at],
        target: columns.url[at].replace(/^https?:\/\//, ""),
        types,
        bare: types.map((/** @type {string} */ type) => type.replace(/\+\d+$/, "")),
        auth: columns.auth[at],
        text: [id, columns.url[at], ...types].join("\n").toLowerCase(),
        lowered: id.toLowerCase(),
        state: columns.active[at]
          ? before?.state === "inactive"
            ? "not known"
            : (before?.state ?? "not known")
          : "inactive",
        lag: before?.lag ?? null,
        failing: before?.failing ?? 0,
      });
    });
  }

  function rowsChanged() {
    read = true;
    const types = new Set();
    for (const row of hooks.values()) for (const type of row.bare) types.add(type);
    choosers.event_type.offer([...types].sort());
    arrange();
    grid.setSelected(model.get("selected_ids"));
    paintFoot();
  }

  let kernel = "";
  function paintFoot() {
    foot.textContent = `${readAt ? `Changed ${clockTime(readAt)}` : "Not read yet"} · ${kernel}`;
  }

  const takers = /** @type {Record<string, (message: any) => void>} */ ({
    head(message) {
      states = message.states;
      kinds = message.kinds;
      choosers.event_type.offer([]);
      choosers.authorization.offer(kinds);
      choosers.state.offer(states);
      lock.show(message.lock);
      kernel = `kernel ${message.version || "of unknown version"} · ${message.generation}`;
      place.replaceChildren(
        pill("plain", `${message.store} · ${message.namespace}`),
        pill("plain", `${message.sandbox ? "sandbox " : ""}${message.server}`),
      );
      paintFoot();
    },
    rows(message) {
      hooks.clear();
      readAt = message.read_at;
      put(message.rows);
      rowsChanged();
    },
    patch(message) {
      readAt = message.read_at;
      put(message.put);
      for (const id of message.gone) hooks.delete(id);
      rowsChanged();
    },
    states(message) {
      for (const [id, [state, lag, failing]] of Object.entries(message.states)) {
        const row = hooks.get(id);
        if (row) Object.assign(row, { state: states[state], lag, failing });
      }
      if (filter.state || sort.name === "state" || sort.name === "lag") arrange();
      else grid.repaint();
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
  const selectedElsewhere = () => grid.setSelected(model.get("selected_ids"));
  const filteredElsewhere = () => {
    const next = { text: "", event_type: "", authorization: "", state: "", ...model.get("filter") };
    if (JSON.stringify(next) === JSON.stringify(filter)) return;
    filter = next;
    showFilter();
    arrange();
  };
  model.on("change:selected_ids", selectedElsewhere);
  model.on("change:filter", filteredElsewhere);
  search.value = filter.text;
  arrange();
  details.show(null, 0);
  model.send({ kind: "hello" });

  return () => {
    leave();
    silence();
    model.off("change:selected_ids", selectedElsewhere);
    model.off("change:filter", filteredElsewhere);
    clearTimeout(syncTimer);
    job.destroy();
    form?.destroy();
    grid.destroy();
  };
}

const SORT_KEYS = {
  id: (/** @type {any} */ row) => row.lowered,
  url: (/** @type {any} */ row) => row.target,
  types: (/** @type {any} */ row) => row.types[0] ?? "",
  auth: (/** @type {any} */ row) => row.auth,
  state: (/** @type {any} */ row) => row.state,
  lag: (/** @type {any} */ row) => row.lag ?? -1,
};

/**
 * @param {HTMLElement} cell
 * @param {string} text
 */
function setText(cell, text) {
  if (cell.textContent === text) return;
  cell.textContent = text;
  cell.title = text;
}

/**
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintTypes(cell, row) {
  const [first, ...rest] = row.types;
  const text = first === undefined ? "none" : rest.length ? `${first} +${rest.length}` : first;
  if (cell.dataset.text === text && cell.title === row.types.join(", ")) return;
  cell.dataset.text = text;
  cell.title = row.types.join(", ");
  const more = rest.length > 0 && el("span", { class: "cn-soft" }, `+${rest.length}`);
  cell.replaceChildren(el("span", { class: "cn-first" }, el("span", {}, first ?? "none"), more));
}

/**
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintState(cell, row) {
  const key = `${row.state}/${row.failing}`;
  if (cell.dataset.key === key) return;
  cell.dataset.key = key;
  cell.replaceChildren(statePill(row.state, row.failing));
}

export default { render };
