// A Slack channel: its head, its messages, its composer.
import { api } from "./api.js";
import { Composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { coalesced } from "./events.js";
import { icon, iconButton } from "./icons.js";
import { MessageList } from "./messagelist.js";
import { emit, findChannel, on, refreshState, store } from "./store.js";
import { attempt } from "./toast.js";

const ABOUT_MESSAGES = new Set(["message", "message_changed", "message_deleted", "ephemeral", "reaction"]);

export class ChannelView {
  constructor(channelId) {
    this.id = channelId;
    this.messages = [];
    this.hasMore = false;
    const channel = findChannel(channelId);
    this.list = new MessageList({ place: "channel", channel: channelId, label: `Messages in ${channel?.name ?? channelId}`, onTop: () => this.#older() });
    this.composer = new Composer({ channel: channelId, label: `Message #${channel?.name ?? ""}`, testid: "composer", onSent: () => this.list.toEnd() });
    this.head = h("header", { class: "pane-head", testid: "channel-head" });
    this.element = h("section", { class: "pane", aria: { label: `Channel ${channel?.name ?? ""}` } }, this.head, h("div", { id: "hints", class: "hints-slot" }), this.list.element, this.composer.element);
    this.composer.attachments.listen(this.element, this.composer.field);
    this.refresh = coalesced(() => this.#load());
    this.off = [
      on("event", (event) => this.#onEvent(event)),
      on("reconnected", this.refresh),
      on("state", () => { this.#drawHead(); this.#markRead(); }),
      on("dismissed", this.refresh),
      on("edited", this.refresh),
    ];
    this.#drawHead();
    this.refresh();
  }

  close() {
    this.off.forEach((off) => off());
    this.composer.close();
  }

  #drawHead() {
    const channel = findChannel(this.id);
    const title = h("h1", { class: "pane-title" }, icon(channel?.is_private ? "lock" : "hash", 18), h("span", null, channel?.name ?? "unknown"));
    fill(
      this.head,
      iconButton("menu", "Open the menu", { class: "only-narrow", on: { click: () => emit("drawer", true) } }, 20),
      h("div", { class: "pane-words" }, title, channel?.topic ? h("p", { class: "pane-topic", title: channel.topic }, channel.topic) : null),
      channel && !channel.bot_is_member ? h("span", { class: "badge warn" }, `${store.app.name} is not here`) : null,
    );
  }

  #onEvent(event) {
    if (event.channel && event.channel !== this.id) return;
    if (ABOUT_MESSAGES.has(event.type)) this.refresh();
  }

  async #load() {
    const answer = await attempt(() => api.messages(store.me, this.id));
    if (!answer) return;
    const oldest = answer.messages[0]?.ts;
    const older = oldest && answer.has_more ? this.messages.filter((one) => one.ts < oldest && !one._ephemeral) : [];
    if (!older.length) this.hasMore = Boolean(answer.has_more);
    this.messages = [...older, ...answer.messages];
    this.list.update(this.messages);
    if (!this.messages.length) this.#empty();
    if (store.focusTs && this.list.reveal(store.focusTs)) store.focusTs = null;
    this.#markRead();
  }

  #empty() {
    const channel = findChannel(this.id);
    this.list.list.replaceChildren(h("div", { class: "empty" }, h("h2", null, `#${channel?.name ?? ""}`), h("p", null, "Nothing here yet. Mail that reaches this channel appears here, one thread for each ticket.")));
  }

  async #older() {
    if (!this.hasMore || this.loadingOlder) return;
    this.loadingOlder = true;
    const answer = await attempt(() => api.messages(store.me, this.id, this.messages[0].ts));
    this.loadingOlder = false;
    if (!answer) return;
    this.hasMore = Boolean(answer.has_more);
    const known = new Set(this.messages.map((one) => one.ts));
    this.messages = [...answer.messages.filter((one) => !known.has(one.ts)), ...this.messages];
    this.list.prepended = true;
    this.list.update(this.messages);
  }

  #markRead() {
    if (!findChannel(this.id)?.unread || document.visibilityState !== "visible") return;
    api.read(store.me, this.id).then(refreshState, () => {});
  }
}
