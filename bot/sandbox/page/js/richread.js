// What stands in the little editor → a rich_text block. The counterpart of richtext.js.

const STYLE = { B: "bold", STRONG: "bold", I: "italic", EM: "italic", S: "strike", STRIKE: "strike", DEL: "strike", CODE: "code" };
const BLOCKS = new Set(["DIV", "P", "UL", "OL", "LI", "BLOCKQUOTE", "PRE"]);

/** @param {HTMLElement} field @returns {object|null} a rich_text block, or null when empty */
export function readRichText(field) {
  const out = [];
  readBlocks(field, out, 0);
  const parts = out.map(trimmed).filter((part) => part.elements.length);
  return parts.length ? { type: "rich_text", elements: parts } : null;
}

/** A section's last line break only parts it from the next block. */
function trimmed(part) {
  const elements = [...part.elements];
  const last = elements.at(-1);
  if (part.type === "rich_text_section" && last?.type === "text" && last.text.endsWith("\n")) {
    elements.pop();
    const text = last.text.replace(/\n+$/, "");
    if (text) elements.push({ ...last, text });
  }
  return { ...part, elements };
}

function readBlocks(parent, out, depth) {
  let section = null;
  const inSection = () => {
    if (!section) out.push((section = { type: "rich_text_section", elements: [] }));
    return section.elements;
  };
  for (const node of parent.childNodes) {
    if (!BLOCKS.has(node.nodeName)) readInline(node, {}, inSection());
    else if (["UL", "OL"].includes(node.nodeName)) {
      section = null;
      readList(node, out, indentOf(node, depth));
    } else if (node.nodeName === "BLOCKQUOTE" || node.nodeName === "PRE") {
      section = null;
      const type = node.nodeName === "PRE" ? "rich_text_preformatted" : "rich_text_quote";
      out.push({ type, elements: inlineOf(node) });
    } else if ([...node.childNodes].some((child) => BLOCKS.has(child.nodeName))) {
      section = null;
      readBlocks(node, out, depth);
    } else {
      const elements = inSection();
      if (elements.length && !endsLine(elements)) push(elements, { type: "text", text: "\n" });
      elements.push(...inlineOf(node));
      push(elements, { type: "text", text: "\n" });
    }
  }
}

const endsLine = (elements) => elements.at(-1)?.type === "text" && elements.at(-1).text.endsWith("\n");

function indentOf(list, depth) {
  const marked = /(?:^|\s)indent-(\d)/.exec(list.className);
  return marked ? Number(marked[1]) : depth;
}

function readList(list, out, indent) {
  const style = list.nodeName === "OL" ? "ordered" : "bullet";
  let run = null;
  for (const item of list.children) {
    if (["UL", "OL"].includes(item.nodeName)) {
      run = null;
      readList(item, out, indent + 1);
      continue;
    }
    if (!run) out.push((run = { type: "rich_text_list", style, indent, elements: [] }));
    const nested = [...item.children].filter((child) => ["UL", "OL"].includes(child.nodeName));
    run.elements.push({ type: "rich_text_section", elements: inlineOf(item, nested) });
    if (nested.length) {
      run = null;
      for (const inner of nested) readList(inner, out, indent + 1);
    }
  }
}

function inlineOf(parent, without = []) {
  const elements = [];
  for (const node of parent.childNodes) if (!without.includes(node)) readInline(node, {}, elements);
  if (endsLine(elements) && elements.at(-1).text === "\n") elements.pop();
  return elements;
}

function readInline(node, style, out) {
  if (node.nodeType === Node.TEXT_NODE) {
    const text = node.data.replace(/\u00a0/g, " ").replace(/\u200b/g, "");
    if (text) push(out, withStyle({ type: "text", text }, style));
  } else if (node.nodeName === "BR") push(out, { type: "text", text: "\n" });
  else if (node.dataset?.user) out.push({ type: "user", user_id: node.dataset.user });
  else if (node.dataset?.channel) out.push({ type: "channel", channel_id: node.dataset.channel });
  else if (node.nodeName === "A" && /^(?:https?|mailto):/i.test(node.getAttribute("href") ?? "")) {
    out.push(withStyle({ type: "link", url: node.getAttribute("href"), text: node.textContent }, style));
  } else {
    const inner = STYLE[node.nodeName] ? { ...style, [STYLE[node.nodeName]]: true } : style;
    for (const child of node.childNodes) readInline(child, inner, out);
  }
}

function withStyle(element, style) {
  return Object.keys(style).length ? { ...element, style } : element;
}

/** Neighbouring text of one style is one element. */
function push(out, element) {
  const last = out.at(-1);
  if (last?.type === "text" && JSON.stringify(last.style) === JSON.stringify(element.style)) last.text += element.text;
  else out.push(element);
}
