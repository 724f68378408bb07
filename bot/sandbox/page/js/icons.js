// Icons, drawn for this page: one line each on a 24 x 24 grid.
import { h, svg } from "./dom.js";

const PATHS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h17M3 15h17",
  lock: ["M6 11h12v9H6z", "M9 11V8a3 3 0 0 1 6 0v3"],
  home: ["M4 11l8-7 8 7", "M6 10v10h4v-6h4v6h4V10"],
  mail: ["M3 6h18v12H3z", "M3 7l9 7 9-7"],
  plus: "M12 5v14M5 12h14",
  send: "M4 12l16-8-5 16-4-6zM11 14l9-10",
  attach: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7L9.4 17a1.7 1.7 0 0 1-2.4-2.4L14.5 7",
  smile: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M8 14.5s1.5 2 4 2 4-2 4-2", "M9 9.5h.01M15 9.5h.01"],
  thread: ["M4 5h16v11H10l-5 4v-4H4z", "M8 9h8M8 12h5"],
  edit: ["M5 19l1-4L16 5l3 3L9 18z", "M14 7l3 3"],
  trash: ["M4 7h16M10 7V4h4v3", "M6 7l1 13h10l1-13", "M10 11v5M14 11v5"],
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9l6 6 6-6",
  back: "M15 5l-7 7 7 7",
  menu: "M4 7h16M4 12h16M4 17h16",
  sun: ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4"],
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  download: ["M12 4v11M7 11l5 5 5-5", "M5 20h14"],
  file: ["M6 3h8l4 4v14H6z", "M14 3v4h4"],
  out: "M7 17L17 7M9 7h8v8",
  in: "M17 7L7 17M15 17H7V9",
  check: "M5 13l4 4L19 7",
  warn: ["M12 4l9 16H3z", "M12 10v4M12 17h.01"],
  bold: "M7 5h6a3.5 3.5 0 0 1 0 7H7zM7 12h7a3.5 3.5 0 0 1 0 7H7z",
  italic: "M10 5h7M7 19h7M14 5l-4 14",
  list: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
  ordered: "M10 6h10M10 12h10M10 18h10M4 5l1.5-1v4M4 14.5c0-2 3-2 3 0 0 1-3 2.5-3 2.5h3",
  link: ["M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1", "M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1"],
  eye: ["M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7z", "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z"],
  reply: "M10 8V4l-7 7 7 7v-4c5 0 8 1.5 11 5-1-7-5-11-11-11z",
  spark: "M12 4v4M12 16v4M4 12h4M16 12h4",
};

/** @param {keyof typeof PATHS} name */
export function icon(name, size = 20) {
  const drawn = svg(PATHS[name] ?? PATHS.spark, size);
  drawn.dataset.icon = name;
  return drawn;
}

/** A button that shows only an icon; `label` is its accessible name and tooltip. */
export function iconButton(name, label, props = {}, size = 18) {
  const { class: extra, aria = {}, ...rest } = props;
  return h("button", { type: "button", class: ["icon-button", extra], title: label, aria: { label, ...aria }, ...rest }, icon(name, size));
}
