// Runs before the first paint, so that a chosen theme never flashes. The rest is in theme.js.
"use strict";
try {
  const chosen = localStorage.getItem("canal.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off in this browser: the system's theme is shown.
}
