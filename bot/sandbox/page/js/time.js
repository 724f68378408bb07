// Times as people read them: local, short, with the full date one hover away.
import { h } from "./dom.js";

const LOCALE = undefined; // the browser's own
const clock = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short" });
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "medium" });
const shortDay = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const yearDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

/** A Slack ts ("1730000000.000100"), epoch seconds, or an ISO text → Date (now when unreadable). */
export function toDate(when) {
  if (when instanceof Date) return when;
  const text = String(when ?? "");
  const date = /^\d+(\.\d+)?$/.test(text) ? new Date(Number(text) * 1000) : new Date(text);
  return Number.isNaN(date.getTime()) ? new Date() : date;
}

export const clockTime = (when) => clock.format(toDate(when));
export const fullTime = (when) => full.format(toDate(when));

/** The key that changes at local midnight. */
export function dayKey(when) {
  const d = toDate(when);
  return `${d.getFullYear()}-${d.getMonth()}-${d.getDate()}`;
}

/** "Today", "Yesterday", "Monday, 3 June" … */
export function dayName(when) {
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(when) === dayKey(now)) return "Today";
  if (dayKey(when) === dayKey(yesterday)) return "Yesterday";
  return (toDate(when).getFullYear() === now.getFullYear() ? longDay : yearDay).format(toDate(when));
}

/** "just now", "2 min ago", "3 h ago", "yesterday", "3 Jun" */
export function ago(when, now = new Date()) {
  const minutes = Math.floor((now - toDate(when)) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  if (minutes < 48 * 60) return "yesterday";
  return shortDay.format(toDate(when));
}

/** The time today, the day before that: for lists. */
export function listTime(when) {
  return dayKey(when) === dayKey(new Date()) ? clockTime(when) : shortDay.format(toDate(when));
}

export function timeTag(when, text, props = {}) {
  return h("time", { datetime: toDate(when).toISOString(), title: fullTime(when), ...props }, text);
}

const TOKENS = {
  date_num: (d) => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`,
  date: (d) => d.toLocaleDateString(LOCALE, { year: "numeric", month: "long", day: "numeric" }),
  date_short: (d) => d.toLocaleDateString(LOCALE, { year: "numeric", month: "short", day: "numeric" }),
  date_long: (d) => d.toLocaleDateString(LOCALE, { weekday: "long", year: "numeric", month: "long", day: "numeric" }),
  day_divider_pretty: (d) => dayName(d),
  time: (d) => clock.format(d),
  time_secs: (d) => d.toLocaleTimeString(LOCALE),
  ago: (d) => ago(d),
};

/** Slack's date format, e.g. "{date_short_pretty} at {time}", for epoch seconds. */
export function formatDateTokens(seconds, format, fallback = "") {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  return String(format).replace(/\{([a-z_]{1,30})\}/g, (whole, name) => {
    if (TOKENS[name]) return TOKENS[name](date);
    const plain = name.replace(/_pretty$/, "");
    if (!TOKENS[plain]) return whole;
    const near = dayName(date);
    return near === "Today" || near === "Yesterday" ? near.toLowerCase() : TOKENS[plain](date);
  });
}

/** Bytes → "84 kB" */
export function fileSize(bytes) {
  const n = Number(bytes) || 0;
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${Math.round(n / 1000)} kB`;
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} MB`;
}
