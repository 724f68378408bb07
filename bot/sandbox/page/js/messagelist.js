// The list of messages: keeps what has not changed, keeps the place where one reads, and follows
// the newest message only for those who are at the end.
import { h } from "./dom.js";
import { renderMessage } from "./message.js";
import { store } from "./store.js";
import { dayKey, dayName } from "./time.js";

const GROUP_SECONDS = 300;
const NEAR_END = 80;

export class MessageList {
  /** @param place "channel" | "thread" @param onTop called when one scrolls to the oldest */
  constructor({ place, label, channel, onTop }) {
    this.place = place;
    this.channel = channel;
    this.kept = new Map(); // key → {element, signature}
    this.list = h("div", { class: "message-list", role: "list", aria: { label }, testid: `${place}-messages` });
    this.live = h("div", { class: "visually-hidden", role: "log", aria: { live: "polite" } });
    this.jump = h("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd(true) } }, "Newest messages ↓");
    this.scroller = h("div", { class: "scroller", tabIndex: -1 }, this.list);
    this.element = h("div", { class: "scroll-frame" }, this.scroller, this.jump, this.live);
    this.scroller.addEventListener("scroll", () => this.#onScroll(onTop), { passive: true });
    this.list.addEventListener("keydown", (event) => this.#onKey(event));
    this.list.addEventListener("focusin", (event) => this.#rove(event.target.closest(".message")));
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.list);
    this.atEnd = true;
    this.lastTs = null;
  }

  /** Draws these messages, oldest first. */
  update(messages) {
    const before = { height: this.scroller.scrollHeight, top: this.scroller.scrollTop };
    const wanted = [];
    let previous = null;
    for (const message of messages) {
      if (!previous || dayKey(previous.ts) !== dayKey(message.ts)) {
        wanted.push(this.#day(message.ts));
        previous = null;
      }
      wanted.push(this.#item(message, continues(previous, message)));
      previous = message;
    }
    const focusedTs = document.activeElement?.closest?.(".message")?.dataset.ts;
    const hadFocus = focusedTs && this.list.contains(document.activeElement);
    reconcile(this.list, wanted);
    if (hadFocus && !this.list.contains(document.activeElement)) this.#find(focusedTs)?.focus({ preventScroll: true });
    this.#announce(messages);
    this.#tabStop();
    if (this.atEnd) this.toEnd();
    else if (this.prepended) this.scroller.scrollTop = before.top + this.scroller.scrollHeight - before.height;
    this.prepended = false;
  }

  toEnd(smooth = false) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
    this.atEnd = true;
    this.jump.hidden = true;
  }

  /** Shows one message and lights it up for a moment. */
  reveal(ts) {
    const el = this.#find(ts);
    if (!el) return false;
    this.atEnd = false;
    el.scrollIntoView({ block: "center" });
    el.classList.add("revealed");
    setTimeout(() => el.classList.remove("revealed"), 2500);
    return true;
  }

  #find(ts) {
    return this.list.querySelector(`.message[data-ts="${CSS.escape(ts)}"]`);
  }

  #day(ts) {
    const key = `day-${dayKey(ts)}`;
    return this.#keep(key, dayName(ts), () => h("div", { class: "day", role: "presentation" }, h("span", null, dayName(ts))));
  }

  #item(message, grouped) {
    const key = `${message._ephemeral ? "e" : "m"}-${message.ts}`;
    const signature = JSON.stringify([message, grouped, store.me, store.users.length]);
    return this.#keep(key, signature, () => renderMessage(message, { place: this.place, channel: this.channel, grouped }));
  }

  #keep(key, signature, make) {
    const known = this.kept.get(key);
    if (known && (known.signature === signature || known.element.dataset.editing)) return known.element;
    const element = make();
    element.dataset.key = key;
    this.kept.set(key, { element, signature });
    return element;
  }

  #announce(messages) {
    const newest = messages.at(-1);
    if (this.lastTs && newest && newest.ts > this.lastTs) {
      this.live.textContent = `${this.#find(newest.ts)?.getAttribute("aria-label") ?? ""}: ${String(newest.text ?? "").slice(0, 300)}`;
      this.jump.hidden = this.atEnd;
    }
    if (newest) this.lastTs = newest.ts;
  }

  #onScroll(onTop) {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.atEnd) this.jump.hidden = true;
    if (scrollTop < 40) onTop?.();
  }

  /** One Tab stop for the whole list; arrows move inside it. */
  #tabStop() {
    const all = [...this.list.querySelectorAll(".message")];
    if (!all.some((el) => el.tabIndex === 0)) all.at(-1)?.setAttribute("tabindex", "0");
  }

  #rove(element) {
    if (!element) return;
    for (const other of this.list.querySelectorAll('.message[tabindex="0"]')) other.tabIndex = -1;
    element.tabIndex = 0;
  }

  #onKey(event) {
    const current = event.target;
    if (!current.classList.contains("message")) {
      if (event.key === "Escape" && !event.defaultPrevented) current.closest(".message")?.focus();
      return;
    }
    const all = [...this.list.querySelectorAll(".message")];
    const at = all.indexOf(current);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || !all[to]) return;
    event.preventDefault();
    all[to].focus({ preventScroll: true });
    all[to].scrollIntoView({ block: "nearest" });
  }
}

/** Only people's messages flow together: what the app posts (a ticket, a mail) stands by itself. */
function continues(previous, message) {
  if (message.bot_id || !previous || previous._ephemeral || message._ephemeral || message.subtype || previous.reply_count) return false;
  const same = (one) => `${one.user}|${one.bot_id ?? ""}|${one.username ?? ""}`;
  return same(previous) === same(message) && Number(message.ts) - Number(previous.ts) < GROUP_SECONDS;
}

/** Puts `wanted` into `parent` in order, moving as little as possible. */
function reconcile(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((el, i) => {
    if (parent.children[i] !== el) parent.insertBefore(el, parent.children[i] ?? null);
  });
}
