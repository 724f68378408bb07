// The rich_text_input element: a small editor. What is typed becomes a rich_text block.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { openPopover } from "./popover.js";
import { readRichText } from "./richread.js";
import { renderRichText } from "./richtext.js";

const TOOLS = [
  ["bold", "Bold", "bold"],
  ["italic", "Italic", "italic"],
  ["list", "Bulleted list", "insertUnorderedList"],
  ["ordered", "Numbered list", "insertOrderedList"],
];

export function renderEditor(element, block, env) {
  const kept = env.values.get(block.block_id, element.action_id)?.rich_text_value ?? element.initial_value ?? null;
  const field = h("div", {
    class: "editor-field", contenteditable: "true", role: "textbox", tabindex: "0", data: { placeholder: element.placeholder?.text },
    aria: { multiline: "true", ...(env.naming ?? { label: element.placeholder?.text ?? "Text" }) },
  });
  if (kept) field.append(...renderRichText(kept, env.names).childNodes);
  const store = () => {
    field.classList.toggle("is-empty", !field.textContent.trim() && !field.querySelector("li"));
    env.values.set(block.block_id, element.action_id, { type: element.type, rich_text_value: readRichText(field) });
  };
  store();
  field.addEventListener("input", store);
  field.addEventListener("paste", (event) => pasteAsText(event));
  field.addEventListener("keydown", (event) => onKey(event));
  return h("div", { class: "control editor" }, toolbar(field, store), field);
}

/** Only text is pasted: what other pages put on the clipboard stays outside. */
function pasteAsText(event) {
  event.preventDefault();
  document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
}

function onKey(event) {
  if (event.key !== "Tab" || !document.getSelection()?.anchorNode?.parentElement?.closest("li")) return;
  const command = event.shiftKey ? "outdent" : "indent";
  event.preventDefault();
  event.stopPropagation();
  document.execCommand(command);
}

function toolbar(field, store) {
  const tool = (name, label, press) =>
    h("button", {
      type: "button", class: "icon-button", title: label, aria: { label },
      on: { mousedown: (event) => event.preventDefault(), click: press },
    }, icon(name, 16));
  const command = (id) => () => {
    field.focus();
    document.execCommand(id);
    store();
  };
  return h(
    "div", { class: "editor-tools", role: "toolbar", aria: { label: "Format" } },
    TOOLS.map(([name, label, id]) => tool(name, label, command(id))),
    tool("link", "Link", (event) => askLink(event.currentTarget, field, store)),
  );
}

function askLink(anchor, field, store) {
  const selection = document.getSelection();
  const range = selection.rangeCount && field.contains(selection.anchorNode) ? selection.getRangeAt(0).cloneRange() : null;
  const address = h("input", { type: "url", class: "field-control", placeholder: "https://", aria: { label: "Address of the link" } });
  const apply = () => {
    const url = /^[a-z]+:/i.test(address.value) ? address.value : `https://${address.value}`;
    surface.close();
    if (!address.value.trim() || !/^(?:https?|mailto):/i.test(url) || !URL.canParse(url)) return;
    field.focus();
    if (range) restore(range);
    insertLink(url);
    store();
  };
  address.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), event.stopPropagation(), apply()));
  const surface = openPopover(anchor, h("div", { class: "link-form" }, address, h("button", { type: "button", class: "button primary", on: { click: apply } }, "Add link")), { label: "Add a link", keepFocus: true });
  address.focus();
}

function restore(range) {
  const selection = document.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

function insertLink(url) {
  const selection = document.getSelection();
  if (selection.isCollapsed) {
    const range = selection.getRangeAt(0);
    const anchor = h("a", { href: url }, url);
    range.insertNode(anchor);
    range.setStartAfter(anchor);
    range.collapse(true);
    restore(range);
  } else document.execCommand("createLink", false, url);
}
