// Deliveries over time by their answer: a small SVG in which shapes differ wherever colours differ.
import { el, freshId, grouped } from "./common.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 600;
const HEIGHT = 46;
const BARS = 60;
const SPANS = [60, 300, 600, 1800, 3600];

export const CLASSES = [
  {
    name: "2xx",
    tone: "good",
    mark: "■",
    holds: (/** @type {number | null} */ status) => status !== null && status < 300,
  },
  {
    name: "3xx and 4xx",
    tone: "warning",
    mark: "▥",
    holds: (/** @type {number | null} */ status) => status !== null && status >= 300 && status < 500,
  },
  {
    name: "5xx",
    tone: "error",
    mark: "▨",
    holds: (/** @type {number | null} */ status) => status !== null && status >= 500,
  },
  { name: "no answer", tone: "none", mark: "□", holds: (/** @type {number | null} */ status) => status === null },
];

/** @param {number | null} status */
export function classOf(status) {
  return CLASSES.findIndex((each) => each.holds(status));
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/**
 * @param {number[]} sorted
 * @param {number} share
 */
function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** @param {number} took */
function short(took) {
  return took < 10 ? took.toFixed(1) : String(Math.round(took));
}

export function makePlot() {
  const prefix = freshId();
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    class: "cn-plot",
    role: "img",
  });
  const patterns = shape("defs", {});
  for (const [index, angle] of [
    [1, 90],
    [2, 45],
  ]) {
    const pattern = shape("pattern", {
      id: `${prefix}-${index}`,
      width: 4,
      height: 4,
      patternUnits: "userSpaceOnUse",
      patternTransform: `rotate(${angle})`,
    });
    pattern.append(
      shape("rect", { width: 4, height: 4, class: `cn-bar-back-${index}` }),
      shape("rect", { width: 2, height: 4, class: `cn-bar-${index}` }),
    );
    patterns.append(pattern);
  }
  const bars = shape("g", {});
  svg.append(patterns, shape("line", { x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5, class: "cn-axis" }), bars);
  const legend = el("div", { class: "cn-legend" });
  const most = el("span", { class: "cn-plot-most" });
  const scale = el(
    "div",
    { class: "cn-plot-scale cn-soft", "aria-hidden": "true" },
    most,
    el("span", {}, "deliveries"),
    el("span", {}, "0"),
  );

  return {
    root: el("div", { class: "cn-plot-box" }, el("div", { class: "cn-plot-row" }, scale, svg), legend),
    /**
     * @param {{ at: number, status: number | null, took: number }[]} rows
     * @param {number} now seconds since 1970
     */
    show(rows, now) {
      const oldest = rows.length ? now - rows[0].at : 0;
      const span = SPANS.find((each) => each >= oldest) ?? SPANS[SPANS.length - 1];
      const width = span / BARS;
      const end = Math.ceil(now / width) * width;
      const counts = Array.from({ length: BARS }, () => [0, 0, 0, 0]);
      const totals = [0, 0, 0, 0];
      const took = [];
      for (const row of rows) {
        const which = classOf(row.status);
        const bar = BARS - 1 - Math.floor((end - row.at) / width);
        if (bar < 0 || bar >= BARS) continue;
        counts[bar][which] += 1;
        totals[which] += 1;
        took.push(row.took);
      }
      const highest = Math.max(1, ...counts.map((bar) => bar.reduce((sum, count) => sum + count, 0)));
      bars.replaceChildren(...counts.flatMap((bar, index) => stack(bar, index, highest)));
      most.textContent = grouped(highest);
      took.sort((a, b) => a - b);
      const minutes = span / 60;
      const speed = took.length ? `p50 ${short(quantile(took, 0.5))} ms · p99 ${short(quantile(took, 0.99))} ms` : "";
      const parts = CLASSES.map((each, index) => ({ ...each, count: totals[index] })).filter(
        ({ count }, index) => index === 0 || count,
      );
      const words = `last ${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
      svg.setAttribute(
        "aria-label",
        `Deliveries of the ${words}: ${parts.map((each) => `${each.count} ${each.name}`).join(", ")}`,
      );
      legend.replaceChildren(
        el("span", { class: "cn-soft" }, words),
        ...parts.map((each) =>
          el("span", { class: `cn-as-${each.tone}` }, `${each.mark} ${each.name} ${grouped(each.count)}`),
        ),
        el("span", { class: "cn-soft" }, speed),
      );
    },
  };

  /**
   * @param {number[]} bar
   * @param {number} index
   * @param {number} most
   */
  function stack(bar, index, most) {
    let top = HEIGHT - 1;
    const result = [];
    for (let which = 0; which < bar.length; which += 1) {
      if (!bar[which]) continue;
      const height = Math.max(2, (bar[which] / most) * (HEIGHT - 4));
      top -= height;
      const rect = shape("rect", {
        x: index * (WIDTH / BARS) + 1,
        y: top,
        width: WIDTH / BARS - 2,
        height,
        class: `cn-bar-${which}`,
      });
      if (which === 1 || which === 2) rect.setAttribute("style", `fill: url(#${prefix}-${which})`);
      result.push(rect);
    }
    return result;
  }
}
