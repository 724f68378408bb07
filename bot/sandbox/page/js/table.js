// The table block: raw_text and rich_text cells; a wide table scrolls inside itself.
import { h } from "./dom.js";
import { renderRichText } from "./richtext.js";

export function renderTable(block, env) {
  const [first = [], ...rest] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  const row = (cells, tag) =>
    h("tr", null, cells.map((cell, i) => h(tag, { scope: tag === "th" ? "col" : null, class: cellClass(settings[i]) }, cellContent(cell, env))));
  const table = h("table", null, h("thead", null, row(first, "th")), h("tbody", null, rest.map((cells) => row(cells, "td"))));
  return h("div", { class: "table-scroll", tabindex: "0", role: "region", aria: { label: "Table" } }, table);
}

function cellClass(setting) {
  const align = ["left", "center", "right"].includes(setting?.align) ? `align-${setting.align}` : null;
  return [align, setting?.is_wrapped ? "wrapped" : null];
}

function cellContent(cell, env) {
  if (cell?.type === "rich_text") return renderRichText(cell, env.names);
  return String(cell?.text ?? "");
}
