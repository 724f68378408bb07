// One mail: who and when, then its three faces (rendered, text, source) and its files.
import { api } from "./api.js";
import { fill, h, uid } from "./dom.js";
import { completeStep } from "./hintsteps.js";
import { icon, iconButton } from "./icons.js";
import { go, hashFor } from "./router.js";
import { clockTime, dayName, fileSize, timeTag } from "./time.js";

/** A header as it was written, names included; "" when the mail has none. */
export const headerOf = (mail, name) => (mail.headers ?? []).find(([found]) => found.toLowerCase() === name.toLowerCase())?.[1] ?? "";

export class MailDetail {
  constructor(id) {
    this.id = id;
    this.element = h("article", { class: "mail-open", aria: { label: "Mail" } }, h("p", { class: "quiet pad" }, "Opening…"));
    this.#load();
  }

  async #load() {
    let mail;
    try {
      mail = await api.mail(this.id);
    } catch (error) {
      fill(this.element, h("p", { class: "pad", role: "alert" }, error.message));
      return;
    }
    if (mail.direction === "out") completeStep("look");
    this.mail = mail;
    fill(this.element, this.#head(mail), this.#parts(mail), this.#tabs(mail));
  }

  #head(mail) {
    const left = mail.direction === "out";
    return h(
      "header", { class: "mail-head" },
      h("div", { class: "row" },
        iconButton("back", "Back to the list", { class: "only-narrow", on: { click: () => go(hashFor.mail()) } }, 20),
        h("h2", { class: "mail-subject", testid: "mail-subject" }, mail.subject || "(no subject)"),
        left ? h("a", { class: "button small primary", href: hashFor.write(this.id), testid: "answer-as-customer" }, icon("reply", 15), "Answer as the customer") : null),
      h("dl", { class: "mail-facts" },
        fact("From", [mail.from_name ? `${mail.from_name} ` : "", h("span", { class: "address" }, `<${mail.from}>`)]),
        fact("To", headerOf(mail, "To") || (mail.to ?? []).join(", ")),
        fact("Cc", headerOf(mail, "Cc") || (mail.cc ?? []).join(", ")),
        fact("Reply to", [mail.reply_to].flat().filter(Boolean).join(", ")),
        fact(left ? "Left" : "Arrived", timeTag(mail.at, `${dayName(mail.at)}, ${clockTime(mail.at)}`))),
      refusals(mail),
    );
  }

  #parts(mail) {
    const files = (mail.attachments ?? []).filter((part) => !(part.inline && part.is_image && mail.html));
    if (!files.length) return null;
    return h("div", { class: "files pad", role: "list", aria: { label: "Attachments" } }, files.map((part) => {
      const address = `/ui/mail/${encodeURIComponent(this.id)}/parts/${encodeURIComponent(part.index)}`;
      const name = part.filename || "part";
      return h(
        "div", { class: "file-card", role: "listitem", testid: "mail-attachment" },
        h("span", { class: "file-icon" }, icon("file", 22)),
        h("span", { class: "file-text" }, h("b", { title: name }, name), h("small", null, `${part.content_type} · ${fileSize(part.size)}`)),
        h("a", { class: "icon-button", href: address, download: name, title: "Download", aria: { label: `Download ${name}` } }, icon("download", 18)));
    }));
  }

  #tabs(mail) {
    const faces = [
      mail.html ? { name: "Rendered", show: () => this.#rendered() } : null,
      { name: "Text", show: () => h("pre", { class: "mail-text", tabindex: "0", testid: "mail-text" }, mail.text || "(no text)") },
      { name: "Source", show: () => this.#source(mail) },
    ].filter(Boolean);
    const panel = h("div", { class: "mail-panel", role: "tabpanel", id: uid("panel") });
    const tabs = faces.map((face) =>
      h("button", { type: "button", role: "tab", id: uid("tab"), aria: { controls: panel.id }, on: { click: () => choose(face) } }, face.name));
    const choose = (face) => {
      faces.forEach((one, i) => {
        tabs[i].setAttribute("aria-selected", String(one === face));
        tabs[i].tabIndex = one === face ? 0 : -1;
        if (one === face) panel.setAttribute("aria-labelledby", tabs[i].id);
      });
      fill(panel, face.show());
    };
    const bar = h("div", { class: "tabs", role: "tablist", aria: { label: "Faces of the mail" } }, tabs);
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length;
      choose(faces[next]);
      tabs[next].focus();
    });
    choose(faces[0]);
    return [bar, panel];
  }

  /** The sandbox serves it with a policy of its own: no script, nothing loaded from elsewhere; links
   * open beside the page. */
  #rendered() {
    return h("iframe", { class: "mail-frame", sandbox: "allow-popups allow-popups-to-escape-sandbox", src: `/ui/mail/${encodeURIComponent(this.id)}/html`, title: "The mail as the customer sees it", referrerpolicy: "no-referrer", testid: "mail-frame" });
  }

  #source(mail) {
    const raw = h("pre", { class: "mail-source", tabindex: "0", testid: "mail-source" }, "…");
    api.mailSource(this.id).then((text) => { raw.textContent = text; }, () => { raw.textContent = "The source could not be read."; });
    const headers = h("table", { class: "mail-headers" }, h("tbody", null, (mail.headers ?? []).map(([name, value]) => h("tr", null, h("th", { scope: "row" }, name), h("td", null, value)))));
    return h(
      "div", { class: "mail-source-wrap" },
      h("details", { open: true }, h("summary", null, "Headers"), headers),
      envelope(mail),
      h("details", { open: true }, h("summary", null, "Raw"), raw),
      h("a", { class: "button small", href: `/ui/mail/${encodeURIComponent(this.id)}/source.eml`, download: true }, icon("download", 15), "Download .eml"));
  }
}

function fact(name, value) {
  if (!value || (Array.isArray(value) && !value.length)) return null;
  return h("div", null, h("dt", null, name), h("dd", null, value));
}

/** Only what did not go well: a mail that everyone took needs no list. */
function refusals(mail) {
  const bad = (mail.recipients ?? []).filter((one) => one.reply && !String(one.reply).startsWith("2"));
  if (!bad.length) return null;
  return h("ul", { class: "mail-refusals" }, bad.map((one) => h("li", null, icon("warn", 15), ` ${one.address}: ${one.reply}`)));
}

function envelope(mail) {
  if (!mail.envelope_to && !mail.envelope_from) return null;
  return h("p", { class: "quiet" }, `Envelope: from <${mail.envelope_from ?? ""}> to ${[mail.envelope_to].flat().filter(Boolean).map((one) => `<${one}>`).join(", ")}`);
}
