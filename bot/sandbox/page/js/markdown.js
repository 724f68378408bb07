// The `markdown` block: the everyday part of Markdown, to DOM nodes. HTML in it stays text.
import { fragment, h, link } from "./dom.js";
import { renderPlain } from "./mrkdwn.js";

const MAX_DEPTH = 6;

/** @param {string} text */
export function renderMarkdown(text) {
  const lines = String(text ?? "").split("\n");
  const out = h("div", { class: "markdown" });
  for (let at = 0; at < lines.length; ) at = takeBlock(lines, at, out);
  return out;
}

const TAKERS = [takeBlank, takeFence, takeHeading, takeRule, takeQuote, takeTable, takeList, takeParagraph];

function takeBlock(lines, at, out) {
  for (const taker of TAKERS) {
    const next = taker(lines, at, out);
    if (next > at) return next;
  }
  return at + 1;
}

function takeBlank(lines, at) {
  return lines[at].trim() ? at : at + 1;
}

function takeFence(lines, at, out) {
  if (!lines[at].startsWith("```")) return at;
  let end = at + 1;
  while (end < lines.length && !lines[end].startsWith("```")) end += 1;
  out.append(h("pre", { class: "code-block", tabindex: "0" }, lines.slice(at + 1, end).join("\n")));
  return end + 1;
}

function takeHeading(lines, at, out) {
  const match = /^(#{1,6}) (.*)$/.exec(lines[at]);
  if (!match) return at;
  const level = Math.min(match[1].length + 2, 6); // the page's own headings come first
  out.append(h(`h${level}`, { class: `md-h${match[1].length}` }, inline(match[2])));
  return at + 1;
}

function takeRule(lines, at, out) {
  if (!/^ {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/.test(lines[at])) return at;
  out.append(h("hr"));
  return at + 1;
}

function takeQuote(lines, at, out) {
  let end = at;
  while (end < lines.length && lines[end].startsWith(">")) end += 1;
  if (end > at) {
    const inner = lines.slice(at, end).map((line) => line.replace(/^> ?/, ""));
    out.append(h("blockquote", null, inner.map((line, i) => [i ? h("br") : null, inline(line)])));
  }
  return end;
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

function takeTable(lines, at, out) {
  if (!lines[at].includes("|") || !/^[\s|:-]{3,2000}$/.test(lines[at + 1] ?? "") || !lines[at + 1].includes("-")) return at;
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const head = h("tr", null, cells(lines[at]).map((cell) => h("th", { scope: "col" }, inline(cell))));
  const body = lines.slice(at + 2, end).map((line) => h("tr", null, cells(line).map((cell) => h("td", null, inline(cell)))));
  const table = h("table", null, h("thead", null, head), h("tbody", null, body));
  out.append(h("div", { class: "table-scroll", tabindex: "0", role: "region", aria: { label: "Table" } }, table));
  return end;
}

const ITEM = /^(\s{0,40})(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;

function takeList(lines, at, out) {
  let end = at;
  const stack = [];
  while (end < lines.length) {
    const match = ITEM.exec(lines[end]);
    if (!match) break;
    const width = match[1].length;
    while (stack.length && stack.at(-1).width > width) stack.pop();
    if (!stack.length || (stack.at(-1).width < width && stack.length < MAX_DEPTH)) {
      const list = h(match[2] ? "ol" : "ul", { start: match[2] && match[2] !== "1" ? match[2] : null });
      (stack.at(-1)?.list.lastElementChild ?? out).append(list);
      stack.push({ width, list });
    }
    stack.at(-1).list.append(h("li", null, inline(match[3])));
    end += 1;
  }
  return end;
}

function takeParagraph(lines, at, out) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !/^(?:#{1,6} |```|>|\s{0,40}(?:[-*+]|\d{1,9}[.)])\s)/.test(lines[end])) end += 1;
  out.append(h("p", null, lines.slice(at, end).map((line, i) => [i ? h("br") : null, inline(line)])));
  return end;
}

const INLINE =
  /`([^`]{1,4000})`|\*\*([^*]{1,4000})\*\*|__([^_]{1,4000})__|~~([^~]{1,4000})~~|\*([^*\s][^*]{0,4000})\*|(?<!\w)_([^_\s][^_]{0,4000})_(?!\w)|\[([^\]]{1,1000})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>()]{1,2000})/g;

function inline(text, depth = 0) {
  if (depth > 3) return fragment(text);
  const out = fragment();
  let at = 0;
  for (const m of text.matchAll(INLINE)) {
    out.append(renderPlain(text.slice(at, m.index)), inlineNode(m, depth));
    at = m.index + m[0].length;
  }
  out.append(renderPlain(text.slice(at)));
  return out;
}

function inlineNode(m, depth) {
  if (m[1] !== undefined) return h("code", null, m[1]);
  const bold = m[2] ?? m[3];
  if (bold !== undefined) return h("strong", null, inline(bold, depth + 1));
  if (m[4] !== undefined) return h("s", null, inline(m[4], depth + 1));
  const italic = m[5] ?? m[6];
  if (italic !== undefined) return h("em", null, inline(italic, depth + 1));
  if (m[7] !== undefined) return link(m[8], inline(m[7], depth + 1));
  return link(m[9]);
}
