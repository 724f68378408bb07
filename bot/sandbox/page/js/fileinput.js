// The file_input element of modals.
import { readFile } from "./attachments.js";
import { h } from "./dom.js";
import { iconButton } from "./icons.js";
import { fileSize } from "./time.js";

export function fileInput(element, block, env) {
  const max = element.max_files ?? 10;
  let files = env.values.get(block.block_id, element.action_id)?.files ?? [];
  const list = h("div", { class: "chips" });
  const keep = () => {
    env.values.set(block.block_id, element.action_id, { type: element.type, files });
    list.replaceChildren(...files.map(chip));
  };
  const chip = (file) =>
    h("span", { class: "chip" }, `${file.name} (${fileSize(file.size)})`, iconButton("close", `Remove ${file.name}`, { on: { click: () => { files = files.filter((f) => f !== file); keep(); } } }, 14));
  const picker = h("input", {
    type: "file", class: "field-control", multiple: max > 1, aria: env.naming ?? { label: "Files" },
    accept: (element.filetypes ?? []).map((type) => `.${type}`).join(",") || null,
    on: { change: async () => { files = [...files, ...(await Promise.all([...picker.files].map(readFile)))].slice(0, max); picker.value = ""; keep(); } },
  });
  keep();
  return h("div", { class: "control" }, picker, list);
}
