// Light or dark: the system's choice until the person makes her own.
import { recall, remember } from "./memory.js";

const root = document.documentElement;

/** @returns {"light"|"dark"} what is shown now. */
export function currentTheme() {
  if (root.dataset.theme) return root.dataset.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Shows the other theme and keeps the choice. @returns the theme shown now. */
export function toggleTheme() {
  const next = currentTheme() === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  remember("theme", next);
  return recall("theme") ?? next;
}
