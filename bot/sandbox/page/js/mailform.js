// "Write as a customer": a real mail to one of Canal's addresses, new or as an answer to a mail
// that left.
import { api } from "./api.js";
import { Attachments } from "./attachments.js";
import { fill, h, uid } from "./dom.js";
import { completeStep } from "./hintsteps.js";
import { headerOf } from "./maildetail.js";
import { icon, iconButton } from "./icons.js";
import { recall, remember } from "./memory.js";
import { go, hashFor } from "./router.js";
import { store } from "./store.js";
import { clockTime, fullTime } from "./time.js";
import { toast } from "./toast.js";

export class MailForm {
  /** @param {string | undefined} replyTo the mail that is answered */
  constructor(replyTo) {
    this.replyTo = replyTo;
    this.element = h("div", { class: "mail-form-wrap" });
    if (replyTo) this.#answer(replyTo);
    else this.#draw({ from: recall("customer.from") ?? "jo@bakery.example", name: recall("customer.name") ?? "Jo Miller", to: store.mail.addresses[0]?.address ?? "" });
  }

  async #answer(id) {
    try {
      const mail = await api.mail(id);
      const recipients = [...(mail.to ?? []), ...(mail.cc ?? [])].map(bare);
      const subject = /^re:/i.test(mail.subject ?? "") ? mail.subject : `Re: ${mail.subject ?? ""}`;
      const names = namesIn(mail);
      this.#draw({
        mail, recipients, names, from: recipients[0] ?? "", name: names.get(recipients[0]), subject, text: quoted(mail),
        to: bare([mail.reply_to].flat().filter(Boolean)[0] ?? mail.from),
      });
    } catch (error) {
      fill(this.element, h("p", { class: "pad", role: "alert" }, error.message));
    }
  }

  #draw(start) {
    this.attachments = new Attachments();
    this.quote = start.text;
    this.fields = {
      from_name: field("From name", { value: start.name ?? "", autocomplete: "off", testid: "mail-from-name" }),
      from: field("From address", { value: start.from ?? "", type: "email", required: true, autocomplete: "off", testid: "mail-from" }),
      to: field("To", { value: start.to ?? "", required: true, autocomplete: "off", testid: "mail-to" }),
      cc: field("Cc", { value: "", autocomplete: "off", placeholder: "optional", testid: "mail-cc" }),
      subject: field("Subject", { value: start.subject ?? "", autocomplete: "off", testid: "mail-subject-field" }),
      text: field("Text", { value: start.text ?? "", rows: "10", testid: "mail-text-field" }, "textarea"),
    };
    this.all = h("input", { type: "checkbox", testid: "mail-reply-all" });
    this.error = h("p", { class: "field-error", role: "alert", hidden: true, testid: "mail-error" });
    this.sendButton = h("button", { type: "submit", class: "button primary", testid: "mail-send" }, icon("send", 16), "Send");
    const form = h(
      "form", { class: "mail-form", novalidate: true, aria: { label: "Write as a customer" }, testid: "mail-form", on: { submit: (event) => { event.preventDefault(); this.#send(); } } },
      this.#title(start),
      h("div", { class: "two" }, this.fields.from_name.element, h("div", null, this.fields.from.element, choices(start.recipients?.length > 1 ? start.recipients.map((address) => ({ address })) : [], this.fields.from.control, (address) => { this.fields.from_name.control.value = start.names.get(address) ?? ""; }))),
      h("div", { class: "two" }, h("div", null, this.fields.to.element, start.mail ? null : choices(ourAddresses(), this.fields.to.control)), this.fields.cc.element),
      start.recipients?.length > 1 ? h("label", { class: "broadcast" }, this.all, " Answer everyone") : null,
      this.fields.subject.element, this.fields.text.element, this.attachments.element, this.error,
      h("div", { class: "row end" }, this.attachments.picker, h("button", { type: "button", class: "button", on: { click: () => this.attachments.picker.click() } }, icon("attach", 16), "Attach files"), h("span", { class: "grow" }), this.sendButton),
    );
    this.attachments.listen(form, this.fields.text.control);
    fill(this.element, form);
    const first = start.mail ? this.fields.text.control : this.fields.subject.control;
    first.focus({ preventScroll: true });
    if (start.mail) first.setSelectionRange(0, 0);
  }

  #title(start) {
    return h(
      "header", { class: "row" },
      iconButton("back", "Back to the list", { class: "only-narrow", on: { click: () => go(hashFor.mail(this.replyTo)) } }, 20),
      h("div", null, h("h2", null, start.mail ? "Answer as the customer" : "Write as a customer"),
        h("p", { class: "quiet" }, store.mail.smtp ? `A real mail, sent by SMTP to ${store.mail.smtp}.` : "A real mail to Canal’s SMTP server.")));
  }

  async #send() {
    const value = (name) => this.fields[name].control.value;
    const missing = !value("from").trim() ? "from" : !value("to").trim() ? "to" : null;
    if (missing) return this.#refuse(missing === "from" ? "Say who writes: an address is needed." : "Say to whom: choose one of the addresses.", missing);
    this.sendButton.disabled = true;
    this.sendButton.setAttribute("aria-busy", "true");
    try {
      const files = await this.attachments.read();
      const answer = await api.write({
        from: value("from").trim(), from_name: value("from_name").trim() || undefined, to: value("to"), cc: value("cc").trim() || undefined,
        subject: value("subject"), ...this.#text(value("text")), files: files.length ? files : undefined,
        reply_to_mail: this.replyTo, reply_all: this.all.checked || undefined,
      });
      this.#sent(answer);
    } catch (error) {
      this.#refuse(error.message);
    } finally {
      this.sendButton.disabled = false;
      this.sendButton.removeAttribute("aria-busy");
    }
    return undefined;
  }

  /** The sandbox quotes the answered mail itself, unless the quote was changed here. */
  #text(typed) {
    if (!this.quote) return { text: typed };
    return typed.endsWith(this.quote) ? { text: typed.slice(0, -this.quote.length) } : { text: typed, quote: false };
  }

  #sent(answer) {
    remember("customer.from", this.fields.from.control.value.trim());
    remember("customer.name", this.fields.from_name.control.value.trim());
    completeStep("write");
    toast(`Sent at ${clockTime(new Date())}. Canal’s server accepted it.`);
    go(hashFor.mail(answer.id ? String(answer.id) : undefined));
  }

  #refuse(sentence, name) {
    this.error.textContent = sentence;
    this.error.hidden = false;
    if (name) this.fields[name].control.focus();
  }
}

function field(label, props, tag = "input") {
  const id = uid("field");
  const control = h(tag, { type: tag === "input" ? "text" : null, ...props, id, class: "field-control" });
  return { control, element: h("div", { class: "labelled" }, h("label", { htmlFor: id }, label), control) };
}

/** Buttons that put an address into the field; `onPick` is told which. */
function choices(addresses, control, onPick = () => {}) {
  if (!addresses.length) return null;
  return h("div", { class: "chips", role: "group", aria: { label: "Addresses to choose" } }, addresses.map(({ address = "", name } = {}) =>
    h("button", { type: "button", class: "chip pick", title: name, on: { click: () => { control.value = address; onPick(address); control.focus(); } } }, address)));
}

const ourAddresses = () => (store.mail.addresses.length > 1 ? store.mail.addresses : []);

/** "Jo <jo@x>" → "jo@x" */
const bare = (text) => /<([^<>]+)>\s*$/.exec(String(text ?? ""))?.[1] ?? String(text ?? "").trim();

/** Address → name, as the mail's To and Cc have them. */
function namesIn(mail) {
  const names = new Map();
  for (const part of [headerOf(mail, "To"), headerOf(mail, "Cc"), ...(mail.to ?? [])].join(">").split(">")) {
    const at = part.lastIndexOf("<");
    if (at < 1) continue;
    const before = part.slice(0, at).trim().replace(/^,\s*/, "");
    const name = before.includes('"') ? before.slice(before.indexOf('"')).replaceAll('"', "") : before.split(",").pop();
    if (name.trim()) names.set(part.slice(at + 1).trim(), name.trim());
  }
  return names;
}

function quoted(mail) {
  const lines = String(mail.text ?? "").replace(/\s+$/, "").split("\n").slice(0, 400);
  return `\n\nOn ${fullTime(mail.at)}, ${mail.from_name || mail.from} wrote:\n${lines.map((line) => `> ${line}`).join("\n")}\n`;
}
