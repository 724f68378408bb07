// What stands between < and > in Slack's text: mentions, channels, dates and links.
import { h, link } from "./dom.js";
import { formatDateTokens, fullTime, toDate } from "./time.js";

/** &amp; &lt; &gt;: the only three escapes that Slack knows. */
export function unescape(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/** @param {string} inner the text between < and > */
export function entityNode(inner, names) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? null : unescape(inner.slice(bar + 1));
  if (/^@[UW]/.test(target)) return userMention(target.slice(1), names, label);
  if (/^#[CG]/.test(target)) return channelMention(target.slice(1), names, label);
  if (target.startsWith("!")) return special(target.slice(1), label, names);
  const address = unescape(target);
  if (bar < 0 && !/^[a-z][a-z0-9+.-]{1,20}:/i.test(address)) return document.createTextNode(unescape(`<${inner}>`));
  return link(address, label ?? address.replace(/^mailto:/i, ""));
}

export function userMention(id, names, label = null) {
  return h("span", { class: ["mention", id === names.me && "mention-me"], data: { user: id } }, `@${names.user(id) ?? label ?? id}`);
}

export function channelMention(id, names, label = null) {
  const name = names.channel(id) ?? label ?? id;
  return h("a", { class: "mention", href: `#/c/${encodeURIComponent(id)}`, data: { channel: id } }, `#${name}`);
}

export function broadcast(range) {
  return h("span", { class: "mention mention-all" }, `@${range}`);
}

export function usergroupMention(id, names, label = null) {
  return h("span", { class: "mention" }, names.usergroup?.(id) ?? label ?? "@group");
}

/** A moment in the reader's own time zone; linked where the sender gave an address. */
export function dateNode(seconds, format, fallback, url) {
  const shown = formatDateTokens(seconds, format, fallback) || fallback || "";
  const tag = h("time", { datetime: toDate(seconds).toISOString(), title: fullTime(seconds) }, shown);
  return url ? link(url, tag) : tag;
}

function special(command, label, names) {
  const [name, ...rest] = command.split("^");
  if (["channel", "here", "everyone"].includes(name)) return broadcast(name);
  if (name === "subteam") return usergroupMention(rest[0], names, label);
  if (name === "date") return dateNode(rest[0], unescape(rest[1] ?? "{date}"), label, rest[2] && unescape(rest[2]));
  return h("span", { class: "mention" }, label ?? `@${name}`);
}
