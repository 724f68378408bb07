// Modal windows on the <dialog> element: the rest of the page is inert, Tab stays inside, Esc asks
// to close, and focus goes back to where it came from.
import { focusable, h, uid } from "./dom.js";

/**
 * @param {{title: string, testid?: string, size?: string, onEscape: () => void}} options
 * @returns {{element, body, foot, close, setTitle}}
 */
export function openDialog({ title, testid, size = "", onEscape }) {
  const from = document.activeElement;
  const heading = h("h2", { id: uid("title") }, title);
  const body = h("div", { class: "dialog-body" });
  const foot = h("footer", { class: "dialog-foot" });
  const head = h("header", { class: "dialog-head" }, heading);
  const element = h("dialog", { class: ["dialog", size], testid, aria: { labelledby: heading.id } }, head, body, foot);
  element.addEventListener("cancel", (event) => {
    if (event.target !== element) return;
    event.preventDefault();
    onEscape();
  });
  element.addEventListener("keydown", trapTab);
  document.body.append(element);
  element.showModal();
  const close = () => {
    if (!element.isConnected) return;
    element.close();
    element.remove();
    if (from?.isConnected) from.focus({ preventScroll: true });
  };
  return { element, head, body, foot, close, setTitle: (text) => { heading.textContent = text; } };
}

function trapTab(event) {
  if (event.key !== "Tab") return;
  const stops = focusable(event.currentTarget);
  if (!stops.length) return;
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
}

/** Asks one question. @returns {Promise<boolean>} */
export function confirmDialog({ title, body, confirm = "Yes", deny = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    const settle = (answer) => {
      dialog.close();
      resolve(answer);
    };
    const dialog = openDialog({ title, testid: "confirm", size: "small", onEscape: () => settle(false) });
    dialog.body.append(h("div", null, body));
    const yes = h("button", { type: "button", class: ["button", danger ? "danger" : "primary"], on: { click: () => settle(true) } }, confirm);
    dialog.foot.append(h("button", { type: "button", class: "button", on: { click: () => settle(false) } }, deny), yes);
    yes.focus();
  });
}
