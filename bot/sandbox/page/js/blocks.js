// Block Kit → DOM nodes. One function per kind of block; what is not known becomes a quiet
// placeholder instead of an error.
import { fragment, h, link, uid } from "./dom.js";
import { renderElement } from "./elements.js";
import { icon } from "./icons.js";
import { renderMarkdown } from "./markdown.js";
import { renderMrkdwn, renderPlain } from "./mrkdwn.js";
import { renderRichText } from "./richtext.js";
import { renderTable } from "./table.js";
import { fileCard } from "./files.js";

const RENDER = {
  section, header, context, divider, actions, image, input, video, file,
  rich_text: (block, env) => renderRichText(block, env.names),
  markdown: (block) => renderMarkdown(block.text),
  table: (block, env) => renderTable(block, env),
};

/**
 * @param {object[]} blocks
 * @param {{names, values, act, options, kind: "message"|"modal"|"home"}} env see env.js
 */
export function renderBlocks(blocks, env) {
  const body = h("div", { class: "blocks" });
  (blocks ?? []).forEach((block, i) => {
    const known = { ...block, block_id: block.block_id ?? `block-${i}` };
    const el = (RENDER[block.type] ?? unknown)(known, env);
    el.classList.add("block", `block-${String(block.type).replace(/[^a-z_]/g, "")}`);
    el.dataset.blockId = known.block_id;
    body.append(el);
  });
  return body;
}

/** A text object: mrkdwn or plain_text. */
export function renderText(text, env) {
  if (!text) return fragment();
  if (text.type === "mrkdwn") return renderMrkdwn(text.text, env.names);
  return renderPlain(text.text, { emoji: text.emoji !== false });
}

function section(block, env) {
  const body = h("div", { class: "section-body" });
  if (block.text) body.append(h("div", { class: "text" }, renderText(block.text, env)));
  if (block.fields?.length) {
    body.append(h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "field text" }, renderText(field, env)))));
  }
  const el = h("div", null, body);
  if (block.accessory) el.append(h("div", { class: "accessory" }, renderElement(block.accessory, block, env)));
  return el;
}

function header(block, env) {
  return h("h3", null, renderText(block.text, env));
}

function context(block, env) {
  const parts = (block.elements ?? []).map((element) => {
    if (element.type === "image") return remoteImage(element, "context-image");
    return h("span", { class: "text" }, renderText(element, env));
  });
  return h("div", null, parts);
}

function divider() {
  return h("hr", { role: "separator" });
}

function actions(block, env) {
  return h("div", { role: "group", aria: { label: "Actions" } }, (block.elements ?? []).map((element) => renderElement(element, block, env)));
}

function image(block, env) {
  const title = block.title ? h("figcaption", null, renderText(block.title, env)) : null;
  return h("figure", null, title, remoteImage(block, "block-picture", block.slack_file));
}

/** Only this machine's own pictures are loaded; another address is offered as a link. */
function remoteImage(element, className, slackFile) {
  const address = slackFile?.id ? `/ui/files/${encodeURIComponent(slackFile.id)}` : String(element.image_url ?? slackFile?.url ?? "");
  const own = URL.canParse(address, location.href) && new URL(address, location.href).origin === location.origin;
  const alt = element.alt_text ?? "";
  if (own || /^data:image\/(?:png|jpeg|gif|webp);/i.test(address)) return h("img", { class: className, src: address, alt, loading: "lazy" });
  return h("span", { class: "remote-image" }, link(address, alt || address));
}

function input(block, env) {
  const label = h("span", { class: "input-label", id: uid("label") }, renderText(block.label, env));
  if (block.optional) label.append(h("span", { class: "optional" }, " (optional)"));
  const error = h("p", { class: "field-error", id: uid("error"), role: "alert", hidden: true });
  const hint = block.hint ? h("p", { class: "hint", id: uid("hint") }, renderText(block.hint, env)) : null;
  const describedBy = [hint?.id, error.id].filter(Boolean).join(" ");
  const names = { labelledby: label.id, describedby: describedBy, required: block.optional ? null : "true" };
  const control = renderElement(block.element ?? {}, block, { ...env, naming: names });
  label.addEventListener("click", () => control.querySelector("input,button,textarea,[contenteditable]")?.focus());
  return h("div", { class: "input-block", testid: "input-block" }, label, control, hint, error);
}

function video(block, env) {
  const title = block.title?.text ?? "Video";
  return h("div", { class: "placeholder" }, icon("file", 16), " ", link(block.title_url ?? block.video_url, title), block.description ? h("p", null, renderText(block.description, env)) : null);
}

function file(block, env) {
  const known = env.file?.(block.file_id ?? block.external_id);
  return known ? fileCard(known) : h("div", { class: "placeholder" }, icon("file", 16), " A file");
}

function unknown(block) {
  return h("div", { class: "placeholder" }, `A block of type “${String(block.type)}”, which the sandbox does not show`);
}
