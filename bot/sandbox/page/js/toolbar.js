// What can be done with a message: react, answer in its thread, edit, delete, message shortcuts.
import { api } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { h } from "./dom.js";
import { editInPlace } from "./editing.js";
import { icon, iconButton } from "./icons.js";
import { openMenu } from "./popover.js";
import { pickReaction } from "./reactions.js";
import { go, hashFor } from "./router.js";
import { emit, store } from "./store.js";
import { attempt } from "./toast.js";

export function toolbar(message, { place, channel, element }) {
  const bar = h("div", { class: "message-tools", role: "toolbar", aria: { label: "What to do with this message" } });
  if (message._ephemeral) {
    bar.append(iconButton("close", "Dismiss", { on: { click: () => dismiss(message) } }));
    return bar;
  }
  const mine = message.user === store.me && !message.bot_id;
  bar.append(iconButton("smile", "Add a reaction", { aria: { haspopup: "dialog" }, on: { click: (e) => pickReaction(e.currentTarget, message, channel) } }));
  if (place === "channel") {
    bar.append(iconButton("thread", "Reply in thread", { on: { click: () => go(hashFor.thread(channel, message.thread_ts ?? message.ts)) } }));
  }
  if (mine) bar.append(iconButton("edit", "Edit", { on: { click: () => editInPlace(element, message, channel) } }));
  bar.append(iconButton("more", "More actions", { aria: { haspopup: "menu", expanded: "false" }, on: { click: (e) => openMore(e.currentTarget, message, channel, mine) } }));
  element.addEventListener("keydown", (event) => onKey(event, { message, place, channel, element, mine }));
  return bar;
}

function dismiss(message) {
  return attempt(async () => {
    await api.dismiss(store.me, message.ts);
    emit("dismissed", message);
  });
}

function openMore(anchor, message, channel, mine) {
  const shortcuts = store.app.shortcuts.filter((one) => one.type === "message").map((one) => ({
    label: one.name, detail: store.app.name, icon: icon("bolt", 16),
    run: () => attempt(() => api.shortcut({ user: store.me, callback_id: one.callback_id, channel, ts: message.ts })),
  }));
  const entries = [
    { label: "Copy text", icon: icon("file", 16), run: () => navigator.clipboard?.writeText(message.text ?? "").catch(() => {}) },
    ...shortcuts,
  ];
  if (mine) entries.push({ label: "Delete message", icon: icon("trash", 16), danger: true, run: () => remove(message, channel) });
  openMenu(anchor, "Message actions", entries);
}

async function remove(message, channel) {
  const sure = await confirmDialog({ title: "Delete message", body: "Delete this message? This cannot be undone.", confirm: "Delete", danger: true });
  if (sure) await attempt(() => api.remove({ user: store.me, channel, ts: message.ts }));
}

/** On the focused message: Enter or T opens the thread, R reacts, E edits. */
function onKey(event, { message, place, channel, element, mine }) {
  if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if ((key === "enter" || key === "t") && place === "channel") go(hashFor.thread(channel, message.thread_ts ?? message.ts));
  else if (key === "r") pickReaction(element.querySelector(".message-tools button"), message, channel);
  else if (key === "e" && mine) editInPlace(element, message, channel);
  else return;
  event.preventDefault();
}
