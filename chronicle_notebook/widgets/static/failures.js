// What fails of one webhook: the sentence, the causes with their counts, each partition, the next step as a command.
import { ago, button, clockMinute, clockTime, copyFrom, counted, el, grouped, pill, until } from "./common.js";

const NOTES = /** @type {Record<string, string>} */ ({ error: "cn-error", warning: "cn-warning", plain: "cn-plain" });

/**
 * @param {any} details
 * @param {boolean} open whether each partition is shown
 * @param {(open: boolean) => void} toggled
 */
export function failureParts(details, open, toggled) {
  const trouble = details.trouble;
  if (!trouble) return [];
  const parts = [
    el(
      "div",
      { class: `cn-told cn-failure ${NOTES[trouble.tone] ?? "cn-warning"}` },
      el("div", { class: "cn-told-text" }, el("b", {}, trouble.title), ` ${trouble.text}`, times(trouble)),
    ),
  ];
  if (trouble.causes.length) parts.push(causeTable(trouble.causes));
  if (details.failed.length) parts.push(partitions(details, open, toggled));
  return parts;
}

/**
 * Since when, how much waits, and what the kernel will probably do.
 * @param {any} trouble
 */
function times(trouble) {
  const parts = [];
  if (trouble.since) parts.push(`since ${clockMinute(trouble.since)} (${ago(trouble.since)})`);
  if (trouble.waiting) parts.push(`${counted(trouble.waiting, "event")} ${trouble.waiting === 1 ? "waits" : "wait"}`);
  if (trouble.attempts) parts.push(trouble.next ? `${trouble.attempts} attempts` : `${trouble.attempts} attempts made`);
  if (trouble.next) parts.push(`the next about ${clockMinute(trouble.next)} (${until(trouble.next)})`);
  if (trouble.ends) parts.push(`the last about ${clockMinute(trouble.ends)}`);
  const text = parts.join(", ");
  const estimate = trouble.next ? ". Estimated by the kernel's rule." : ".";
  return text && el("div", { class: "cn-soft" }, text[0].toUpperCase() + text.slice(1) + estimate);
}

/** @param {any[]} causes */
function causeTable(causes) {
  const titles = ["Cause", "Partitions", "Since"];
  return el(
    "table",
    { class: "cn-table cn-causes" },
    el("caption", { class: "cn-unseen" }, "Failures by cause"),
    el("tr", {}, ...titles.map((title, at) => el("th", { scope: "col", class: at % 2 ? "cn-right" : "" }, title))),
    ...causes.map((each) =>
      el(
        "tr",
        {},
        el(
          "th",
          { scope: "row" },
          pill("error", each.cause),
          each.note && el("div", { class: "cn-soft" }, each.note),
          el("div", { class: "cn-chips" }, ...each.namespaces.map(chip)),
        ),
        el("td", { class: "cn-right" }, grouped(each.partitions)),
        el("td", { class: "cn-line" }, clockMinute(each.since), " ", el("span", { class: "cn-soft" }, ago(each.since))),
      ),
    ),
  );
}

/**
 * @param {any} details
 * @param {boolean} open
 * @param {(open: boolean) => void} toggled
 */
function partitions(details, open, toggled) {
  const first = details.failed.length < details.failing ? `the first ${details.failed.length} of ` : "";
  return el(
    "details",
    {
      class: "cn-failures",
      open: open ? "" : null,
      ontoggle: (/** @type {Event} */ event) => toggled(/** @type {HTMLDetailsElement} */ (event.target).open),
    },
    el("summary", {}, `Show ${first}${counted(details.failing, "partition")}`),
    ...details.failed.map((/** @type {any} */ each) =>
      el(
        "div",
        {},
        el("span", { class: "cn-mono" }, each.partition),
        ` in ${each.namespace}, ${counted(each.attempts, "attempt")}, last ${clockTime(each.at)}`,
        each.lost && el("b", { class: "cn-lost" }, ` ${each.lost}`),
        each.message && el("div", { class: "cn-soft" }, each.message),
      ),
    ),
  );
}

const chip = (/** @type {string} */ text) => el("span", { class: "cn-chip" }, text);

/** @param {string} command */
export function nextStep(command) {
  const copy = button("Copy", () => void copyFrom(copy, command), {
    class: "cn-ghost",
    "aria-label": "Copy the command",
  });
  return el("div", { class: "cn-command" }, el("code", {}, command), copy);
}
