// Where the person is, kept in the address: #/c/C1, #/c/C1/t/TS, #/home, #/mail, #/mail/ID,
// #/mail/write, #/mail/write/ID (answer that mail). So "back" works, also on a phone.
import { emit, store } from "./store.js";

/** @returns {{view: string, channel?: string, thread?: string, mail?: string, write?: boolean, focus?: string}} */
export function currentRoute() {
  const [view, a, b, c] = location.hash.replace(/^#\/?/, "").split("/").map(decode);
  if (view === "c" && a) return { view: "channel", channel: a, thread: b === "t" ? c : undefined };
  if (view === "home") return { view: "home" };
  if (view === "mail" && a === "write") return { view: "mail", write: true, mail: b || undefined };
  if (view === "mail") return { view: "mail", mail: a || undefined };
  return { view: "channel", channel: firstChannel() };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function firstChannel() {
  const usable = store.channels.filter((channel) => !channel.is_archived && !channel.is_im);
  return (usable.find((channel) => channel.bot_is_member) ?? usable[0])?.id;
}

export const hashFor = {
  channel: (id) => `#/c/${encodeURIComponent(id)}`,
  thread: (id, ts) => `#/c/${encodeURIComponent(id)}/t/${encodeURIComponent(ts)}`,
  home: () => "#/home",
  mail: (id) => (id ? `#/mail/${encodeURIComponent(id)}` : "#/mail"),
  write: (id) => (id ? `#/mail/write/${encodeURIComponent(id)}` : "#/mail/write"),
};

export function go(hash, { replace = false } = {}) {
  if (location.hash === hash) emit("route");
  else if (replace) {
    history.replaceState(null, "", hash);
    emit("route");
  } else location.hash = hash;
}

/** A permalink (/?channel=C…&ts=…&thread_ts=…) becomes a place of this page, once. */
export function adoptPermalink() {
  const query = new URLSearchParams(location.search);
  const channel = query.get("channel");
  if (!channel) return;
  const thread = query.get("thread_ts");
  history.replaceState(null, "", `/${thread ? hashFor.thread(channel, thread) : hashFor.channel(channel)}`);
  store.focusTs = query.get("ts");
}

export function listenToRoutes() {
  addEventListener("hashchange", () => emit("route"));
}
