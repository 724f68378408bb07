// Where one types: Enter sends, Shift+Enter breaks the line, "/" offers commands, "@" people,
// ":" emoji; files come by button, drag or paste.
import { api } from "./api.js";
import { Attachments } from "./attachments.js";
import { Autocomplete } from "./autocomplete.js";
import { h } from "./dom.js";
import { emojiFor } from "./emoji.js";
import { icon, iconButton } from "./icons.js";
import { openMenu } from "./popover.js";
import { openEmojiPicker } from "./reactions.js";
import { store } from "./store.js";
import { attempt, toast } from "./toast.js";

const drafts = new Map();

export class Composer {
  /** @param {{channel, thread?, label, testid, extra?: Node, payload?: () => object, onSent: () => void}} options */
  constructor(options) {
    this.options = options;
    this.key = `${options.channel}/${options.thread ?? ""}`;
    this.field = h("textarea", {
      class: "composer-field", rows: "1", placeholder: options.label, value: drafts.get(this.key) ?? "",
      aria: { label: options.label, autocomplete: "list", expanded: "false" }, testid: `${options.testid}-field`,
    });
    this.attachments = new Attachments(() => this.#changed());
    this.notice = h("p", { class: "composer-notice", role: "alert", hidden: true, testid: "composer-notice" });
    this.sendButton = iconButton("send", "Send", { class: "send", on: { click: () => this.send() } });
    this.complete = new Autocomplete(this.field, { commands: true });
    this.element = h(
      "div", { class: "composer", testid: options.testid },
      this.notice, this.complete.element,
      h("div", { class: "composer-box" }, this.field, this.attachments.element, this.#tools()),
      options.extra,
    );
    this.field.addEventListener("input", () => this.#changed());
    this.field.addEventListener("keydown", (event) => this.#onKey(event));
    requestAnimationFrame(() => this.#changed());
  }

  close() {
    drafts.set(this.key, this.field.value);
    this.complete.hide();
  }

  #tools() {
    const shortcuts = store.app.shortcuts.filter((one) => one.type === "global");
    return h(
      "div", { class: "composer-tools" },
      this.attachments.picker,
      iconButton("attach", "Attach files", { on: { click: () => this.attachments.picker.click() } }),
      iconButton("smile", "Emoji", { on: { click: (event) => openEmojiPicker(event.currentTarget, (name) => this.#insert(emojiFor(name) ?? `:${name}:`)) } }),
      shortcuts.length && !this.options.thread
        ? iconButton("bolt", "Shortcuts", { aria: { haspopup: "menu", expanded: "false" }, on: { click: (event) => openShortcuts(event.currentTarget, shortcuts) } })
        : null,
      h("span", { class: "grow" }), this.sendButton,
    );
  }

  #insert(text) {
    this.field.focus();
    this.field.setRangeText(text, this.field.selectionStart, this.field.selectionEnd, "end");
    this.#changed();
  }

  #changed() {
    this.notice.hidden = true;
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 240)}px`;
    this.sendButton.disabled = !this.field.value.trim() && !this.attachments.files.length;
  }

  #onKey(event) {
    if (event.isComposing || this.complete.onKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    }
  }

  #refuse(sentence) {
    this.notice.textContent = sentence;
    this.notice.hidden = false;
  }

  async send() {
    const text = this.field.value.replace(/\s+$/, "");
    if (!text.trim() && !this.attachments.files.length) return;
    const command = /^(\/[^\s/]+)(?:\s+([\s\S]*))?$/.exec(text);
    if (command && !this.attachments.files.length) return this.#command(command[1], command[2] ?? "");
    await this.#post(text);
  }

  async #command(command, text) {
    if (this.options.thread) return this.#refuse(`${command} is not supported in threads. Sorry!`);
    if (!store.app.commands.some((one) => one.command === command)) {
      return this.#refuse(`${command} is not a valid command. To send it as a message, put a space before the slash.`);
    }
    this.#clear();
    await attempt(() => api.command({ user: store.me, channel: this.options.channel, command, text }));
  }

  async #post(text) {
    if (this.sending) return;
    this.sending = true;
    this.element.setAttribute("aria-busy", "true");
    try {
      const files = await this.attachments.read();
      const { channel, thread } = this.options;
      await api.post({ user: store.me, channel, thread_ts: thread, text, files: files.length ? files : undefined, ...this.options.payload?.() });
      this.#clear();
      this.options.onSent();
    } catch (error) {
      this.#refuse(error.message);
    } finally {
      this.sending = false;
      this.element.removeAttribute("aria-busy");
    }
  }

  #clear() {
    this.field.value = "";
    drafts.delete(this.key);
    this.attachments.clear();
    this.complete.hide();
    this.#changed();
  }
}

function openShortcuts(anchor, shortcuts) {
  openMenu(anchor, "Shortcuts", shortcuts.map((one) => ({
    label: one.name, detail: one.description, icon: icon("bolt", 16),
    run: async () => {
      const done = await attempt(() => api.shortcut({ user: store.me, callback_id: one.callback_id }));
      if (!done) toast(`${one.name} did not start.`, { error: true });
    },
  })));
}
