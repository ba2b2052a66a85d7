// The form: fields on the left, the code that does the same and the outcome on the right. Used alone and by the explorer.
import { makeTypes } from "./choice.js";
import { button, el, freshId, jobBar, pill, toldBox } from "./common.js";
import { labelled, paintRemark, slowly } from "./field.js";
import { lockBar } from "./lock.js";
import { makePreviews } from "./preview.js";

/**
 * @typedef {{ send(message: any): void, on(take: (message: any) => void): () => void }} Port
 */

const TYPING_MS = 60;

/**
 * @param {HTMLElement} root
 * @param {Port} port
 * @param {(() => void) | null} leave what "Back" does; null if there is nothing to go back to
 */
export function renderForm(root, port, leave) {
  let seq = 0;
  // Each view counts its own messages, so that another view of the same form does not hold this one up.
  const by = Math.random().toString(36).slice(2);
  /** @type {any} */
  let state = null;
  /** @type {string[]} */
  let known = [];
  const send = (/** @type {any} */ message) => {
    seq += 1;
    port.send({ ...message, by, seq });
  };
  const set = (/** @type {string} */ field, /** @type {any} */ value) => send({ kind: "set", field, value });
  const typing = slowly(TYPING_MS);

  const title = el("h2", { tabindex: "-1" }, "Webhook");
  const store = el("span", {});
  const status = el("span", { class: "cn-soft", role: "status" });
  const again = button("Read the event store again", () => send({ kind: "reload" }), { hidden: true });
  const told = toldBox((kind) => send({ kind }));
  const lock = lockBar((name) => send({ kind: "unlock", name }));
  const job = jobBar(() => send({ kind: "cancel" }));

  const id = textField("Id", "id", "account-events");
  const url = textField("Target URL", "target_url", "https://example.com/chronicle/webhooks", "url");
  const types = makeTypes(
    (chosen) => set("event_types", chosen),
    (text) => set("typed_type", text),
  );
  const all = checkField("All event types that are known when it is registered", "all_known");
  const sequence = el("select", { onchange: () => set("event_sequence_id", sequence.value) });
  const sequenceField = labelled("Event sequence", sequence, "event_sequence_id");
  const kinds = makeKinds((kind) => {
    // Shown at once, so that no key waits for Python.
    authorization.show(state, { kind });
    set("kind", kind);
  });
  const authorization = makeAuthorization({ set, typing, send, textField });
  const headers = makeHeaders(send);
  const active = checkField("Active", "active");
  const replayable = checkField("Replayable", "replayable");
  const fields = [id, url, types, sequenceField, headers];

  const previews = makePreviews();
  const incomplete = el("span", { class: "cn-soft" }, "not complete yet");
  previews.root.firstChild.insertBefore(incomplete, previews.root.firstChild.lastChild);
  const plan = makePlan(() => send({ kind: "replace" }));
  const reach = el("div", { class: "cn-note", hidden: true });
  const obstacleId = freshId();
  const obstacle = el("span", { id: obstacleId, role: "status", "aria-live": "polite" });
  const jump = button("", () => controlOf(state.obstacle?.first)?.focus(), { class: "cn-ghost cn-obstacle" });
  const register = button("Register", () => send({ kind: "register" }), {
    class: "cn-primary",
    "aria-describedby": obstacleId,
  });
  const test = button("Test target", () => test.getAttribute("aria-disabled") !== "true" && send({ kind: "test" }));

  const left = el(
    "form",
    { class: "cn-fields", novalidate: "", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    id.root,
    url.root,
    types.root,
    all.root,
    sequenceField.root,
    kinds.root,
    authorization.root,
    headers.root,
    el("div", { class: "cn-flags" }, active.root, replayable.root),
  );
  const right = el(
    "div",
    { class: "cn-side" },
    previews.root,
    el("div", { class: "cn-pane" }, plan.root, reach, told.root),
  );
  root.replaceChildren(
    el(
      "div",
      { class: "cn-bar cn-head" },
      title,
      store,
      el("span", { class: "cn-space" }),
      status,
      again,
      leave && button("Back to the list", leave),
    ),
    lock.root,
    job.root,
    el("div", { class: "cn-halves" }, left, right),
    el("div", { class: "cn-bar cn-foot-bar" }, test, el("span", { class: "cn-space" }), obstacle, register),
  );

  /**
   * @param {string} label
   * @param {string} name
   * @param {string} [placeholder]
   * @param {string} [kind]
   */
  function textField(label, name, placeholder = "", kind = "text") {
    const input = el("input", {
      type: kind === "url" ? "url" : "text",
      placeholder,
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => {
        input.dataset.mine = "yes";
        typing(name, () => set(name, input.value));
      },
      onblur: () => typing.flush(),
      class: kind === "mono" ? "cn-mono" : "",
    });
    return { ...labelled(label, input, name), input, name };
  }

  /**
   * @param {string} label
   * @param {string} name
   */
  function checkField(label, name) {
    const input = el("input", { type: "checkbox", onchange: () => set(name, input.checked) });
    return { root: el("label", { class: "cn-check" }, input, label), input, name };
  }

  /** @param {string | undefined} field */
  function controlOf(field) {
    const found = [id, url, ...authorization.texts(state)].find((each) => each.name === field);
    if (found) return found.input;
    if (field === "event_types") return types.root.querySelector("input");
    if (field === "event_sequence_id") return sequence;
    if (field === "secret") return authorization.secret();
    return headers.control(field);
  }

  /** @param {any} next */
  function show(next) {
    state = next;
    const settled = (next.seq[by] ?? 0) >= seq;
    title.textContent = next.title;
    store.replaceChildren(pill("plain", next.store));
    lock.show(next.lock);
    status.textContent = next.loading ? "reading the event store …" : "";
    again.hidden = !next.unread;
    for (const field of [id, url, ...authorization.texts(next)]) {
      const value = next.fields[field.name];
      const busy = document.activeElement === field.input && field.input.dataset.mine;
      if (settled && !busy && field.input.value !== value) field.input.value = value;
    }
    id.input.readOnly = next.editing;
    id.input.toggleAttribute("data-lm-suppress-shortcuts", next.editing);
    // An answer to an earlier message must not undo later input.
    if (settled) {
      for (const check of [all, active, replayable]) check.input.checked = next.fields[check.name];
      types.show(next.fields.event_types, known, next.fields.all_known, next.fields.typed_type);
      kinds.show(next.fields.kind, next.kinds);
      offerSequences(next.fields.event_sequence_id);
    }
    all.root.lastChild.textContent =
      `All ${known.length || ""} event types that are known when it is registered`.replace("  ", " ");
    authorization.show(next, settled ? next.fields : { kind: kinds.chosen(), source: authorization.source() });
    headers.show(next.headers, next, settled);
    for (const field of [...fields, ...authorization.fields()]) field.remark(next);
    previews.show(next.previews);
    incomplete.hidden = next.complete;
    plan.show(next.plan, next.editing);
    reach.hidden = !next.reach;
    reach.replaceChildren(el("b", {}, "On registering. "), next.reach);
    told.show(next.told);
    job.show(next.job);
    showObstacle(next.obstacle);
    register.setAttribute("aria-disabled", String(Boolean(next.obstacle)));
    register.textContent = next.plan ? "Register the change" : "Register";
    // Not `disabled`, because the button that was just pressed would lose the focus.
    const untestable = Boolean(next.job) || Boolean(next.wrong.target_url) || !next.fields.target_url;
    test.setAttribute("aria-disabled", String(untestable));
  }

  /** @param {any} told */
  function showObstacle(told) {
    if (obstacle.textContent !== (told?.text ?? "")) jump.textContent = told?.text ?? "";
    jump.classList.toggle("cn-wrong", Boolean(told?.wrong));
    // Moved only when it must be, or it would lose the focus.
    if (told?.first && jump.parentNode !== obstacle) obstacle.replaceChildren(jump);
    else if (!told?.first) obstacle.textContent = told?.text ?? "";
  }

  /** @type {string[]} */
  let sequences = [];
  /** @param {string} chosen */
  function offerSequences(chosen) {
    const values = sequences.includes(chosen) ? sequences : [chosen, ...sequences];
    if ([...sequence.options].map((option) => option.value).join("\n") !== values.join("\n")) {
      sequence.replaceChildren(...values.map((value) => el("option", { value }, value)));
    }
    sequence.value = chosen;
  }

  // While a button is held down nothing may move, or the click would miss its target.
  let pressed = false;
  /** @type {any} */
  let waiting = null;
  const press = () => (pressed = true);
  const release = () => {
    pressed = false;
    setTimeout(() => {
      if (pressed || !waiting) return;
      const next = waiting;
      waiting = null;
      show(next);
    });
  };
  root.addEventListener("pointerdown", press, true);
  for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, release, true);

  const silence = port.on((message) => {
    if (message.kind === "choices") {
      known = message.event_types;
      sequences = message.sequences;
    } else if (message.kind === "state") {
      if (pressed) waiting = message;
      else show(message);
    }
  });

  return {
    focus: () => (id.input.readOnly || id.input.value ? url.input : id.input).focus({ preventScroll: true }),
    destroy() {
      typing.flush();
      silence();
      root.removeEventListener("pointerdown", press, true);
      for (const kind of ["pointerup", "pointercancel"]) window.removeEventListener(kind, release, true);
      job.destroy();
    },
    get state() {
      return state;
    },
  };
}

/** @param {(kind: string) => void} chosen */
function makeKinds(chosen) {
  const group = freshId();
  const root = el("fieldset", { class: "cn-kinds" }, el("legend", {}, "Authorization"));
  /** @type {Map<string, HTMLInputElement>} */
  const options = new Map();
  return {
    root,
    /**
     * @param {string} kind
     * @param {[string, string][]} kinds
     */
    show(kind, kinds) {
      for (const [value, label] of kinds) {
        if (options.has(value)) continue;
        const input = el("input", { type: "radio", name: group, value, onchange: () => chosen(value) });
        options.set(value, input);
        root.append(el("label", { class: "cn-kind" }, input, label));
      }
      for (const [value, input] of options) input.checked = value === kind;
    },
    chosen: () => [...options].find(([, input]) => input.checked)?.[0] ?? "none",
  };
}

/** @param {any} tools */
function makeAuthorization({ set, send, textField }) {
  /** @type {Map<string, any>} */
  const texts = new Map();
  const variable = textField("Environment variable", "variable", "WEBHOOK_TOKEN", "mono");
  const source = el(
    "select",
    { "aria-label": "Where the secret comes from", onchange: () => choose() },
    el("option", { value: "env" }, "environment"),
    el("option", { value: "typed" }, "typed here"),
  );
  // Its value is sent once and then removed at once: it is in no trait and in no saved notebook.
  const give = () => {
    if (!secret.value) return;
    const value = secret.value;
    secret.value = "";
    send({ kind: "secret", value });
  };
  const secret = el("input", {
    type: "password",
    autocomplete: "new-password",
    onblur: give,
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.preventDefault(), give()),
  });
  const typed = labelled("Secret", secret, "secret");
  const fromVariable = { ...variable, remark: variable.remark };
  const variableRemark = variable.root.querySelector(".cn-remark");
  const undisclosed = el(
    "div",
    { class: "cn-remark cn-doubtful", hidden: true },
    "! The kernel does not give credentials back. Give them again: registering sends them.",
  );
  const root = el(
    "div",
    { class: "cn-authorization" },
    undisclosed,
    el(
      "div",
      { class: "cn-secret" },
      el("div", { class: "cn-field" }, el("label", { htmlFor: (source.id = freshId()) }, "Secret"), source),
      variable.root,
      typed.root,
    ),
  );
  const secretRow = /** @type {HTMLElement} */ (root.lastChild);
  function choose() {
    showSource();
    set("source", source.value);
  }
  function showSource() {
    const env = source.value === "env";
    variable.root.hidden = !env;
    typed.root.hidden = env;
    secretRow.classList.toggle("cn-typed", !env);
  }
  return {
    root,
    source: () => source.value,
    /** The control of the secret that is shown. */
    secret: () => (source.value === "env" ? variable.input : secret),
    /**
     * The text fields of all kinds. A field is made when the first state names it.
     * @param {any} state
     */
    texts(state) {
      for (const { name, label, url } of state.credentials) {
        if (texts.has(name)) continue;
        const title = label[0].toUpperCase() + label.slice(1);
        const field = url
          ? textField(title, name, "https://login.example.com/realms/bank", "url")
          : textField(title, name);
        texts.set(name, field);
        root.insertBefore(field.root, secretRow);
      }
      return [...texts.values(), variable];
    },
    fields: () => [
      ...texts.values(),
      {
        ...fromVariable,
        /** @param {any} state */
        remark(state) {
          paintRemark(variableRemark, variable.input, state.wrong.secret, state.doubtful.secret, state.plain.secret);
        },
      },
      typed,
    ],
    /**
     * @param {any} state
     * @param {{ kind: string, source?: string }} chosen what is chosen in this view
     */
    show(state, { kind, source: from = source.value }) {
      root.hidden = kind === "none";
      undisclosed.hidden = !state.undisclosed;
      for (const { name, kinds } of state.credentials) texts.get(name).root.hidden = !kinds.includes(kind);
      source.value = from;
      showSource();
      variable.input.placeholder = state.suggested;
      const label = state.secret_names[kind] ?? "secret";
      const name = label[0].toUpperCase() + label.slice(1);
      secretRow.querySelector("label")?.replaceChildren(name);
      typed.caption.textContent = state.has_secret ? `${name}, held; type to replace it` : `${name}, to type`;
      secret.placeholder = state.has_secret ? "•••••• held" : "";
    },
  };
}

/** @param {(message: any) => void} send */
function makeHeaders(send) {
  /** @type {Map<number, any>} */
  const rows = new Map();
  const box = el("div", { class: "cn-headers" });
  /** The rows that this view has made or removed, and that Python has not confirmed. */
  const made = new Set();
  const gone = new Set();
  // The row is there and focused before Python knows of it, so that no typed character gets lost.
  const add = button("Add a header", () => {
    const key = Math.floor(Math.random() * 2 ** 48) + 2 ** 20;
    made.add(key);
    put({ key, name: "", value: "", masked: false }).name.focus();
    send({ kind: "add_header", key });
  });
  const root = el("fieldset", { class: "cn-field" }, el("legend", {}, "Headers"), box, add);

  /** @param {any} header */
  function newRow(header) {
    const typing = slowly(TYPING_MS);
    const give = (/** @type {any} */ part) => send({ kind: "header", key: header.key, ...part });
    const name = el("input", {
      class: "cn-mono",
      "aria-label": "Name of the header",
      placeholder: "x-source",
      autocomplete: "off",
      spellcheck: "false",
      value: header.name,
      oninput: () => typing("name", () => give({ name: name.value })),
      onblur: () => typing.flush(),
    });
    const value = el("input", {
      class: "cn-mono",
      "aria-label": "Value of the header",
      placeholder: "value, or env:NAME",
      autocomplete: "off",
      spellcheck: "false",
      value: header.value,
      oninput: () => typing("value", () => give({ value: value.value })),
      onblur: () => typing.flush(),
    });
    const hint = el("div", { class: "cn-remark", id: freshId() });
    for (const input of [name, value]) input.setAttribute("aria-describedby", hint.id);
    const drop = button(
      "✕",
      () => {
        add.focus();
        typing.flush();
        gone.add(header.key);
        take(header.key);
        send({ kind: "drop_header", key: header.key });
      },
      { class: "cn-ghost" },
    );
    return { root: el("div", { class: "cn-header-row" }, name, value, drop, hint), name, value, drop, hint };
  }

  /** @param {any} header */
  function put(header) {
    const row = newRow(header);
    rows.set(header.key, row);
    box.append(row.root);
    row.drop.setAttribute("aria-label", "Remove the header without a name");
    return row;
  }

  /** @param {number} key */
  function take(key) {
    rows.get(key)?.root.remove();
    rows.delete(key);
  }

  return {
    root,
    /** @param {string | undefined} field */
    control: (field) => rows.get(Number(field?.replace("headers.", "")))?.name,
    /**
     * @param {any[]} headers
     * @param {any} state
     * @param {boolean} settled whether the state answers the latest message of this view
     */
    show(headers, state, settled) {
      const keys = new Set(headers.map((header) => header.key));
      for (const key of keys) made.delete(key);
      for (const key of gone) if (!keys.has(key)) gone.delete(key);
      for (const key of rows.keys()) if (!keys.has(key) && !made.has(key)) take(key);
      for (const header of headers.filter((each) => !gone.has(each.key))) {
        const row = rows.get(header.key) ?? put(header);
        row.drop.setAttribute("aria-label", `Remove the header ${header.name || "without a name"}`);
        // What another view has typed. Here nobody is typing in this control.
        for (const part of ["name", "value"]) {
          const input = row[part];
          if (settled && document.activeElement !== input && input.value !== header[part]) input.value = header[part];
        }
        // A secret is shown neither while it is typed nor afterwards.
        row.value.type = header.masked ? "password" : "text";
        row.value.placeholder = header.masked ? "•••••• held" : "value, or env:NAME";
        if (header.masked && document.activeElement !== row.value) row.value.value = "";
        const name = `headers.${header.key}`;
        paintRemark(row.hint, row.name, state.wrong[name], state.doubtful[name]);
      }
    },
    /** Each row has its own remarks. */
    remark() {},
  };
}

/** @param {() => void} replace */
function makePlan(replace) {
  const root = el("div", { class: "cn-plan", hidden: true });
  return {
    root,
    /**
     * @param {any} plan
     * @param {boolean} editing
     */
    show(plan, editing) {
      root.hidden = !plan;
      if (!plan) return;
      const rows = plan.changes.map((/** @type {any} */ change) =>
        el(
          "tr",
          { class: change.ignored ? "cn-ignored" : "" },
          el("th", { scope: "row" }, change.field),
          el("td", {}, change.before, el("span", { "aria-label": " becomes " }, " → "), change.after),
          el("td", {}, change.ignored ? pill("warning", change.effect) : change.effect),
        ),
      );
      const reasons = plan.changes.filter((/** @type {any} */ change) => change.reason);
      root.replaceChildren(
        el("h3", {}, editing ? "What this edit does" : "This id is registered already"),
        el("p", {}, plan.summary),
        rows.length
          ? el(
              "table",
              { class: "cn-table" },
              el("caption", { class: "cn-unseen" }, "What changes"),
              el("tr", {}, ...["Field", "Change", "Effect"].map((name) => el("th", { scope: "col" }, name))),
              ...rows,
            )
          : "",
        ...reasons.map((/** @type {any} */ change) =>
          el("div", { class: change.ignored ? "cn-note" : "cn-soft" }, el("b", {}, `${change.field}: `), change.reason),
        ),
        plan.replace
          ? el(
              "div",
              { class: "cn-note" },
              el("b", {}, "As one guarded step: "),
              "remove it, wait until it is gone, register it as filled in. Its observer continues at its position. ",
              button("Remove and register again", replace, { class: "cn-strong" }),
            )
          : "",
      );
    },
  };
}
