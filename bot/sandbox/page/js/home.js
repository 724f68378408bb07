// The app's Home tab.
import { api } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { makeEnv } from "./env.js";
import { coalesced } from "./events.js";
import { icon, iconButton } from "./icons.js";
import { emit, on, store } from "./store.js";
import { attempt } from "./toast.js";
import { Values } from "./values.js";

export class HomeView {
  constructor() {
    this.values = new Values();
    this.body = h("div", { class: "home-body", testid: "home" }, h("p", { class: "quiet" }, "Opening…"));
    const head = h(
      "header", { class: "pane-head" },
      iconButton("menu", "Open the menu", { class: "only-narrow", on: { click: () => emit("drawer", true) } }, 20),
      h("div", { class: "pane-words" }, h("h1", { class: "pane-title" }, icon("home", 18), h("span", null, store.app.name ?? "Home")), h("p", { class: "pane-topic" }, "The app’s home")),
    );
    this.element = h("section", { class: "pane", aria: { label: "App home" } }, head, h("div", { class: "scroller home-scroll" }, this.body));
    this.refresh = coalesced(() => this.#load());
    this.off = [on("event", (event) => event.type === "home" && this.refresh()), on("reconnected", this.refresh)];
    this.#open();
  }

  close() {
    this.off.forEach((off) => off());
  }

  async #open() {
    await this.refresh();
    await attempt(() => api.openHome(store.me));
    await this.refresh();
  }

  async #load() {
    const answer = await attempt(() => api.home(store.me));
    if (!answer) return;
    const view = answer.view;
    if (!view?.blocks?.length) {
      fill(this.body, h("div", { class: "empty" }, h("h2", null, "Nothing here yet"), h("p", null, `${store.app.name ?? "The app"} has not published its home.`)));
      return;
    }
    const signature = JSON.stringify(view.blocks);
    if (signature === this.signature) return;
    this.signature = signature;
    this.values.keepOnly(view.blocks);
    fill(this.body, renderBlocks(view.blocks, makeEnv("home", () => ({ view_id: view.id }), this.values)));
  }
}
