// People without pictures: initials on a colour of their own, the same every time.
import { h } from "./dom.js";
import { emojiFor } from "./emoji.js";
import { svg } from "./dom.js";

const TINTS = 10;

function tintOf(seed) {
  let sum = 7;
  for (const char of String(seed).slice(0, 200)) sum = (sum * 31 + char.codePointAt(0)) >>> 0;
  return sum % TINTS;
}

/** "Ana Silva" → "AS"; a name without letters → its first character. */
export function initials(name) {
  const words = String(name ?? "").trim().split(/[\s@._-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = (word) => Array.from(word ?? "").find((char) => /[\p{L}\p{N}]/u.test(char)) ?? "";
  const picked = words.length > 1 ? first(words[0]) + first(words.at(-1)) : first(words[0]);
  return picked.toUpperCase() || "?";
}

/** @param {{id, real_name, name, is_bot}} user @param {"" | "small" | "tiny"} size */
export function avatar(user, size = "") {
  const name = user?.real_name || user?.name || "?";
  if (user?.icon_emoji) return h("span", { class: ["avatar", "bot", size], aria: { hidden: true } }, emojiFor(user.icon_emoji.replace(/:/g, "")) ?? initials(name));
  if (user?.is_bot) return h("span", { class: ["avatar", "bot", size], aria: { hidden: true } }, waves());
  return h("span", { class: ["avatar", `tint-${tintOf(user?.id ?? name)}`, size], aria: { hidden: true } }, initials(name));
}

function waves() {
  return svg("M3 9c3-2.6 6-2.6 9 0s6 2.6 9 0M3 15.5c3-2.6 6-2.6 9 0s6 2.6 9 0", 22);
}
