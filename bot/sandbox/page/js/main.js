// Puts the page together: state, sidebar, the view of the current address, live updates.
import { api } from "./api.js";
import { ChannelView } from "./channel.js";
import { fill, h } from "./dom.js";
import { learnEmoji } from "./emoji.js";
import { listenToEvents } from "./events.js";
import { HomeView } from "./home.js";
import { startHints } from "./hints.js";
import { MailView } from "./mail.js";
import { startModals } from "./modals.js";
import { adoptPermalink, currentRoute, listenToRoutes } from "./router.js";
import { startSidebar } from "./sidebar.js";
import { emit, findChannel, loadState, on, refreshState, store } from "./store.js";
import { ThreadView } from "./thread.js";
import { ago } from "./time.js";

const page = { main: null, mainKey: null, side: null, sideKey: null };
const STATE_EVENTS = new Set(["message", "channel", "user", "mail", "app"]);

async function start() {
  const main = document.getElementById("main");
  try {
    await loadState();
  } catch (error) {
    fill(main, h("p", { class: "boot", role: "alert" }, `${error.message} `, h("button", { type: "button", class: "button", on: { click: () => location.reload() } }, "Try again")));
    return;
  }
  api.emoji().then(learnEmoji, () => {}); // a plainer table is here already
  adoptPermalink();
  startSidebar(document.getElementById("sidebar"));
  startHints();
  on("route", show);
  on("person", changePerson);
  on("drawer", setDrawer);
  on("event", (event) => STATE_EVENTS.has(event.type) && refreshState());
  on("reconnected", refreshState);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && page.main?.refresh?.());
  document.getElementById("scrim").addEventListener("click", () => emit("drawer", false));
  document.addEventListener("keydown", (event) => event.key === "Escape" && emit("drawer", false));
  keepFilesOut();
  setInterval(refreshAges, 60_000);
  listenToRoutes();
  listenToEvents();
  emit("route");
  startModals();
}

function show() {
  const route = currentRoute();
  store.openChannel = route.view === "channel" ? route.channel : null;
  showMain(route);
  showSide(route);
  document.title = title(route);
  emit("shown");
}

function title(route) {
  const place = { home: store.app.name, mail: "Mail" }[route.view] ?? `#${findChannel(route.channel)?.name ?? ""}`;
  return `${place} · ${store.team.name}`;
}

function showMain(route) {
  const key = JSON.stringify([store.me, route.view, route.view === "channel" ? route.channel : null]);
  if (key !== page.mainKey) {
    page.main?.close();
    page.mainKey = key;
    page.main = route.view === "home" ? new HomeView() : route.view === "mail" ? new MailView() : new ChannelView(route.channel);
    fill(document.getElementById("main"), page.main.element);
  }
  page.main.show?.(route);
}

function showSide(route) {
  const side = document.getElementById("side");
  const key = route.thread ? JSON.stringify([store.me, route.channel, route.thread]) : null;
  document.getElementById("app").classList.toggle("with-thread", Boolean(key));
  side.hidden = !key;
  if (key === page.sideKey) return;
  const hadFocus = side.contains(document.activeElement);
  page.side?.close();
  page.sideKey = key;
  page.side = key ? new ThreadView(route.channel, route.thread) : null;
  fill(side, page.side?.element);
  if (page.side) page.side.composer.field.focus();
  else if (hadFocus) page.main.composer?.field.focus();
}

async function changePerson() {
  listenToEvents();
  await loadState().catch(() => emit("offline"));
  show();
}

/** A file dropped beside a drop zone would replace the page. */
function keepFilesOut() {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => event.preventDefault());
}

/** "last reply 2 min ago" stays true while nothing else happens. */
function refreshAges() {
  for (const el of document.querySelectorAll("[data-ago]")) el.textContent = `last reply ${ago(el.dataset.ago)}`;
}

function setDrawer(open) {
  const app = document.getElementById("app");
  if (app.classList.contains("drawer-open") === open) return;
  app.classList.toggle("drawer-open", open);
  document.getElementById("scrim").hidden = !open;
  document.getElementById("main").inert = open;
  document.getElementById("side").inert = open;
  if (open) document.querySelector("#sidebar a.nav-item.current, #sidebar a.nav-item")?.focus();
  else document.querySelector("#main .only-narrow")?.focus();
}

start();
