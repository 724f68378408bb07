// The thread that opens beside the channel; on a phone it is a page of its own.
import { api } from "./api.js";
import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { coalesced } from "./events.js";
import { completeStep } from "./hintsteps.js";
import { iconButton } from "./icons.js";
import { MessageList } from "./messagelist.js";
import { go, hashFor } from "./router.js";
import { findChannel, on, store } from "./store.js";
import { attempt } from "./toast.js";

export class ThreadView {
  constructor(channelId, ts) {
    this.channel = channelId;
    this.ts = ts;
    const channel = findChannel(channelId);
    this.list = new MessageList({ place: "thread", channel: channelId, label: "Thread" });
    const broadcast = h("input", { type: "checkbox" });
    this.composer = new Composer({
      channel: channelId, thread: ts, label: "Reply…", testid: "thread-composer",
      extra: h("label", { class: "broadcast" }, broadcast, ` Also send to #${channel?.name ?? ""}`),
      payload: () => ({ broadcast: broadcast.checked || undefined }),
      onSent: () => { broadcast.checked = false; this.list.toEnd(); completeStep("answer"); },
    });
    const leave = () => go(hashFor.channel(channelId));
    const head = h(
      "header", { class: "pane-head" },
      iconButton("back", "Back to the channel", { class: "only-narrow", on: { click: leave } }, 20),
      h("div", { class: "pane-words" }, h("h2", { class: "pane-title" }, "Thread"), h("p", { class: "pane-topic" }, `#${channel?.name ?? ""}`)),
      iconButton("close", "Close the thread", { class: "only-wide", on: { click: leave } }),
    );
    this.element = h("section", { class: "pane", aria: { label: "Thread" } }, head, this.list.element, this.composer.element);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.target.closest("[data-editing]") && event.target.matches("textarea,.message,.scroller")) leave();
    });
    this.composer.attachments.listen(this.element, this.composer.field);
    this.refresh = coalesced(() => this.#load());
    this.off = [
      on("event", (event) => this.#onEvent(event)), on("reconnected", this.refresh),
      on("dismissed", this.refresh), on("edited", this.refresh),
    ];
    this.refresh();
  }

  close() {
    this.off.forEach((off) => off());
    this.composer.close();
  }

  #onEvent(event) {
    const about = event.channel === this.channel && (event.thread_ts === this.ts || event.ts === this.ts);
    if (about || event.type === "ephemeral") this.refresh();
  }

  async #load() {
    const answer = await attempt(() => api.thread(store.me, this.channel, this.ts));
    if (!answer) return;
    this.list.update(answer.messages);
    const count = answer.messages.filter((one) => one.ts !== this.ts && !one._ephemeral).length;
    this.element.querySelector(".pane-topic").textContent = `#${findChannel(this.channel)?.name ?? ""} · ${count} ${count === 1 ? "reply" : "replies"}`;
    if (store.focusTs && this.list.reveal(store.focusTs)) store.focusTs = null;
  }
}
