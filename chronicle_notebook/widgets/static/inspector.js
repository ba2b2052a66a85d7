// The inspector: the deliveries of a receiver, live, with their contents, and switches that make it misbehave.
import {
  button,
  clockTime,
  copyFrom,
  el,
  freshId,
  grouped,
  jobBar,
  listen,
  pill,
  toldBox,
  widgetRoot,
} from "./common.js";
import { makeGrid } from "./grid.js";
import { classOf, CLASSES, makePlot } from "./plot.js";
import { jsonTree } from "./tree.js";

/** @import { WidgetModel } from "./common.js" */

const KEPT = 10_000;
const PLOT_MS = 1000;
const PARTS = /** @type {[string, string][]} */ ([
  ["body", "Body"],
  ["headers", "Headers"],
  ["raw", "Raw"],
]);
const DEEDS = /** @type {[string, any][]} */ ([
  ["properly", {}],
  ["401", { status: 401 }],
  ["404", { status: 404 }],
  ["500", { status: 500 }],
  ["503", { status: 503 }],
  ["slowly, after 5 s", { delay: 5 }],
  ["not at all: drop the connection", { drop: true }],
]);

/** @param {{ model: WidgetModel, el: HTMLElement }} context */
function render({ model, el: host }) {
  const { root, leave } = widgetRoot(model, host, "Delivery inspector");
  /** @type {any[]} */
  let rows = [];
  let sort = { name: "at", down: true };
  let chosen = 0;
  const act = (/** @type {string} */ kind, /** @type {any} */ more = {}) => model.send({ kind, ...more });

  const state = el("span", { role: "status", class: "cn-state" });
  const url = el("code", { class: "cn-soft" });
  const copyUrl = button("Copy", () => copyFrom(copyUrl, url.textContent ?? ""), {
    class: "cn-ghost",
    "aria-label": "Copy the address",
  });
  const conduct = el("span", { class: "cn-conduct", role: "status", "aria-live": "polite" });
  const deed = el(
    "select",
    { "aria-label": "How the endpoint answers" },
    ...DEEDS.map(([name], at) => el("option", { value: at }, `Answer ${name}`)),
  );
  const times = el(
    "select",
    { "aria-label": "How often" },
    ...[
      ["1", "once"],
      ["3", "3 times"],
      ["10", "10 times"],
      ["", "until told otherwise"],
    ].map(([value, name]) => el("option", { value }, name)),
  );
  const apply = button("Apply", () =>
    act("answer", { ...DEEDS[Number(deed.value)][1], times: times.value ? Number(times.value) : null }),
  );
  deed.addEventListener("change", () => (times.hidden = deed.value === "0"));
  times.hidden = true;

  const type = el("select", { "aria-label": "Event type of the test event" });
  const source = el("input", {
    value: "test-1",
    "aria-label": "Event source of the test event",
    size: "9",
    spellcheck: "false",
    autocomplete: "off",
  });
  const append = button("Append a test event", () =>
    act("append", { event_type: type.value, source: source.value.trim() || "test-1" }),
  );
  const appender = el(
    "span",
    { class: "cn-together", hidden: true, role: "group", "aria-label": "A test event" },
    type,
    source,
    append,
  );
  const told = toldBox((kind) => act(kind));
  const job = jobBar(() => act("cancel"));
  const plot = makePlot();
  const count = el("span", { class: "cn-soft", role: "status", "aria-live": "polite" });
  const honest = el("span", {});
  const look = makeLook();
  const grid = makeGrid({
    label: "Deliveries",
    several: false,
    sort,
    sorted: (next) => ((sort = next), arrange()),
    selected: ([id]) => {
      chosen = Number(id);
      act("look", { number: chosen });
    },
    opened: () => look.focus(),
    columns: [
      { name: "at", title: "Time", width: "9.4em", paint: (cell, row) => write(cell, clockTime(row.at, true)) },
      { name: "hook", title: "Sent to", width: "minmax(6em, 1.2fr)", paint: (cell, row) => write(cell, row.hook) },
      {
        name: "partition",
        title: "Partition",
        width: "minmax(6em, 1fr)",
        above: 430,
        paint: (cell, row) => write(cell, row.partition || "–"),
      },
      {
        name: "events",
        title: "Events",
        width: "5.4em",
        above: 520,
        right: true,
        paint: (cell, row) => write(cell, row.events ? grouped(row.events) : "none"),
      },
      { name: "status", title: "Answered", width: "7.4em", paint: paintStatus },
      {
        name: "took",
        title: "Took",
        width: "5.4em",
        above: 360,
        right: true,
        paint: (cell, row) => write(cell, milliseconds(row.took)),
      },
    ],
  });

  root.append(
    el(
      "div",
      { class: "cn-bar cn-head" },
      el("h2", {}, "Deliveries"),
      state,
      url,
      copyUrl,
      el("span", { class: "cn-space" }),
      appender,
    ),
    el(
      "div",
      { class: "cn-bar" },
      el("span", { class: "cn-together", role: "group", "aria-label": "How the endpoint answers" }, deed, times, apply),
      conduct,
      el("span", { class: "cn-space" }),
      count,
      button("Clear", () => act("clear"), { class: "cn-ghost", "aria-label": "Forget the deliveries" }),
    ),
    job.root,
    told.root,
    plot.root,
    el("div", { class: "cn-split" }, grid.root, look.root),
    el(
      "div",
      { class: "cn-foot" },
      honest,
      el("span", { class: "cn-space" }),
      el("span", {}, "In Python: ", el("code", {}, ".frame"), " of this inspector"),
    ),
  );

  function arrange() {
    const order = sort.down ? -1 : 1;
    const key = SORT_BY[/** @type {"at"} */ (sort.name)] ?? SORT_BY.at;
    const shown = [...rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return x < y ? -order : x > y ? order : (a.number - b.number) * order;
    });
    grid.setRows(shown, "Nothing has come yet. Register a webhook whose target is the address above.");
    count.textContent = rows.length === 1 ? "1 delivery" : `${grouped(rows.length)} deliveries`;
    plot.show(rows, Date.now() / 1000);
  }

  /** @param {any} columns */
  function take(columns) {
    const names = Object.keys(columns);
    columns.number.forEach((/** @type {number} */ number, /** @type {number} */ at) => {
      const row = /** @type {any} */ ({ id: String(number) });
      for (const name of names) row[name] = columns[name][at];
      rows.push(row);
    });
    // A delivery is recorded when it is answered, so a slow one may come after a later one.
    rows.sort((a, b) => a.at - b.at);
    if (rows.length > KEPT) rows = rows.slice(-KEPT);
    arrange();
  }

  const takers = /** @type {Record<string, (message: any) => void>} */ ({
    endpoint(message) {
      state.replaceChildren(message.running ? pill("good", "listening") : pill("plain", "not running"));
      url.textContent = message.url;
      copyUrl.hidden = !message.url;
      conduct.replaceChildren(
        pill(message.conduct.startsWith("answers normally") ? "plain" : "warning", message.conduct),
      );
      appender.hidden = !message.can_append;
      honest.textContent = message.honest;
    },
    all(message) {
      rows = [];
      take(message.rows);
    },
    more: (message) => take(message.rows),
    detail: (message) => look.show(message.detail),
    types(message) {
      type.replaceChildren(...message.types.map((/** @type {string} */ name) => el("option", { value: name }, name)));
      append.disabled = !message.types.length;
    },
    job: (message) => job.show(message.job),
    told: (message) => told.show(message.told),
  });
  const silence = listen(model, (message) => takers[message.kind]?.(message));
  const clock = setInterval(() => rows.length && plot.show(rows, Date.now() / 1000), PLOT_MS);
  look.show(null);
  arrange();
  model.send({ kind: "hello" });

  return () => {
    leave();
    silence();
    clearInterval(clock);
    job.destroy();
    grid.destroy();
  };
}

/** The pane that shows one delivery: its body as a tree, its headers, and the raw text. */
function makeLook() {
  const panelId = freshId();
  let shown = "body";
  /** @type {any} */
  let detail = null;
  const panel = el("div", { role: "tabpanel", id: panelId, tabindex: "0", class: "cn-look", "aria-label": "Body" });
  const tabs = PARTS.map(([name, label]) =>
    el("button", { type: "button", role: "tab", "aria-controls": panelId, onclick: () => choose(name) }, label),
  );
  const copy = button("Copy", () => copyFrom(copy, text()), { class: "cn-ghost" });
  const list = el(
    "div",
    {
      role: "tablist",
      "aria-label": "What came",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (!step) return;
        const next = (PARTS.findIndex(([name]) => name === shown) + step + PARTS.length) % PARTS.length;
        choose(PARTS[next][0]);
        tabs[next].focus();
        event.preventDefault();
      },
    },
    ...tabs,
  );

  function text() {
    if (!detail) return "";
    if (shown === "headers") return detail.headers.map((/** @type {string[]} */ pair) => pair.join(": ")).join("\n");
    return detail.body ? JSON.stringify(detail.body, null, 2) : (detail.text ?? "");
  }

  /** @param {string} name */
  function choose(name) {
    shown = name;
    paint();
  }

  function paint() {
    PARTS.forEach(([name, label], index) => {
      tabs[index].setAttribute("aria-selected", String(name === shown));
      tabs[index].tabIndex = name === shown ? 0 : -1;
      if (name === shown) panel.setAttribute("aria-label", label);
    });
    copy.hidden = !detail;
    if (!detail) {
      panel.replaceChildren(el("div", { class: "cn-soft cn-hint-pane" }, "Select a delivery to see what came."));
      return;
    }
    const top = el("div", { class: "cn-soft" }, `${detail.request} → ${detail.answer}, ${milliseconds(detail.took)}`);
    panel.replaceChildren(top, ...part());
  }

  function part() {
    if (shown === "headers") {
      return [
        el(
          "dl",
          { class: "cn-pairs" },
          ...detail.headers.flatMap((/** @type {string[]} */ [name, value]) => [
            el("dt", {}, name),
            el("dd", {}, value),
          ]),
        ),
      ];
    }
    const cut = detail.cut && el("div", { class: "cn-note" }, "The body is long; only its beginning is shown.");
    const wrong = detail.error && el("div", { class: "cn-note" }, detail.error);
    if (shown === "raw" || !detail.body) return [wrong, cut, el("pre", {}, text())].filter(Boolean);
    const none =
      !detail.body.events.length &&
      el("div", { class: "cn-note" }, "No events: this is a test request, as kernels and this toolkit send it.");
    const branches = Object.entries(detail.body).map(([name, value]) => jsonTree(value, name, 1));
    return [cut, none, el("div", { class: "cn-tree" }, ...branches)].filter(Boolean);
  }

  return {
    root: el(
      "section",
      { class: "cn-beside", "aria-label": "One delivery" },
      el("div", { class: "cn-tabs" }, list, el("span", { class: "cn-space" }), copy),
      panel,
    ),
    focus: () => panel.focus(),
    /** @param {any} next */
    show(next) {
      detail = next;
      paint();
    },
  };
}

/** @param {number} took */
function milliseconds(took) {
  return `${took < 10 ? took.toFixed(1) : grouped(Math.round(took))} ms`;
}

const SORT_BY = {
  at: (/** @type {any} */ row) => row.at,
  hook: (/** @type {any} */ row) => row.hook,
  partition: (/** @type {any} */ row) => row.partition,
  events: (/** @type {any} */ row) => row.events,
  status: (/** @type {any} */ row) => row.status ?? 999,
  took: (/** @type {any} */ row) => row.took,
};

/**
 * @param {HTMLElement} cell
 * @param {string} text
 */
function write(cell, text) {
  if (cell.textContent === text) return;
  cell.textContent = text;
  cell.title = text;
}

/**
 * @param {HTMLElement} cell
 * @param {any} row
 */
function paintStatus(cell, row) {
  const key = String(row.status);
  if (cell.dataset.key === key) return;
  cell.dataset.key = key;
  const tone = CLASSES[classOf(row.status)].tone;
  cell.replaceChildren(pill(tone === "none" ? "error" : tone, row.status === null ? "no answer" : key));
}

export default { render };
