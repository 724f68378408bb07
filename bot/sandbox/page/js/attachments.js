// Files that a person attaches: read in the browser, sent as base64.
import { h } from "./dom.js";
import { icon, iconButton } from "./icons.js";
import { fileSize } from "./time.js";

export const MAX_BYTES = 50 * 1000 * 1000;

/** @param {File} file @returns {Promise<{name, content_type, size, data}>} data is base64 */
export async function readFile(file) {
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error(`${file.name} could not be read.`));
    reader.readAsDataURL(file);
  });
  return { name: file.name || "pasted.png", content_type: file.type || "application/octet-stream", size: file.size, data: address.slice(address.indexOf(",") + 1) };
}

/** The files waiting to be sent: a row of chips, filled by button, drag and paste. */
export class Attachments {
  constructor(onChange = () => {}) {
    this.files = [];
    this.onChange = onChange;
    this.element = h("div", { class: "chips", role: "list", aria: { label: "Attached files" }, hidden: true });
    this.picker = h("input", { type: "file", multiple: true, class: "visually-hidden", tabIndex: -1, aria: { label: "Choose files" }, testid: "file-picker" });
    this.picker.addEventListener("change", () => {
      this.add([...this.picker.files]);
      this.picker.value = "";
    });
  }

  /** @param {File[]} files @returns {string|null} a sentence where one is too large */
  add(files) {
    const fitting = files.filter((file) => file.size <= MAX_BYTES);
    this.files.push(...fitting);
    this.#show();
    return fitting.length < files.length ? `A file may have ${fileSize(MAX_BYTES)} at most.` : null;
  }

  clear() {
    this.files = [];
    this.#show();
  }

  /** @returns the files as the API wants them */
  async read() {
    return (await Promise.all(this.files.map(readFile))).map(({ name, content_type, data }) => ({ name, content_type, data }));
  }

  /** Lets files be dropped on `zone` and pasted into `field`. */
  listen(zone, field) {
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    zone.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      zone.classList.add("dropping");
    });
    zone.addEventListener("dragleave", (event) => !zone.contains(event.relatedTarget) && zone.classList.remove("dropping"));
    zone.addEventListener("drop", (event) => {
      zone.classList.remove("dropping");
      if (!carries(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
    field.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
  }

  #show() {
    this.element.hidden = !this.files.length;
    this.element.replaceChildren(
      ...this.files.map((file) =>
        h(
          "span", { class: "chip", role: "listitem" }, icon("attach", 14), h("span", { class: "chip-name", title: file.name }, file.name), h("small", null, fileSize(file.size)),
          iconButton("close", `Remove ${file.name}`, { on: { click: () => { this.files = this.files.filter((f) => f !== file); this.#show(); } } }, 14),
        ),
      ),
    );
    this.onChange();
  }
}
