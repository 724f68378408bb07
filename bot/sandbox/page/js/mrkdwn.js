// Slack's mrkdwn → DOM nodes. One pass marks what is opaque (code, <…>, emoji), then emphasis is
// paired by looking up the next closer, so a line of ten thousand asterisks costs no more than
// its length.
import { fragment, h } from "./dom.js";
import { emojiFor } from "./emoji.js";
import { entityNode, unescape } from "./entities.js";

const EMPHASIS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;

/**
 * @param {string} text as Slack stores it (&amp; &lt; &gt; escaped)
 * @param {{user, channel, usergroup}} names how ids become names
 */
export function renderMrkdwn(text, names, { emoji = true } = {}) {
  const out = fragment();
  for (const piece of splitFences(String(text ?? ""))) {
    if (piece.code !== undefined) out.append(h("pre", { class: "code-block", tabindex: "0" }, unescape(plainEntities(piece.code))));
    else renderQuotes(piece.text, out, names, emoji);
  }
  return out;
}

/** Slack's plain_text objects: only emoji names are more than text. */
export function renderPlain(text, { emoji = true } = {}) {
  if (!emoji) return fragment(String(text ?? ""));
  const parts = String(text ?? "").split(/(:[a-z0-9_+'-]{1,60}:)/);
  return fragment(parts.map((part) => (/^:.+:$/.test(part) && emojiFor(part.slice(1, -1))) || part));
}

function splitFences(text) {
  const pieces = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("```", at);
    const close = open < 0 ? -1 : text.indexOf("```", open + 3);
    if (close < 0) break;
    pieces.push({ text: text.slice(at, open).replace(/\n$/, "") });
    pieces.push({ code: text.slice(open + 3, close).replace(/^\n|\n$/g, "") });
    at = close + 3;
    if (text[at] === "\n") at += 1;
  }
  pieces.push({ text: text.slice(at) });
  return pieces.filter((piece) => piece.code !== undefined || piece.text);
}

/** Inside code Slack still resolves <url> to its address. */
function plainEntities(code) {
  return code.replace(/<(?:[^<>|\n]*\|)?([^<>|\n]*)>/g, "$1");
}

function renderQuotes(text, out, names, emoji) {
  const lines = text.split("\n");
  let plain = [];
  let quoted = [];
  const flush = () => {
    if (plain.length) out.append(renderInline(plain.join("\n"), names, emoji));
    if (quoted.length) out.append(h("blockquote", null, renderInline(quoted.join("\n"), names, emoji)));
    plain = [];
    quoted = [];
  };
  for (let i = 0; i < lines.length; i += 1) {
    const mark = /^(?:>>>|&gt;&gt;&gt;)\s?/.exec(lines[i]);
    const one = /^(?:>|&gt;)\s?/.exec(lines[i]);
    if (mark) {
      flush();
      quoted = [lines[i].slice(mark[0].length), ...lines.slice(i + 1)];
      break;
    }
    if (one) {
      if (plain.length) flush();
      quoted.push(lines[i].slice(one[0].length));
    } else {
      if (quoted.length) flush();
      plain.push(lines[i]);
    }
  }
  flush();
}

/** One run of text without quotes or fences. */
export function renderInline(text, names, emoji = true) {
  const opaque = findOpaque(text, names, emoji);
  const closers = findClosers(text, opaque);
  const out = fragment();
  walk({ text, opaque, closers }, 0, text.length, out, new Set());
  return out;
}

function findOpaque(text, names, emoji) {
  const opaque = new Map(); // start → {end, make}
  const pattern = /`([^`\n]+)`|<([^<>\n]{1,4000})>|:([a-z0-9_+'-]{1,60}(?:::skin-tone-[2-6])?):/g;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (match[1] !== undefined) {
      opaque.set(match.index, { end, make: () => h("code", null, unescape(plainEntities(match[1]))) });
    } else if (match[2] !== undefined) {
      opaque.set(match.index, { end, make: () => entityNode(match[2], names) });
    } else if (emoji && emojiFor(match[3])) {
      opaque.set(match.index, { end, make: () => h("span", { class: "emoji", title: match[0] }, emojiFor(match[3])) });
    }
  }
  return opaque;
}

function findClosers(text, opaque) {
  const closers = { "*": [], _: [], "~": [] };
  for (let i = 0; i < text.length; i += 1) {
    const hidden = opaque.get(i);
    if (hidden) i = hidden.end - 1;
    else if (EMPHASIS[text[i]] && isCloser(text, i)) closers[text[i]].push(i);
  }
  return closers;
}

const isCloser = (text, i) => i > 0 && !/\s/.test(text[i - 1]) && text[i - 1] !== text[i] && !(text[i + 1] && WORD.test(text[i + 1]));
const isOpener = (text, i) => !(i > 0 && WORD.test(text[i - 1])) && text[i + 1] !== undefined && !/\s/.test(text[i + 1]) && text[i + 1] !== text[i];

function nextCloser(positions, after, end) {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle] > after) high = middle;
    else low = middle + 1;
  }
  return low < positions.length && positions[low] < end ? positions[low] : -1;
}

function walk(run, from, to, out, inside) {
  let plainFrom = from;
  const flush = (until) => until > plainFrom && appendText(out, run.text.slice(plainFrom, until));
  for (let i = from; i < to; i += 1) {
    const hidden = run.opaque.get(i);
    if (hidden && hidden.end <= to) {
      flush(i);
      out.append(hidden.make());
      i = hidden.end - 1;
      plainFrom = hidden.end;
      continue;
    }
    const mark = run.text[i];
    if (!EMPHASIS[mark] || inside.has(mark) || !isOpener(run.text, i)) continue;
    const close = nextCloser(run.closers[mark], i + 1, to);
    if (close < 0 || lineBreakBetween(run, i, close)) continue;
    flush(i);
    const el = h(EMPHASIS[mark]);
    walk(run, i + 1, close, el, new Set([...inside, mark]));
    out.append(el);
    i = close;
    plainFrom = close + 1;
  }
  flush(to);
}

function lineBreakBetween(run, from, to) {
  const at = run.text.indexOf("\n", from);
  return at >= 0 && at < to;
}

/** Text with line breaks; entities decoded at the very end. */
function appendText(out, text) {
  text.split("\n").forEach((line, i) => {
    if (i) out.append(h("br"));
    if (line) out.append(unescape(line));
  });
}
