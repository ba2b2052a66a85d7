// What the pane shows while not just one webhook is selected: the failures of several webhooks, grouped by cause.
import { ago, button, clockMinute, counted, el, grouped } from "./common.js";

/**
 * @param {Iterable<any>} rows
 * @param {(ids: string[]) => void} choose selects webhooks
 * @param {number} selected how many of them are selected; 0 if these are all webhooks
 */
export function overviewParts(rows, choose, selected) {
  /** @type {Map<string, any[]>} */
  const causes = new Map();
  for (const row of rows) {
    if (!row.cause || row.state === "paused") continue;
    const same = causes.get(row.cause);
    if (same) same.push(row);
    else causes.set(row.cause, [row]);
  }
  if (!causes.size) return [];
  const groups = [...causes].map(([cause, same]) => ({
    cause,
    ids: same.map((row) => row.id),
    since: same.reduce((least, row) => Math.min(least, row.since ?? Infinity), Infinity),
    waiting: same.reduce((sum, row) => sum + (Number(row.waiting) || 0), 0),
  }));
  groups.sort((a, b) => b.ids.length - a.ids.length || a.since - b.since);
  const total = groups.reduce((sum, group) => sum + group.ids.length, 0);
  const titles = ["Cause", "Webhooks", "Since", "Waiting"];
  return [
    el("h3", {}, `${selected ? "Selected" : "What needs attention"}: ${counted(selected || total, "webhook")}`),
    el(
      "table",
      { class: "cn-table cn-causes" },
      el("caption", { class: "cn-unseen" }, "Failures of all webhooks by cause"),
      el("tr", {}, ...titles.map((title, at) => el("th", { scope: "col", class: at % 2 ? "cn-right" : "" }, title))),
      ...groups.map((group) =>
        el(
          "tr",
          {},
          el(
            "th",
            { scope: "row" },
            button(group.cause, () => choose(group.ids), { class: "cn-ghost", title: "Select these webhooks" }),
          ),
          el("td", { class: "cn-right" }, grouped(group.ids.length)),
          el(
            "td",
            { class: "cn-since" },
            Number.isFinite(group.since) ? clockMinute(group.since) : "–",
            " ",
            Number.isFinite(group.since) && el("span", { class: "cn-soft" }, ago(group.since)),
          ),
          el("td", { class: "cn-right" }, grouped(group.waiting)),
        ),
      ),
    ),
    !selected &&
      el("div", { class: "cn-soft" }, "Press a cause to select its webhooks, or click a row to look at one webhook."),
  ].filter(Boolean);
}
