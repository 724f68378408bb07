// The stack of open modals, as the app opened, pushed and updated them.
import { api } from "./api.js";
import { renderBlocks, renderText } from "./blocks.js";
import { openDialog } from "./dialog.js";
import { fill, h } from "./dom.js";
import { makeEnv } from "./env.js";
import { coalesced } from "./events.js";
import { iconButton } from "./icons.js";
import { on, store } from "./store.js";
import { Values, validate } from "./values.js";

let open = null; // {dialog, view, env, signature, fields}
const kept = new Map(); // view id → Values

export function startModals() {
  const sync = coalesced(syncViews);
  on("event", (event) => event.type.startsWith("view_") && sync());
  on("reconnected", sync);
  on("person", sync);
  sync();
}

async function syncViews() {
  let views;
  try {
    ({ views } = await api.views(store.me));
  } catch {
    return; // the connection is gone; the next event brings us here again
  }
  for (const id of kept.keys()) if (!views.some((view) => view.id === id)) kept.delete(id);
  const top = views.at(-1);
  if (!top) closeDialog();
  else show(top, views.length);
}

function closeDialog() {
  open?.dialog.close();
  open = null;
}

function show(view, depth) {
  const signature = JSON.stringify([view.id, view.hash, view.blocks, view.title, view.submit, view.close, depth]);
  if (open?.signature === signature) return;
  const dialog = open?.dialog ?? openDialog({ title: "", testid: "modal", onEscape: () => leave(false) });
  const same = open?.view.id === view.id;
  const focus = same ? focusedField(dialog) : null;
  if (!kept.has(view.id)) kept.set(view.id, new Values());
  const values = kept.get(view.id);
  values.keepOnly(view.blocks);
  open = { dialog, view, signature, depth, values };
  draw(dialog, view, depth, values);
  if (!restoreFocus(dialog, focus)) firstFocus(dialog);
}

function draw(dialog, view, depth, values) {
  dialog.setTitle(view.title?.text ?? "");
  dialog.element.dataset.viewId = view.id;
  dialog.element.dataset.callbackId = view.callback_id ?? "";
  for (const old of dialog.head.querySelectorAll(".icon-button")) old.remove();
  if (depth > 1) dialog.head.prepend(iconButton("back", "Back", { on: { click: () => leave(false) } }));
  dialog.head.append(iconButton("close", "Close", { on: { click: () => leave(true) } }));
  open.env = makeEnv("modal", () => ({ view_id: view.id }), values);
  const form = h("form", { class: "modal-form", novalidate: true, on: { submit: (event) => { event.preventDefault(); submit(); } } });
  form.append(renderBlocks(view.blocks, open.env));
  if (view.submit || hasInputs(view)) form.append(h("button", { type: "submit", class: "visually-hidden", tabIndex: -1, aria: { hidden: "true" } }, "Submit"));
  fill(dialog.body, h("p", { class: "modal-error", role: "alert", hidden: true }), form);
  fill(dialog.foot, footButtons(view, open.env));
  dialog.foot.hidden = !dialog.foot.children.length;
}

const hasInputs = (view) => (view.blocks ?? []).some((block) => block.type === "input");

function footButtons(view, env) {
  const close = h("button", { type: "button", class: "button", testid: "modal-close", on: { click: () => leave(false) } }, renderText(view.close ?? { type: "plain_text", text: "Cancel" }, env));
  if (!view.submit && !hasInputs(view)) return [close];
  const label = view.submit ?? { type: "plain_text", text: "Submit" };
  return [close, h("button", { type: "button", class: "button primary", testid: "modal-submit", on: { click: () => submit() } }, renderText(label, env))];
}

async function leave(clear) {
  if (!open) return;
  const { view, depth } = open;
  if (depth === 1 || clear) closeDialog();
  try {
    await api.closeView(view.id, store.me, clear || undefined);
  } catch {
    // the app may be away; for the person the window is closed all the same
  }
  await syncViews();
}

async function submit() {
  if (!open || open.busy) return;
  const { view, values } = open;
  if (showErrors(ownErrors(view, values))) return;
  setBusy(true);
  let answer;
  try {
    answer = await api.submitView(view.id, store.me, values.toState());
  } catch (error) {
    setBusy(false);
    return showTrouble(error.message);
  }
  setBusy(false);
  if (answer.response_action === "errors") showErrors(answer.errors ?? {});
  else await syncViews();
}

function setBusy(busy) {
  if (!open) return;
  open.busy = busy;
  const button = open.dialog.foot.querySelector(".primary");
  button?.toggleAttribute("aria-busy", false);
  if (busy) button?.setAttribute("aria-busy", "true");
  else button?.removeAttribute("aria-busy");
}

function ownErrors(view, values) {
  const errors = {};
  for (const block of view.blocks ?? []) {
    if (block.type !== "input") continue;
    const sentence = validate(block, values.get(block.block_id, block.element?.action_id));
    if (sentence) errors[block.block_id] = sentence;
  }
  return errors;
}

/** Sentences under their fields. @returns {boolean} whether there was one */
function showErrors(errors) {
  const { dialog } = open;
  let first = null;
  showTrouble(null);
  for (const el of dialog.body.querySelectorAll(".input-block")) {
    const sentence = errors[el.dataset.blockId];
    const line = el.querySelector(".field-error");
    line.textContent = sentence ?? "";
    line.hidden = !sentence;
    el.classList.toggle("invalid", Boolean(sentence));
    const field = el.querySelector("input,textarea,[contenteditable],button");
    if (sentence) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
    if (sentence) first ??= field;
  }
  const known = new Set([...dialog.body.querySelectorAll(".input-block")].map((el) => el.dataset.blockId));
  const elsewhere = Object.keys(errors).filter((id) => !known.has(id)).map((id) => errors[id]);
  if (elsewhere.length) showTrouble(elsewhere.join(" "));
  first?.focus();
  return Object.keys(errors).length > 0;
}

function showTrouble(sentence) {
  const line = open?.dialog.body.querySelector(".modal-error");
  if (!line) return;
  line.textContent = sentence ?? "";
  line.hidden = !sentence;
}

function focusedField(dialog) {
  const el = document.activeElement;
  const owner = el?.closest?.("[data-action-id]");
  if (!owner || !dialog.element.contains(el)) return null;
  const block = el.closest("[data-block-id]")?.dataset.blockId;
  return { block, action: owner.dataset.actionId, start: el.selectionStart, end: el.selectionEnd };
}

function restoreFocus(dialog, focus) {
  if (!focus) return false;
  const owner = dialog.body.querySelector(`[data-block-id="${CSS.escape(focus.block ?? "")}"] [data-action-id="${CSS.escape(focus.action)}"]`);
  const field = owner?.matches("button,a") ? owner : owner?.querySelector("input,textarea,button,[contenteditable]");
  if (!field) return false;
  field.focus();
  if (focus.start != null && /^(?:text|url)$/.test(field.type ?? "")) field.setSelectionRange(focus.start, focus.end);
  return true;
}

function firstFocus(dialog) {
  const wanted = dialog.body.querySelector("[autofocus]") ?? dialog.body.querySelector("input:not([type=hidden]),textarea,[contenteditable],.select");
  (wanted ?? dialog.foot.querySelector(".primary") ?? dialog.foot.querySelector("button") ?? dialog.head.querySelector("button"))?.focus();
}
