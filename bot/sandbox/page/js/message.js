// One message of a channel or a thread → an element.
import { avatar } from "./avatar.js";
import { renderBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { makeEnv } from "./env.js";
import { renderFiles } from "./files.js";
import { icon } from "./icons.js";
import { renderMrkdwn } from "./mrkdwn.js";
import { reactionBar } from "./reactions.js";
import { hashFor } from "./router.js";
import { findUser, names, shownName, store } from "./store.js";
import { ago, clockTime, fullTime, timeTag } from "./time.js";
import { toolbar } from "./toolbar.js";

/** Who a message shows as: the person, or the app under the name it chose. */
export function authorOf(message) {
  const user = findUser(message.user) ?? store.users.find((one) => one.id === store.app.bot_user_id && message.bot_id);
  const isBot = Boolean(message.bot_id || user?.is_bot);
  const name = message.username || shownName(user) || (isBot ? store.app.name : null) || message.user || "Somebody";
  return { id: message.username ? `as-${message.username}` : user?.id ?? message.user, name, real_name: name, is_bot: isBot && !message.username, badge: isBot, icon_emoji: message.icons?.emoji };
}

/** @param place "channel" | "thread" @param grouped it goes on from the message above */
export function renderMessage(message, { place, channel, grouped }) {
  const author = authorOf(message);
  const el = h("div", {
    class: ["message", grouped && "grouped", message._ephemeral && "ephemeral", message.subtype === "tombstone" && "tombstone"],
    role: "listitem", tabIndex: -1, testid: "message",
    data: { ts: message.ts, user: message.user, ephemeral: message._ephemeral ? "true" : null },
    aria: { label: `${author.name}, ${clockTime(message.ts)}` },
  });
  const body = h("div", { class: "message-body" }, grouped ? null : head(message, author), note(message, place), content(message, channel));
  if (message.files?.length) body.append(renderFiles(message.files));
  if (message.reactions?.length) body.append(reactionBar(message, channel));
  if (place === "channel" && message.reply_count) body.append(threadLink(message, channel));
  const gutter = h("div", { class: "gutter" }, grouped ? timeTag(message.ts, clockTime(message.ts), { class: "gutter-time" }) : avatar(author));
  el.append(gutter, body);
  if (message.subtype !== "tombstone") el.append(toolbar(message, { place, channel, element: el }));
  return el;
}

function head(message, author) {
  return h(
    "div", { class: "message-head" },
    h("b", { class: "author", testid: "author" }, author.name),
    author.badge ? h("span", { class: "badge" }, "app") : null,
    timeTag(message.ts, clockTime(message.ts), { class: "quiet" }),
  );
}

function note(message, place) {
  if (message._ephemeral) return h("div", { class: "message-note" }, icon("eye", 14), "Only visible to you");
  const broadcasted = message.subtype === "thread_broadcast" && place === "channel";
  return broadcasted ? h("div", { class: "message-note" }, icon("reply", 14), "replied to a thread") : null;
}

function content(message, channel) {
  if (message.subtype === "tombstone") return h("div", { class: "message-text quiet" }, "This message was deleted.");
  const env = makeEnv("message", () => ({ channel, ts: message.ts }));
  env.file = (id) => message.files?.find((file) => file.id === id);
  const box = h("div", { class: "message-text", testid: "message-text" });
  if (message.blocks?.length) box.append(renderBlocks(message.blocks, env));
  else if (message.text) box.append(h("div", { class: "text" }, renderMrkdwn(message.text, names)));
  for (const attachment of message.attachments ?? []) box.append(legacyAttachment(attachment, env));
  if (message.edited) box.append(h("span", { class: "edited", title: fullTime(message.edited.ts) }, " (edited)"));
  return box;
}

function legacyAttachment(attachment, env) {
  const inner = attachment.blocks?.length
    ? renderBlocks(attachment.blocks, env)
    : [attachment.title ? h("b", null, attachment.title) : null, h("div", { class: "text" }, renderMrkdwn(attachment.text ?? attachment.fallback ?? "", env.names))];
  return h("div", { class: "attachment" }, inner);
}

function threadLink(message, channel) {
  const count = message.reply_count;
  const faces = (message.reply_users ?? []).slice(0, 3).map((id) => avatar(findUser(id) ?? { id, name: id }, "tiny"));
  return h(
    "a", { class: "thread-link", href: hashFor.thread(channel, message.ts), testid: "thread-link" },
    h("span", { class: "faces" }, faces),
    h("b", null, `${count} ${count === 1 ? "reply" : "replies"}`),
    message.latest_reply ? h("span", { class: "quiet", data: { ago: message.latest_reply } }, `last reply ${ago(message.latest_reply)}`) : null,
  );
}
