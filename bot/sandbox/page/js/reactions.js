// Reactions: pills under a message and the picker.
import { api } from "./api.js";
import { h } from "./dom.js";
import { GROUPS, USUAL, emojiFor, searchEmoji } from "./emoji.js";
import { iconButton } from "./icons.js";
import { openPopover } from "./popover.js";
import { findUser, shownName, store } from "./store.js";
import { attempt } from "./toast.js";

const COLUMNS = 8;

export function reactionBar(message, channel) {
  const bar = h("div", { class: "reactions", role: "group", aria: { label: "Reactions" } });
  for (const reaction of message.reactions) bar.append(pill(reaction, message, channel));
  bar.append(iconButton("smile", "Add a reaction", { class: "pill-add", on: { click: (e) => pickReaction(e.currentTarget, message, channel) } }, 16));
  return bar;
}

function pill(reaction, message, channel) {
  const mine = reaction.users?.includes(store.me);
  const who = (reaction.users ?? []).map((id) => (id === store.me ? "you" : shownName(findUser(id)) ?? id)).join(", ");
  const shown = emojiFor(reaction.name) ?? `:${reaction.name}:`;
  return h(
    "button",
    {
      type: "button", class: ["pill", mine && "mine"], testid: "reaction", data: { name: reaction.name },
      title: `${who} · :${reaction.name}:`, aria: { pressed: String(Boolean(mine)), label: `${reaction.name}, ${reaction.count}, ${who}` },
      on: { click: () => setReaction(message, channel, reaction.name, !mine) },
    },
    h("span", { class: "emoji" }, shown), h("span", { class: "count" }, String(reaction.count)),
  );
}

function setReaction(message, channel, name, on) {
  return attempt(() => api.react({ user: store.me, channel, ts: message.ts, name, on }));
}

export function pickReaction(anchor, message, channel) {
  openEmojiPicker(anchor, (name) => {
    const mine = message.reactions?.find((one) => one.name === name)?.users?.includes(store.me);
    setReaction(message, channel, name, !mine);
  });
}

/** @param {(name: string) => void} onPick */
export function openEmojiPicker(anchor, onPick) {
  const search = h("input", { type: "text", class: "field-control", placeholder: "Find an emoji", autocomplete: "off", aria: { label: "Find an emoji" } });
  const grid = h("div", { class: "emoji-groups" });
  const box = h("div", { class: "emoji-picker" }, search, grid);
  const choose = (name) => {
    surface.close();
    onPick(name);
  };
  const draw = () => {
    const typed = search.value.replace(/:/g, "").trim();
    const groups = typed ? [["found", searchEmoji(typed, 48)]] : [["usual", USUAL], ...GROUPS];
    grid.replaceChildren(...groups.map(([label, list]) => group(label, list, choose)));
    if (typed && !groups[0][1].length) grid.append(h("p", { class: "listbox-note" }, "No such emoji"));
  };
  draw();
  search.addEventListener("input", draw);
  box.addEventListener("keydown", (event) => onKey(event, grid, search));
  const surface = openPopover(anchor, box, { label: "Emoji", testid: "emoji-picker" });
  search.focus();
}

function group(label, list, choose) {
  const buttons = list.map((name) =>
    h("button", { type: "button", class: "emoji-choice", tabIndex: -1, title: `:${name}:`, aria: { label: name }, on: { click: () => choose(name) } }, emojiFor(name)));
  return h("div", { role: "group", aria: { label } }, h("div", { class: "listbox-group", aria: { hidden: true } }, label), h("div", { class: "emoji-grid" }, buttons));
}

function onKey(event, grid, search) {
  const all = [...grid.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: at < 0 ? 1 : COLUMNS, ArrowUp: -COLUMNS }[event.key];
  if (event.key === "Enter" && document.activeElement === search) {
    event.preventDefault();
    all[0]?.click();
  } else if (step && !(at < 0 && event.key !== "ArrowDown")) {
    event.preventDefault();
    const to = at + step;
    if (to < 0) search.focus();
    else all[Math.min(to, all.length - 1)]?.focus();
  }
}
