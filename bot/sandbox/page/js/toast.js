// One calm line at the bottom that goes away: what went wrong, or what was done.
import { h } from "./dom.js";

const STAYS_MS = 5000;

/** @param {string} text */
export function toast(text, { error = false } = {}) {
  const line = h("div", { class: ["toast", error && "error"], role: error ? "alert" : null, testid: "toast" }, text);
  const remove = () => line.remove();
  line.append(h("button", { type: "button", class: "toast-close", aria: { label: "Dismiss" }, on: { click: remove } }, "×"));
  const box = document.getElementById("toasts");
  while (box.children.length > 2) box.firstElementChild.remove();
  box.append(line);
  setTimeout(remove, STAYS_MS);
}

/** Runs what a click started; a refusal is shown as its own sentence. @returns the result or undefined */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message || "That did not work.", { error: true });
    return undefined;
  }
}
