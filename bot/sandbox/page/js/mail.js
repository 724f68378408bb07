// The Mail tab: the mails that left and those that arrived, the chosen one, and the form to write
// as a customer.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { coalesced } from "./events.js";
import { icon, iconButton } from "./icons.js";
import { MailDetail } from "./maildetail.js";
import { MailForm } from "./mailform.js";
import { arrowKeys } from "./popover.js";
import { hashFor } from "./router.js";
import { emit, on, refreshState } from "./store.js";
import { listTime, timeTag } from "./time.js";
import { attempt } from "./toast.js";

export class MailView {
  constructor() {
    this.mails = [];
    this.fresh = new Set(); // arrived since one looked, until opened
    this.filter = "all";
    this.rows = h("div", { class: "mail-rows", role: "list", aria: { label: "Mails" }, testid: "mail-list" });
    arrowKeys(this.rows, () => [...this.rows.querySelectorAll("a")]);
    this.detail = h("div", { class: "mail-detail", testid: "mail-detail" });
    this.listPane = h("div", { class: "mail-list-pane" }, this.#head(), this.#filters(), this.rows);
    this.element = h("section", { class: "pane mail", aria: { label: "Mail" } }, h("div", { id: "hints", class: "hints-slot" }), h("div", { class: "mail-columns" }, this.listPane, this.detail));
    this.refresh = coalesced(() => this.#load());
    this.off = [on("event", (event) => event.type === "mail" && this.refresh()), on("reconnected", this.refresh)];
    this.refresh();
  }

  close() {
    this.off.forEach((off) => off());
  }

  /** @param {{mail?: string, write?: boolean}} route */
  show(route) {
    const key = JSON.stringify([route.mail, route.write]);
    this.route = route;
    this.element.classList.toggle("with-detail", Boolean(route.mail || route.write));
    if (key !== this.shownKey) {
      this.shownKey = key;
      fill(this.detail, this.#content(route));
      this.detail.scrollTop = 0;
    }
    if (route.mail && !route.write) this.fresh.delete(String(route.mail));
    this.#draw();
  }

  #content(route) {
    if (route.write) return new MailForm(route.mail).element;
    if (route.mail) return new MailDetail(route.mail).element;
    return h("div", { class: "empty" }, icon("mail", 36), h("h2", null, "No mail chosen"), h("p", null, "What Canal sends stops here and can be read. Nothing leaves this machine."));
  }

  #head() {
    return h(
      "header", { class: "pane-head" },
      iconButton("menu", "Open the menu", { class: "only-narrow", on: { click: () => emit("drawer", true) } }, 20),
      h("div", { class: "pane-words" }, h("h1", { class: "pane-title" }, icon("mail", 18), h("span", null, "Mail"))),
      h("a", { class: "button primary small", href: hashFor.write(), testid: "write-as-customer" }, "Write as a customer"),
    );
  }

  #filters() {
    const choose = (value) => {
      this.filter = value;
      for (const button of bar.children) button.setAttribute("aria-pressed", String(button.dataset.value === value));
      this.#draw();
    };
    const options = [["all", "All"], ["out", "Left"], ["in", "Arrived"]];
    const bar = h("div", { class: "segments", role: "group", aria: { label: "Which mails" } }, options.map(([value, label]) =>
      h("button", { type: "button", data: { value }, aria: { pressed: String(value === this.filter) }, on: { click: () => choose(value) } }, label)));
    return bar;
  }

  async #load() {
    const answer = await attempt(() => api.mails());
    if (!answer) return;
    this.mails = answer.mails;
    const unread = this.mails.filter((mail) => mail.read === false);
    for (const mail of unread) if (String(mail.id) !== String(this.route?.mail)) this.fresh.add(String(mail.id));
    this.#draw();
    if (unread.length && document.visibilityState === "visible") api.mailRead().then(refreshState, () => {});
  }

  #draw() {
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.mail : null;
    const shown = this.mails.filter((mail) => this.filter === "all" || mail.direction === this.filter);
    fill(this.rows, shown.map((mail) => this.#row(mail)));
    if (!shown.length) this.rows.append(h("p", { class: "empty small" }, "No mail yet."));
    if (focused) this.rows.querySelector(`[data-mail="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(mail) {
    const left = mail.direction === "out";
    const others = left ? [...(mail.to ?? []), ...(mail.cc ?? [])].map(shortAddress) : [mail.from_name || mail.from];
    const current = String(mail.id) === String(this.route?.mail);
    const fresh = this.fresh.has(String(mail.id));
    return h(
      "div", { role: "listitem" },
      h(
        "a",
        {
          class: ["mail-row", current && "current", fresh && "unread"], href: hashFor.mail(String(mail.id)), testid: "mail-item", data: { mail: mail.id, direction: mail.direction },
          aria: { current: current ? "true" : null, label: `${left ? "Left, to" : "Arrived, from"} ${others.join(", ")}: ${mail.subject || "no subject"}${fresh ? ", new" : ""}` },
        },
        h("span", { class: ["direction", left ? "left" : "arrived"], title: left ? "Left Canal" : "Arrived at Canal" }, icon(left ? "out" : "in", 15)),
        h("span", { class: "mail-row-words" },
          h("span", { class: "mail-row-top" }, h("b", { title: others.join(", ") }, `${left ? "To " : ""}${others.join(", ")}`), timeTag(mail.at, listTime(mail.at), { class: "quiet" })),
          h("span", { class: "mail-row-subject" }, mail.subject || "(no subject)", mail.files ? icon("attach", 13) : null, mail.answered ? icon("reply", 13) : null),
          h("span", { class: "mail-row-snippet quiet" }, mail.snippet)),
        fresh ? h("span", { class: "dot", aria: { hidden: true } }) : null,
      ),
    );
  }
}

/** "Jo Miller <jo@x>" → "Jo Miller" */
function shortAddress(text) {
  const name = String(text).split("<")[0].replace(/"/g, "").trim();
  return name || String(text).replace(/[<>]/g, "");
}
