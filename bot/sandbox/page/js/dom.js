// The only place that makes elements. Text goes in as text nodes: nothing here parses markup,
// so what a stranger wrote can never become an element.

const AS_PROPERTY = new Set([
  "value", "checked", "disabled", "hidden", "selected", "multiple", "readOnly", "htmlFor", "tabIndex", "open",
]);
const SVG = "http://www.w3.org/2000/svg";

/**
 * h("p", {class: "quiet", on: {click}, data: {ts}, aria: {label}}, "text", node, [nodes], null)
 * Attributes that are null, undefined or false are left out.
 */
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(el, name, value);
  append(el, children);
  return el;
}

function setProp(el, name, value) {
  if (value === null || value === undefined) return;
  if (name === "class") el.className = [value].flat().filter(Boolean).join(" ");
  else if (name === "on") for (const [type, fn] of Object.entries(value)) el.addEventListener(type, fn);
  else if (name === "data") for (const [key, v] of Object.entries(value)) v != null && (el.dataset[key] = v);
  else if (name === "aria") for (const [key, v] of Object.entries(value)) v != null && el.setAttribute(`aria-${key}`, String(v));
  else if (name === "testid") el.dataset.testid = value;
  else if (AS_PROPERTY.has(name)) el[name] = value;
  else if (value !== false) el.setAttribute(name, value === true ? "" : String(value));
}

/** Appends nodes, strings and (nested) arrays of them; null and false are skipped. */
export function append(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return parent;
}

/** Replaces all children. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return append(parent, children);
}

export function fragment(...children) {
  return append(document.createDocumentFragment(), children);
}

/** A stroke icon from path data; decoration only, the button around it carries the name. */
export function svg(paths, size = 20) {
  const el = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 1.8,
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false",
  };
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, String(value));
  for (const d of [paths].flat()) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    el.append(path);
  }
  return el;
}

const SAFE_LINK = /^(?:https?:\/\/|mailto:|tel:)/i;

/** A link that opens beside the page, or plain text where the address is not one we follow. */
export function link(href, ...children) {
  const address = String(href ?? "").trim();
  if (!SAFE_LINK.test(address) || !URL.canParse(address)) return h("span", null, ...(children.length ? children : [address]));
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...(children.length ? children : [address]));
}

let counter = 0;
/** An id that no other element of this page has. */
export function uid(prefix = "u") {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** What Tab can reach inside `root`, in order. */
export function focusable(root) {
  const all = root.querySelectorAll(
    'a[href],button:not([disabled]),input:not([disabled]),select:not([disabled]),textarea:not([disabled]),[contenteditable="true"],[tabindex]:not([tabindex="-1"])',
  );
  return [...all].filter((el) => el.checkVisibility?.() ?? true);
}
