// Files in a message: pictures as thumbnails, everything else as a card to download.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { fileSize } from "./time.js";

const RASTER = /^image\/(?:png|jpeg|gif|webp|bmp)$/i;

export function fileAddress(file) {
  return `/ui/files/${encodeURIComponent(file.id)}`;
}

/** @param {object[]} files Slack file objects */
export function renderFiles(files) {
  const list = h("div", { class: "files", role: "list", aria: { label: "Files" } });
  for (const file of files) {
    const card = isPicture(file) ? picture(file) : fileCard(file);
    card.setAttribute("role", "listitem");
    list.append(card);
  }
  return list;
}

export function fileCard(file) {
  const name = fileName(file);
  return h(
    "div", { class: "file-card", testid: "file", data: { file: file.id } },
    h("span", { class: "file-icon" }, icon("file", 22)),
    h("span", { class: "file-text" }, h("b", { title: name }, name), h("small", null, [kind(file), fileSize(file.size)].filter(Boolean).join(" · "))),
    h("a", { class: "icon-button", href: fileAddress(file), download: name, title: "Download", aria: { label: `Download ${name}` } }, icon("download", 18)),
  );
}

function picture(file) {
  const name = fileName(file);
  return h(
    "figure", { class: "picture", testid: "file", data: { file: file.id } },
    h("figcaption", null, h("span", { class: "picture-name", title: name }, name), h("small", null, fileSize(file.size))),
    h("a", { href: fileAddress(file), target: "_blank", rel: "noopener", aria: { label: `Open ${name}` } }, h("img", { src: fileAddress(file), alt: name, loading: "lazy" })),
  );
}

const fileName = (file) => String(file.title || file.name || "file");
const isPicture = (file) => file.is_image ?? RASTER.test(file.mimetype ?? "");
const kind = (file) => String(file.pretty_type || file.filetype || "").toUpperCase();
