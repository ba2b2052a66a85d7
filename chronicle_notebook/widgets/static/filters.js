// What the explorer's table shows: counts of what needs attention, a search, three choices.
import { button, el, grouped } from "./common.js";

/** @typedef {{ text: string, event_type: string, authorization: string, state: string }} Filter */

const NOTHING = Object.freeze({ text: "", event_type: "", authorization: "", state: "" });
/** The states that are counted above the table, with the look of their count. */
const COUNTED = /** @type {[string, string][]} */ ([
  ["failing", "error"],
  ["stalled", "warning"],
  ["paused", "plain"],
]);

/**
 * @param {{ filter: Partial<Filter>, changed: (filter: Filter) => void, down: () => void }} options `down` is called
 *   when somebody leaves the search downwards
 */
export function makeFilters({ filter: first, changed, down }) {
  /** @type {Filter} */
  let filter = { ...NOTHING, ...first };
  /** @type {Record<string, string[]>} */
  let groups = {};
  const chips = COUNTED.map(([state, tone]) => ({ state, ...chip(state, tone) }));
  const search = el("input", {
    type: "search",
    class: "cn-search",
    placeholder: "Filter id, URL, event type",
    "aria-label": "Filter by id, URL or event type",
    "aria-keyshortcuts": "/",
    oninput: () => set("text", search.value),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      down();
    },
  });
  const choosers = {
    event_type: chooser("Event type", "event_type"),
    authorization: chooser("Authorization", "authorization"),
    state: chooser("State", "state"),
  };
  const choices = el("span", { class: "cn-choices" }, ...Object.values(choosers).map((each) => each.root));
  const more = button("More filters", () => fold(more.getAttribute("aria-expanded") === "true"), {
    class: "cn-more",
    "aria-expanded": "false",
  });
  const clear = button("Clear filter", () => (replace(NOTHING), search.focus()), { class: "cn-ghost", hidden: true });
  const count = el("span", { class: "cn-soft", role: "status", "aria-live": "polite" });
  const root = el(
    "div",
    { class: "cn-bar cn-filters" },
    el(
      "span",
      { class: "cn-counts", role: "group", "aria-label": "What needs attention" },
      ...chips.map((e) => e.root),
    ),
    el("span", { class: "cn-search-box" }, search, el("kbd", { "aria-hidden": "true" }, "/")),
    more,
    choices,
    clear,
    el("span", { class: "cn-space" }),
    count,
  );
  show();

  /**
   * @param {string} state
   * @param {string} tone
   */
  function chip(state, tone) {
    const words = el("b", {});
    const cross = el("span", { "aria-hidden": "true" }, "✕");
    const made = button("", () => set("state", filter.state === state ? "" : state), {
      class: `cn-pill cn-count cn-${tone}`,
      "aria-pressed": "false",
      hidden: true,
    });
    made.append(...(tone === "plain" ? [] : [el("i", { "aria-hidden": "true" })]), words, cross);
    let last = 0;
    return {
      root: made,
      /** @param {number} [number] */
      count(number = last) {
        last = number;
        const pressed = filter.state === state;
        made.hidden = number === 0 && !pressed;
        words.textContent = `${grouped(number)} ${state}`;
        made.setAttribute("aria-pressed", String(pressed));
        cross.hidden = !pressed;
      },
    };
  }

  /**
   * @param {string} label
   * @param {"event_type" | "authorization" | "state"} name
   */
  function chooser(label, name) {
    const select = el("select", {
      "aria-label": `Filter by ${label.toLowerCase()}`,
      onchange: () => set(name, select.value),
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

  /** @param {boolean} folded */
  function fold(folded) {
    more.setAttribute("aria-expanded", String(!folded));
    choices.classList.toggle("cn-open", !folded);
  }

  /**
   * @param {keyof Filter} name
   * @param {string} value
   */
  function set(name, value) {
    replace({ ...filter, [name]: value });
  }

  /** @param {Filter} next */
  function replace(next) {
    filter = next;
    show();
    changed(filter);
  }

  function show() {
    if (document.activeElement !== search || search.value.trim() !== filter.text.trim()) search.value = filter.text;
    for (const [name, each] of Object.entries(choosers)) each.root.value = filter[/** @type {"state"} */ (name)];
    for (const each of chips) each.count();
    clear.hidden = !isNarrowed();
    if (filter.event_type || filter.authorization) fold(false);
  }

  function isNarrowed() {
    return Object.values(filter).some((value) => value.trim());
  }

  return {
    root,
    isNarrowed,
    focus: () => (search.focus(), search.select()),
    /** @returns {Filter} */
    get: () => filter,
    /** @param {Partial<Filter>} next set elsewhere, for example in Python */
    take(next) {
      const all = { ...NOTHING, ...next };
      if (JSON.stringify(all) === JSON.stringify(filter)) return false;
      filter = all;
      show();
      return true;
    },
    /**
     * @param {"event_type" | "authorization" | "state"} name
     * @param {string[]} values
     */
    offer: (name, values) => choosers[name].offer(values),
    /** @param {Record<string, string[]>} next the states that a choice of a state means, if not itself alone */
    group(next) {
      groups = next;
    },
    /**
     * The rows that match.
     * @param {Iterable<any>} rows
     * @param {string[]} kinds
     */
    matching(rows, kinds) {
      const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
      const kind = kinds.indexOf(filter.authorization);
      const wanted = groups[filter.state] ?? [filter.state];
      const shown = [];
      for (const row of rows) {
        if (kind >= 0 && row.auth !== kind) continue;
        if (filter.state && !wanted.includes(row.state)) continue;
        if (filter.event_type && !row.bare.includes(filter.event_type)) continue;
        if (words.every((word) => row.text.includes(word))) shown.push(row);
      }
      return shown;
    },
    /** @param {Record<string, number>} states how many webhooks are in each state */
    countStates(states) {
      for (const each of chips) {
        each.count((groups[each.state] ?? [each.state]).reduce((sum, state) => sum + (states[state] ?? 0), 0));
      }
    },
    /** @param {string} text */
    say(text) {
      if (count.textContent !== text) count.textContent = text;
    },
  };
}
