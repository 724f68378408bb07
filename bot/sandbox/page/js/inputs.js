// One-line and multi-line text, email, URL, number, date and time.
import { h } from "./dom.js";

const KIND = { email_text_input: "email", url_text_input: "url", number_input: "text" };

/** plain_text_input, email_text_input, url_text_input, number_input */
export function textInput(element, block, env) {
  const kept = env.values.get(block.block_id, element.action_id)?.value ?? element.initial_value ?? null;
  const store = (text) => env.values.set(block.block_id, element.action_id, { type: element.type, value: text === "" ? null : text });
  store(kept ?? "");
  const props = {
    class: "field-control", value: kept ?? "", placeholder: element.placeholder?.text, maxlength: element.max_length ?? null,
    aria: env.naming ?? { label: element.placeholder?.text ?? "Text" }, autocomplete: "off",
    autofocus: element.focus_on_load ? true : null,
    inputmode: element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : null,
  };
  const control = element.multiline ? h("textarea", { ...props, rows: "5" }) : h("input", { ...props, type: KIND[element.type] ?? "text" });
  const counter = lengthCounter(element, control);
  control.addEventListener("input", () => {
    store(control.value);
    counter?.update();
    if (wants(block, element, "on_character_entered")) send();
  });
  const send = () => env.act(block, element, { value: control.value });
  control.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && !element.multiline && wants(block, element, "on_enter_pressed")) {
      event.preventDefault();
      event.stopPropagation();
      send();
    }
  });
  return h("div", { class: "control" }, control, counter?.element);
}

function wants(block, element, trigger) {
  if (!block.dispatch_action) return false;
  return (element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"]).includes(trigger);
}

function lengthCounter(element, control) {
  if (!element.max_length) return null;
  const out = h("span", { class: "counter", aria: { hidden: true } });
  const update = () => {
    const left = element.max_length - control.value.length;
    out.textContent = left <= Math.max(20, element.max_length / 10) ? String(left) : "";
  };
  update();
  return { element: out, update };
}

const DATE = {
  datepicker: { type: "date", key: "selected_date", initial: "initial_date" },
  timepicker: { type: "time", key: "selected_time", initial: "initial_time" },
  datetimepicker: { type: "datetime-local", key: "selected_date_time", initial: "initial_date_time" },
};

/** datepicker, timepicker, datetimepicker: the browser's own controls, so they fit its language. */
export function dateInput(element, block, env) {
  const { type, key, initial } = DATE[element.type];
  const kept = env.values.get(block.block_id, element.action_id)?.[key] ?? element[initial] ?? null;
  env.values.set(block.block_id, element.action_id, { type: element.type, [key]: kept });
  const fromControl = (text) => (type === "datetime-local" && text ? Math.floor(new Date(text).getTime() / 1000) : text || null);
  const control = h("input", {
    type, class: "field-control", value: type === "datetime-local" ? localDateTime(kept) : kept ?? "",
    aria: env.naming ?? { label: element.placeholder?.text ?? { date: "Date", time: "Time" }[type] ?? "Date and time" },
    on: { change: () => env.change(block, element, { type: element.type, [key]: fromControl(control.value) }) },
  });
  return h("div", { class: "control" }, control);
}

function localDateTime(seconds) {
  if (!seconds) return "";
  const date = new Date(Number(seconds) * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
