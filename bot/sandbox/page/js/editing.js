// Changing an own message where it stands.
import { api } from "./api.js";
import { h } from "./dom.js";
import { unescape } from "./entities.js";
import { emit, names, store } from "./store.js";
import { attempt } from "./toast.js";

/** Slack's stored text → what a person would type: names instead of ids, no escapes. */
export function toTyped(text) {
  const plain = String(text ?? "").replace(/<([^<>\n]{1,4000})>/g, (whole, inner) => {
    const [target, label] = inner.split("|");
    if (target.startsWith("@")) return `@${store.users.find((user) => user.id === target.slice(1))?.name ?? label ?? target.slice(1)}`;
    if (target.startsWith("#")) return `#${names.channel(target.slice(1)) ?? label ?? target.slice(1)}`;
    if (target.startsWith("!")) return label ?? `@${target.slice(1)}`;
    return target.replace(/^mailto:/i, "");
  });
  return unescape(plain);
}

/** Puts a field in the place of the message's text until it is saved or given up. */
export function editInPlace(element, message, channel) {
  const text = element.querySelector(".message-text");
  if (!text || element.dataset.editing) return;
  element.dataset.editing = "true";
  const field = h("textarea", { class: "field-control edit-field", rows: "1", value: toTyped(message.text), aria: { label: "Edit message" }, testid: "edit-field" });
  const save = async () => {
    const done = await attempt(() => api.edit({ user: store.me, channel, ts: message.ts, text: field.value }));
    if (done) finish();
  };
  const finish = () => {
    delete element.dataset.editing;
    box.replaceWith(text);
    element.focus();
    emit("edited", message);
  };
  const box = h(
    "div", { class: "edit-box" }, field,
    h("div", { class: "row" },
      h("button", { type: "button", class: "button small", on: { click: finish } }, "Cancel"),
      h("button", { type: "button", class: "button small primary", on: { click: save } }, "Save")),
  );
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); finish(); }
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); save(); }
  });
  text.replaceWith(box);
  field.focus();
}
