// The quiet left column: the workspace, its channels, the app's home, the mail, and who one is.
import { avatar } from "./avatar.js";
import { fill, h } from "./dom.js";
import { icon, iconButton } from "./icons.js";
import { arrowKeys } from "./popover.js";
import { currentRoute, hashFor } from "./router.js";
import { actAs, emit, on, people, shownName, store } from "./store.js";
import { currentTheme, toggleTheme } from "./theme.js";

export function startSidebar(root) {
  const draw = () => redraw(root);
  on("state", draw);
  on("route", draw);
  on("person", draw);
  on("online", () => setOnline(root, true));
  on("offline", () => setOnline(root, false));
  arrowKeys(root, () => [...root.querySelectorAll("a.nav-item, button.person")]);
}

function setOnline(root, online) {
  root.dataset.online = String(online);
  redraw(root);
}

function redraw(root) {
  const focusKey = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const scrolled = root.querySelector(".nav-scroll")?.scrollTop ?? 0;
  const route = currentRoute();
  fill(root, head(root), h("div", { class: "nav-scroll" }, channels(route), places(route)), who());
  root.querySelector(".nav-scroll").scrollTop = scrolled;
  if (focusKey) root.querySelector(`[data-key="${CSS.escape(focusKey)}"]`)?.focus();
}

function head(root) {
  const dark = currentTheme() === "dark";
  const connected = root.dataset.online !== "false";
  const status = !connected ? "Reconnecting…" : store.app.connected === false ? `${store.app.name} is not connected` : null;
  return h(
    "header", { class: "team" },
    h("div", { class: "team-words" }, h("b", { class: "team-name", title: store.team.name }, store.team.name), h("small", { class: ["quiet", status && "alert"], role: "status" }, status ?? "Sandbox workspace")),
    iconButton(dark ? "sun" : "moon", dark ? "Light theme" : "Dark theme", { data: { key: "theme" }, on: { click: () => { toggleTheme(); redraw(root); } } }),
    iconButton("close", "Close the menu", { class: "only-narrow", data: { key: "close" }, on: { click: () => emit("drawer", false) } }),
  );
}

function channels(route) {
  const rows = store.channels.filter((one) => !one.is_archived && !one.is_im).map((channel) =>
    navItem({
      key: channel.id, href: hashFor.channel(channel.id), iconName: channel.is_private ? "lock" : "hash", label: channel.name,
      current: route.view === "channel" && route.channel === channel.id, unread: channel.unread, mentions: channel.mentions, what: "unread",
    }));
  return h("div", { class: "nav-group", role: "group", aria: { label: "Channels" } }, h("h2", null, "Channels"), rows);
}

function places(route) {
  return h(
    "div", { class: "nav-group", role: "group", aria: { label: "More" } }, h("h2", null, "More"),
    navItem({ key: "home", href: hashFor.home(), iconName: "home", label: `${store.app.name ?? "App"} home`, current: route.view === "home" }),
    navItem({ key: "mail", href: hashFor.mail(), iconName: "mail", label: "Mail", current: route.view === "mail" && !route.write, unread: store.mail.unread, mentions: store.mail.unread, what: "new" }),
    navItem({ key: "write", href: hashFor.write(), iconName: "edit", label: "Write as a customer", current: route.view === "mail" && route.write }),
  );
}

function navItem({ key, href, iconName, label, current, unread, mentions, what }) {
  return h(
    "a",
    { class: ["nav-item", current && "current", unread && "unread"], href, data: { key }, testid: `nav-${key}`, aria: { current: current ? "page" : null }, on: { click: () => emit("drawer", false) } },
    icon(iconName, 17), h("span", { class: "nav-label", title: label }, label),
    unread ? h("span", { class: mentions ? "count-badge" : "dot", aria: { label: `${unread} ${what}` } }, mentions ? String(mentions) : "") : null,
  );
}

function who() {
  const rows = people().map((user) => {
    const mine = user.id === store.me;
    const role = user.is_admin ? "admin" : "agent";
    return h(
      "button",
      { type: "button", class: ["person", mine && "current"], role: "radio", data: { key: `as-${user.id}` }, testid: `act-as-${user.name}`, aria: { checked: String(mine) }, title: user.title || role, on: { click: () => mine || actAs(user.id) } },
      avatar(user, "small"), h("span", { class: "person-name" }, shownName(user), h("small", null, role)),
    );
  });
  return h("footer", { class: "who", role: "radiogroup", aria: { label: "Act as" } }, h("h2", null, "You act as"), h("div", { class: "persons" }, rows));
}
