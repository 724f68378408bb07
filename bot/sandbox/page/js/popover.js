// Small surfaces over the page: menus, lists of choices, the emoji picker. They live in the
// browser's top layer (the popover attribute), so Esc and a click beside close them, and they work
// over a modal too.
import { h } from "./dom.js";

const GAP = 6;

/**
 * Opens `content` beside `anchor`; gives focus back to the anchor when it closes.
 * @returns {{close: () => void, element: HTMLElement}}
 */
export function openPopover(anchor, content, { label, role = "dialog", matchWidth = false, onClose, testid, keepFocus = false } = {}) {
  const surface = h("div", { class: "popover", popover: "auto", role, aria: { label }, testid }, content);
  (anchor.closest("dialog") ?? document.body).append(surface);
  if (matchWidth) surface.style.minWidth = `${anchor.getBoundingClientRect().width}px`;
  surface.showPopover();
  place(surface, anchor);
  const follow = () => place(surface, anchor);
  addEventListener("resize", follow);
  surface.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    removeEventListener("resize", follow);
    const inside = surface.contains(document.activeElement) || document.activeElement === document.body;
    surface.remove();
    if (inside && !keepFocus && anchor.isConnected) anchor.focus({ preventScroll: true });
    onClose?.();
  });
  return {
    element: surface,
    close: () => {
      if (!surface.isConnected) return;
      if (surface.contains(document.activeElement) && anchor.isConnected && !keepFocus) anchor.focus({ preventScroll: true });
      surface.hidePopover();
    },
    reposition: follow,
  };
}

function place(surface, anchor) {
  const a = anchor.getBoundingClientRect();
  const s = surface.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const height = window.innerHeight;
  const below = a.bottom + GAP + s.height <= height || a.top < s.height + GAP;
  const top = below ? Math.min(a.bottom + GAP, height - s.height - GAP) : a.top - s.height - GAP;
  const left = a.left + s.width <= width - GAP ? a.left : a.right - s.width;
  surface.style.top = `${Math.max(GAP, top)}px`;
  surface.style.left = `${Math.max(GAP, Math.min(left, width - s.width - GAP))}px`;
}

/** Arrow keys, Home and End move between `items`; typing a letter jumps. */
export function arrowKeys(list, items) {
  list.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || !all.length) return;
    event.preventDefault();
    all[(to + all.length) % all.length].focus();
  });
}

/**
 * A menu of commands.
 * @param {{label: string, icon?: Node, danger?: boolean, href?: string, detail?: string, run?: () => void}[]} entries
 */
export function openMenu(anchor, label, entries) {
  const menu = h("div", { class: "menu" });
  let surface;
  for (const entry of entries) {
    const item = h(
      entry.href ? "a" : "button",
      {
        class: ["menu-item", entry.danger && "danger"], role: "menuitem", tabIndex: -1,
        type: entry.href ? null : "button", href: entry.href, target: entry.href ? "_blank" : null, rel: entry.href ? "noopener noreferrer" : null,
        on: { click: () => { surface.close(); entry.run?.(); } },
      },
      entry.icon, h("span", { class: "menu-label" }, entry.label, entry.detail ? h("small", null, entry.detail) : null),
    );
    menu.append(item);
  }
  arrowKeys(menu, () => [...menu.children]);
  anchor.setAttribute("aria-expanded", "true");
  surface = openPopover(anchor, menu, { label, role: "menu", testid: "menu", onClose: () => anchor.setAttribute("aria-expanded", "false") });
  menu.firstElementChild?.focus();
  return surface;
}
