// The list that a select menu opens: a search field where there are many, arrow keys, Enter, Esc.
import { fill, h, uid } from "./dom.js";
import { openPopover } from "./popover.js";
import { avatar } from "./avatar.js";

const SEARCH_FROM = 8;

/**
 * @param {HTMLElement} anchor
 * @param {{label: string, load: (query: string) => groups | Promise<groups>, isChosen, onPick, multi?, clearable?}} options
 *   onPick(raw | null) returns true when the list should close.
 */
export function openListbox(anchor, options) {
  if (anchor.getAttribute("aria-expanded") === "true") return;
  const list = h("div", { class: "listbox", role: "listbox", id: uid("list"), tabIndex: -1, aria: { label: options.label, multiselectable: options.multi ? "true" : null } });
  const search = h("input", {
    type: "text", class: "field-control listbox-search", placeholder: "Search", role: "combobox", autocomplete: "off",
    aria: { label: `Search ${options.label}`, controls: list.id, expanded: "true", autocomplete: "list" },
  });
  const box = h("div", { class: "listbox-wrap" }, search, list);
  const run = { options, list, search, items: [], active: -1, asked: 0, surface: null };
  anchor.setAttribute("aria-expanded", "true");
  anchor.setAttribute("aria-controls", list.id);
  run.surface = openPopover(anchor, box, { label: options.label, matchWidth: true, onClose: () => anchor.setAttribute("aria-expanded", "false") });
  search.addEventListener("input", () => draw(run));
  box.addEventListener("keydown", (event) => onKey(run, event));
  search.focus();
  draw(run, true);
}

async function draw(run, first = false) {
  const turn = (run.asked += 1);
  let groups;
  try {
    groups = await run.options.load(run.search.value);
  } catch (error) {
    groups = [{ items: [], note: error.message }];
  }
  if (turn !== run.asked || !run.list.isConnected) return;
  const count = groups.reduce((sum, group) => sum + group.items.length, 0);
  if (first && count < SEARCH_FROM && !groups.some((group) => group.note)) run.search.classList.add("visually-hidden");
  run.items = [];
  fill(run.list, run.options.clearable ? optionRow(run, { raw: null, label: "Clear the choice" }) : null, groups.map((group) => drawGroup(run, group)));
  const note = groups.find((group) => group.note)?.note ?? (count ? null : "Nothing fits");
  if (note) run.list.append(h("p", { class: "listbox-note" }, note));
  const chosen = run.items.findIndex((item) => item.raw !== null && run.options.isChosen(item.raw));
  activate(run, first && chosen >= 0 ? chosen : Math.min(Math.max(run.active, 0), run.items.length - 1));
  run.surface.reposition();
}

function drawGroup(run, group) {
  if (!group.items.length) return null;
  const rows = group.items.map((item) => optionRow(run, item));
  if (!group.label) return rows;
  return h("div", { role: "group", aria: { label: group.label } }, h("div", { class: "listbox-group", aria: { hidden: true } }, group.label), rows);
}

function optionRow(run, item) {
  const at = run.items.length;
  const row = h(
    "div",
    {
      class: "option", role: "option", id: uid("option"), aria: { selected: String(item.raw !== null && run.options.isChosen(item.raw)) },
      on: { click: () => pick(run, at), pointermove: () => run.active !== at && activate(run, at, false) },
    },
    item.avatar ? avatar(item.avatar, "tiny") : null,
    h("span", { class: "option-text" }, item.label, item.detail ? h("small", null, item.detail) : null),
  );
  run.items.push({ ...item, row });
  return row;
}

function activate(run, at, scroll = true) {
  run.items[run.active]?.row.classList.remove("active");
  run.active = at;
  const item = run.items[at];
  if (!item) {
    run.search.removeAttribute("aria-activedescendant");
    return;
  }
  item.row.classList.add("active");
  run.search.setAttribute("aria-activedescendant", item.row.id);
  if (scroll) item.row.scrollIntoView({ block: "nearest" });
}

function pick(run, at) {
  const item = run.items[at];
  if (!item) return;
  if (run.options.onPick(item.raw)) run.surface.close();
  else draw(run);
}

function onKey(run, event) {
  const last = run.items.length - 1;
  const to = { ArrowDown: run.active >= last ? 0 : run.active + 1, ArrowUp: run.active <= 0 ? last : run.active - 1, Home: 0, End: last }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    activate(run, to);
  } else if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    event.stopPropagation();
    pick(run, run.active);
  } else if (event.key === "Tab") run.surface.close();
}
