// rich_text blocks → DOM nodes.
import { fragment, h, link } from "./dom.js";
import { emojiFor, fromUnicodeField } from "./emoji.js";
import { broadcast, channelMention, dateNode, userMention, usergroupMention } from "./entities.js";

const MAX_INDENT = 8;

/** @param {{elements: object[]}} block @param names how ids become names */
export function renderRichText(block, names) {
  const body = h("div", { class: "rich-text" });
  for (const element of block.elements ?? []) body.append(renderPart(element, names));
  return body;
}

function renderPart(part, names) {
  switch (part.type) {
    case "rich_text_section":
      return h("div", { class: "rich-section" }, inlineAll(part.elements, names));
    case "rich_text_list":
      return renderList(part, names);
    case "rich_text_quote":
      return h("blockquote", null, inlineAll(part.elements, names));
    case "rich_text_preformatted":
      return h("pre", { class: "code-block", tabindex: "0" }, inlineAll(part.elements, names));
    default:
      return h("div", { class: "placeholder" }, `(${String(part.type)})`);
  }
}

function renderList(part, names) {
  const ordered = part.style === "ordered";
  const indent = Math.min(Math.max(Number(part.indent) || 0, 0), MAX_INDENT);
  const list = h(ordered ? "ol" : "ul", {
    class: ["rich-list", `indent-${indent}`, `depth-${indent % 3}`, part.border ? "bordered" : null],
    start: ordered ? (Number(part.offset) || 0) + 1 : null,
    dir: "auto", // from its own words: Arabic and Hebrew have the marks on the right
  });
  for (const item of part.elements ?? []) list.append(h("li", null, inlineAll(item.elements, names)));
  return list;
}

function inlineAll(elements, names) {
  return fragment((elements ?? []).map((element) => renderInlineElement(element, names)));
}

function renderInlineElement(element, names) {
  const style = element.style ?? {};
  switch (element.type) {
    case "text":
      return styled(textWithBreaks(element.text), style);
    case "link":
      return styled(link(element.url, element.text || String(element.url ?? "").replace(/^mailto:/i, "")), style);
    case "emoji":
      return emojiNode(element);
    case "user":
      return styled(userMention(element.user_id, names), style);
    case "usergroup":
      return styled(usergroupMention(element.usergroup_id, names), style);
    case "channel":
      return styled(channelMention(element.channel_id, names), style);
    case "broadcast":
      return styled(broadcast(element.range), style);
    case "team":
      return h("span", { class: "mention" }, "@team");
    case "date":
      return styled(dateNode(element.timestamp, element.format ?? "{date}", element.fallback, element.url), style);
    case "color":
      return colorNode(element.value);
    default:
      return textWithBreaks(element.text ?? "");
  }
}

function textWithBreaks(text) {
  return fragment(String(text ?? "").split("\n").map((line, i) => (i ? [h("br"), line] : line)));
}

function styled(node, style) {
  let out = node;
  if (style.code) out = h("code", null, out);
  if (style.strike) out = h("s", null, out);
  if (style.underline) out = h("u", null, out);
  if (style.italic) out = h("em", null, out);
  if (style.bold) out = h("strong", null, out);
  return out;
}

function emojiNode(element) {
  const shown = fromUnicodeField(element.unicode) ?? emojiFor(element.name);
  return shown ? h("span", { class: "emoji", title: `:${element.name}:` }, shown) : `:${element.name}:`;
}

function colorNode(value) {
  const text = String(value ?? "");
  const swatch = h("span", { class: "swatch", aria: { hidden: true } });
  if (/^#[0-9a-f]{3,8}$/i.test(text)) swatch.style.backgroundColor = text;
  return h("span", { class: "color" }, swatch, text);
}
