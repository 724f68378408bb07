// Radio buttons and checkboxes.
import { h, uid } from "./dom.js";
import { renderMrkdwn, renderPlain } from "./mrkdwn.js";

export function radioButtons(element, block, env) {
  const kept = env.values.get(block.block_id, element.action_id)?.selected_option ?? element.initial_option;
  if (kept) env.values.set(block.block_id, element.action_id, { type: element.type, selected_option: kept });
  const group = uid("radio");
  const pick = (option) => env.change(block, element, { type: element.type, selected_option: option });
  const choices = (element.options ?? []).map((option) =>
    choice(option, env, { type: "radio", name: group, checked: option.value === kept?.value, on: { change: () => pick(option) } }),
  );
  return h("div", { class: "choices", role: "radiogroup", aria: env.naming ?? { label: "Choices" } }, choices);
}

export function checkboxes(element, block, env) {
  const kept = env.values.get(block.block_id, element.action_id)?.selected_options ?? element.initial_options ?? [];
  const chosen = new Set(kept.map((option) => option.value));
  const current = () => (element.options ?? []).filter((option) => chosen.has(option.value));
  env.values.set(block.block_id, element.action_id, { type: element.type, selected_options: current() });
  const toggle = (option, on) => {
    if (on) chosen.add(option.value);
    else chosen.delete(option.value);
    env.change(block, element, { type: element.type, selected_options: current() });
  };
  const choices = (element.options ?? []).map((option) =>
    choice(option, env, { type: "checkbox", checked: chosen.has(option.value), on: { change: (e) => toggle(option, e.target.checked) } }),
  );
  return h("div", { class: "choices", role: "group", aria: { labelledby: env.naming?.labelledby, describedby: env.naming?.describedby } }, choices);
}

function choice(option, env, props) {
  const text = (object) => (object?.type === "mrkdwn" ? renderMrkdwn(object.text, env.names) : renderPlain(object?.text ?? ""));
  return h(
    "label", { class: "choice" },
    h("input", props),
    h("span", null, text(option.text), option.description ? h("small", null, text(option.description)) : null),
  );
}
