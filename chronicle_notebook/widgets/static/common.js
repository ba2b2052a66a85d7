// Small helpers that every widget here uses: elements, messages, progress. No widget logic.

/**
 * @typedef {{ get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *   on(event: string, callback: Function): void, off(event: string, callback: Function): void,
 *   send(message: any): void }} WidgetModel
 * @typedef {{ level: string, title: string, lines: string[], undo: boolean }} Told
 * @typedef {{ number: number, label: string, done: number, total: number, note: string } | null} Job
 * @typedef {Node | string | null | undefined | false} Child
 */

/**
 * Make an element. Properties that begin with "on" are listeners, known properties are set, others become attributes.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...Child} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const element = /** @type {any} */ (document.createElement(tag));
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (["value", "checked", "disabled", "hidden", "textContent", "htmlFor", "tabIndex"].includes(name)) {
      element[name] = value;
    } else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  if (takesKeys(element)) element.setAttribute("data-lm-suppress-shortcuts", "true");
  return element;
}

/**
 * Whether an element uses arrows, letters or Enter itself, so that the notebook's shortcuts must ignore them there.
 * JupyterLab looks for the mark on the element. It ignores keys in text fields by itself, and saving must still work.
 * @param {HTMLElement} element
 */
function takesKeys(element) {
  if (element instanceof HTMLInputElement) return element.type === "radio" || element.type === "checkbox";
  return ["BUTTON", "SELECT", "SUMMARY"].includes(element.tagName) || element.hasAttribute("tabindex");
}

let lastId = 0;
/** @returns {string} an id that no other element of the page has */
export function freshId() {
  lastId += 1;
  return `chronicle-${Date.now().toString(36)}-${lastId}`;
}

/** @param {number | null | undefined} count */
export function grouped(count) {
  return count === null || count === undefined ? "–" : count.toLocaleString("en-US");
}

/**
 * The time of day.
 * @param {number | null | undefined} seconds since 1970
 * @param {boolean} [fine] with milliseconds
 */
export function clockTime(seconds, fine = false) {
  if (seconds === null || seconds === undefined) return "–";
  const moment = new Date(seconds * 1000);
  const text = moment.toLocaleTimeString("en-GB", { hour12: false });
  return fine ? `${text}.${String(moment.getMilliseconds()).padStart(3, "0")}` : text;
}

/**
 * A number with its noun.
 * @param {number} number
 * @param {string} noun
 */
export function counted(number, noun) {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * The time of day without seconds.
 * @param {number | null | undefined} seconds since 1970
 */
export function clockMinute(seconds) {
  return clockTime(seconds).slice(0, 5);
}

/** @param {number} seconds a duration */
function roughly(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/**
 * How long ago something was.
 * @param {number | null | undefined} seconds since 1970
 */
export function ago(seconds) {
  return seconds === null || seconds === undefined ? "" : roughly(Date.now() / 1000 - seconds);
}

/**
 * How long it takes until a time.
 * @param {number} seconds since 1970
 */
export function until(seconds) {
  const left = seconds - Date.now() / 1000;
  return left > 1 ? `in ${roughly(left)}` : "now";
}

/**
 * A rounded label. Its text has the same meaning as its colour.
 * @param {string} tone good, warning, error, plain
 * @param {string} text
 */
export function pill(tone, text) {
  return el("span", { class: `cn-pill cn-${tone}` }, tone !== "plain" && el("i", { "aria-hidden": "true" }), text);
}

/**
 * @param {string} text
 * @param {() => void} pressed
 * @param {Record<string, any>} [properties]
 */
export function button(text, pressed, properties = {}) {
  return el("button", { type: "button", onclick: pressed, ...properties }, text);
}

/**
 * Copy text to the clipboard, and say so on the button for a moment.
 * @param {HTMLButtonElement} source
 * @param {string} text
 */
export async function copyFrom(source, text) {
  const label = source.textContent;
  try {
    await navigator.clipboard.writeText(text);
    source.textContent = "Copied ✓";
  } catch {
    source.textContent = "Select it and copy";
  }
  setTimeout(() => (source.textContent = label), 1500);
}

/**
 * The result of the last action: a title, lines, dismiss, and undo if that is possible.
 * @param {(kind: string) => void} act handles "dismiss" and "undo"
 */
export function toldBox(act) {
  const root = el("div", { class: "cn-told-slot", role: "status", "aria-live": "polite" });
  return {
    root,
    /** @param {Told | null} told */
    show(told) {
      root.replaceChildren();
      if (!told) return;
      const words = { good: "Done. ", warning: "Warning: ", error: "Failed. ", plain: "" };
      root.append(
        el(
          "div",
          { class: `cn-told cn-${told.level}` },
          el(
            "div",
            { class: "cn-told-text" },
            el("b", {}, el("span", { class: "cn-unseen" }, words[/** @type {"good"} */ (told.level)]), told.title),
            ...told.lines.map((line) => el("div", {}, line)),
          ),
          told.undo && button("Undo", () => act("undo"), { class: "cn-strong" }),
          button("✕", () => act("dismiss"), { class: "cn-ghost", "aria-label": "Dismiss this message" }),
        ),
      );
    },
  };
}

/**
 * The running call, shown if it takes more than a second, with a button to cancel it.
 * @param {() => void} cancel
 */
export function jobBar(cancel) {
  const label = el("span", {});
  const seconds = el("span", { class: "cn-soft" });
  const note = el("span", { class: "cn-job-note" });
  const meter = el("progress", { "aria-label": "Progress", max: "1", value: 0, hidden: true });
  const root = el(
    "div",
    { class: "cn-job", role: "status", "aria-live": "polite", hidden: true },
    el("span", { class: "cn-spinner", "aria-hidden": "true" }),
    label,
    meter,
    note,
    el("span", { "aria-hidden": "true" }, seconds),
    button("Cancel", cancel),
  );
  let running = 0;
  let since = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  const tick = () => {
    const elapsed = (performance.now() - since) / 1000;
    if (elapsed >= 1) root.hidden = false;
    seconds.textContent = ` ${Math.floor(elapsed)} s `;
  };
  return {
    root,
    /** @param {Job} job */
    show(job) {
      meter.hidden = !job?.total;
      if (job?.total) {
        meter.max = job.total;
        meter.value = job.done;
      }
      const words = job?.total ? `${grouped(job.done)} of ${grouped(job.total)}${job.note && `: ${job.note}`}` : "";
      if (note.textContent !== words) note.textContent = words;
      if (job && job.number === running) return;
      clearInterval(timer);
      running = job ? job.number : 0;
      root.hidden = true;
      if (!job) return;
      root.hidden = !job.total;
      label.textContent = `${job.label} …`;
      since = performance.now();
      timer = setInterval(tick, 250);
    },
    destroy() {
      clearInterval(timer);
    },
  };
}

/**
 * A listener for messages that can be removed again.
 * @param {WidgetModel} model
 * @param {(message: any) => void} take
 * @returns {() => void}
 */
export function listen(model, take) {
  const callback = (/** @type {any} */ message) => take(message);
  model.on("msg:custom", callback);
  return () => model.off("msg:custom", callback);
}

const SILENCE_MS = 3000;
const SIGN_MS = 25_000;
const BEAT_MS = 500;
// Python says "alive" every second and a half. The longest time without it that still counts as an answer.
const GONE_MS = 4000;
const GONE = "Not connected: Python does not answer. If its kernel was restarted or has ended, run the cell again.";

/**
 * Make the element of a widget. While its kernel answers, the static form beside it is hidden. If nothing answers, for
 * example in a reopened notebook, the static form is shown instead of the widget. When Python is silent later, a line
 * says so, and the widget is dimmed and takes no clicks and keys until Python answers. The widget tells Python that it
 * is shown, and when it no longer is, so that Python can stop its threads.
 * @param {WidgetModel} model
 * @param {HTMLElement} host
 * @param {string} label
 * @returns {{ root: any, leave: () => void }} `leave` must be called when the widget goes
 */
export function widgetRoot(model, host, label) {
  const still = `.${model.get("_still")}`;
  // Only the innermost output: an Output widget is itself an output with other widgets beside the static form.
  const innermost = `.jp-OutputArea-child:has(${still}):not(:has(.jp-OutputArea-child ${still}))`;
  const hiding = el("style", {}, `${still}, ${innermost} { display: none; }`);
  const root = el("div", { class: "cn-root", role: "region", "aria-label": label });
  host.classList.add("cn-host");
  const gone = el("div", { class: "cn-gone", role: "status", "aria-live": "polite", hidden: true }, GONE);
  host.append(hiding, gone, root);
  const silent = setTimeout(() => {
    hiding.remove();
    root.hidden = true;
  }, SILENCE_MS);
  let heard = 0;
  let greeted = false;
  const show = (/** @type {boolean} */ connected) => {
    gone.hidden = connected;
    root.inert = !connected;
    root.classList.toggle("cn-dimmed", !connected);
  };
  const deaf = listen(model, (message) => {
    if (!heard) {
      clearTimeout(silent);
      root.hidden = false;
      host.prepend(hiding);
    }
    heard = performance.now();
    greeted ||= message.kind !== "alive" && message.kind !== "who";
    if (!gone.hidden) show(true);
  });
  let asked = performance.now();
  const beats = setInterval(() => {
    const now = performance.now();
    const silence = heard > 0 && now - heard > GONE_MS;
    if (silence && gone.hidden) show(false);
    if (!(silence || (heard && !greeted)) || now - asked < GONE_MS) return;
    asked = now;
    try {
      // A computer that slept finds its kernel again; a Jupyter server may have dropped the greeting or its answer.
      model.send({ kind: greeted ? "shown" : "hello" });
    } catch {
      // There is no kernel that could hear it.
    }
  }, BEAT_MS);
  const shown = () => model.send({ kind: "shown" });
  const signs = setInterval(shown, SIGN_MS);
  const unasked = listen(model, (message) => message.kind === "who" && shown());
  let closed = false;
  model.on("comm:close", () => (closed = true));
  return {
    root,
    leave() {
      // Something else took its place. The static form would stand beside that until the cell runs again.
      if (heard && gone.hidden && !closed)
        for (const each of document.querySelectorAll(still)) each.closest(".jp-Cell")?.append(hiding.cloneNode(true));
      deaf();
      unasked();
      clearTimeout(silent);
      clearInterval(signs);
      clearInterval(beats);
      try {
        model.send({ kind: "gone" });
      } catch {
        // Its kernel has ended, and nothing runs there any more.
      }
    },
  };
}
