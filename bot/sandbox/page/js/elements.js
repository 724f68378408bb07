// Block elements (buttons, menus, inputs) → controls. Each keeps its value in env.values and tells
// the app through env.act, as Slack does: always in actions and sections, in inputs only with
// dispatch_action.
import { h } from "./dom.js";
import { button, overflow } from "./buttons.js";
import { checkboxes, radioButtons } from "./choices.js";
import { renderEditor } from "./editor.js";
import { fileInput } from "./fileinput.js";
import { dateInput, textInput } from "./inputs.js";
import { selectElement } from "./selects.js";

const SELECT = /^(?:multi_)?(?:static|external|users|conversations|channels)_select$/;

const RENDER = {
  button, workflow_button: button, overflow,
  radio_buttons: radioButtons, checkboxes,
  datepicker: dateInput, timepicker: dateInput, datetimepicker: dateInput,
  plain_text_input: textInput, email_text_input: textInput, url_text_input: textInput, number_input: textInput,
  rich_text_input: renderEditor, file_input: fileInput,
  image: (element) => h("span", { class: "remote-image" }, element.alt_text ?? ""),
};

/** @param element the Block Kit element @param block the block it stands in */
export function renderElement(element, block, env) {
  const known = { ...element, action_id: element.action_id ?? `${block.block_id}-action` };
  const render = SELECT.test(known.type ?? "") ? selectElement : RENDER[known.type];
  if (!render) return h("span", { class: "placeholder" }, `“${String(element.type)}” is not shown here`);
  const el = render(known, block, env);
  el.dataset.actionId = known.action_id;
  return el;
}
