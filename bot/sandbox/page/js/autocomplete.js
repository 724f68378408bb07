// Suggestions over the composer while one types "/", "@", "#" or ":".
import { avatar } from "./avatar.js";
import { h, uid } from "./dom.js";
import { emojiFor, searchEmoji } from "./emoji.js";
import { people, shownName, store } from "./store.js";

const LIMIT = 8;
const TOKEN = /(?:^|[\s(])([@#:][\p{L}\p{N}._+'-]{0,40})$/u;

export class Autocomplete {
  constructor(field) {
    this.field = field;
    this.items = [];
    this.active = 0;
    this.element = h("div", { class: "suggestions", role: "listbox", id: uid("suggestions"), aria: { label: "Suggestions" }, hidden: true, testid: "suggestions" });
    field.setAttribute("aria-controls", this.element.id);
    field.addEventListener("input", () => this.#look());
    field.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
  }

  hide() {
    this.element.hidden = true;
    this.items = [];
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  /** @returns {boolean} true when the key was for the list */
  onKey(event) {
    if (this.element.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#activate((this.active + step + this.items.length) % this.items.length);
    else if (event.key === "Escape") this.hide();
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) {
      if (event.key === "Enter" && this.items[this.active].complete) {
        this.hide();
        return false;
      }
      this.#take(this.active);
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #look() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    this.items = before.startsWith("/") ? commandItems(before) : tokenItems(TOKEN.exec(before)?.[1]);
    if (!this.items.length) return this.hide();
    this.element.replaceChildren(...this.items.map((item, i) => this.#row(item, i)));
    this.element.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.#activate(0);
  }

  #row(item, i) {
    return h(
      "div", { class: "option", role: "option", id: uid("suggestion"), on: { mousedown: (event) => { event.preventDefault(); this.#take(i); } } },
      item.picture, h("span", { class: "option-text" }, h("b", null, item.label), item.hint ? h("code", { class: "hint-code" }, item.hint) : null, item.detail ? h("small", null, item.detail) : null),
    );
  }

  #activate(at) {
    this.active = at;
    [...this.element.children].forEach((row, i) => {
      row.classList.toggle("active", i === at);
      row.setAttribute("aria-selected", String(i === at));
    });
    this.field.setAttribute("aria-activedescendant", this.element.children[at].id);
    this.element.children[at].scrollIntoView({ block: "nearest" });
  }

  #take(at) {
    const item = this.items[at];
    const end = this.field.selectionStart;
    this.field.setRangeText(`${item.insert} `, end - item.typed.length, end, "end");
    this.hide();
    this.field.dispatchEvent(new Event("input"));
    this.field.focus();
  }
}

/** A command that is already complete leaves Enter to the composer. */
function commandItems(before) {
  const [typed] = before.split(/\s/, 1);
  const inArguments = before.length > typed.length;
  return store.app.commands
    .filter((one) => (inArguments ? one.command === typed : one.command.startsWith(typed)))
    .slice(0, LIMIT)
    .map((one) => ({
      label: one.command, hint: one.usage_hint, detail: one.description, insert: one.command, typed: inArguments ? "" : typed,
      complete: one.command === typed,
    }));
}

function tokenItems(token) {
  if (!token) return [];
  const typed = token.slice(1).toLowerCase();
  if (token[0] === "@") return personItems(token, typed);
  if (token[0] === "#") return channelItems(token, typed);
  if (typed.length < 2) return [];
  return searchEmoji(typed, LIMIT).map((name) => ({ label: `:${name}:`, insert: emojiFor(name), typed: token, picture: h("span", { class: "emoji" }, emojiFor(name)) }));
}

function personItems(token, typed) {
  const everyone = [...people(), ...store.users.filter((user) => user.id === store.app.bot_user_id)];
  const fits = (user) => `${user.name} ${user.real_name ?? ""}`.toLowerCase().split(/\s+/).some((word) => word.startsWith(typed));
  return everyone.filter(fits).slice(0, LIMIT).map((user) => ({ label: shownName(user), detail: `@${user.name}`, insert: `@${user.name}`, typed: token, picture: avatar(user, "tiny") }));
}

function channelItems(token, typed) {
  return store.channels.filter((one) => !one.is_im && !one.is_archived && one.name.toLowerCase().startsWith(typed)).slice(0, LIMIT)
    .map((one) => ({ label: `#${one.name}`, detail: one.topic, insert: `#${one.name}`, typed: token }));
}
