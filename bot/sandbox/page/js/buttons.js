// Buttons and overflow menus.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { renderPlain } from "./mrkdwn.js";
import { openMenu } from "./popover.js";

/** A Block Kit button; with `url` it opens that address as well as telling the app. */
export function button(element, block, env) {
  const style = ["primary", "danger"].includes(element.style) ? element.style : null;
  const props = { class: ["button", style], aria: { label: element.accessibility_label } };
  const label = renderPlain(element.text?.text ?? "");
  const press = (event) => {
    if (event.currentTarget.getAttribute("aria-busy")) return;
    env.act(block, element, { value: element.value }, event.currentTarget);
  };
  if (element.url && /^https?:\/\//i.test(element.url)) {
    return h("a", { ...props, href: element.url, target: "_blank", rel: "noopener noreferrer", on: { click: press } }, label);
  }
  return h("button", { ...props, type: "button", on: { click: press } }, label);
}

/** The ⋯ menu of a section. */
export function overflow(element, block, env) {
  const entries = (element.options ?? []).map((option) => ({
    label: option.text?.text ?? "",
    detail: option.description?.text,
    href: /^https?:\/\//i.test(option.url ?? "") ? option.url : undefined,
    run: () => env.act(block, element, { selected_option: option }),
  }));
  const anchor = h(
    "button",
    {
      type: "button", class: "button square", title: "More", aria: { label: "More actions", haspopup: "menu", expanded: "false" },
      on: { click: (event) => openMenu(event.currentTarget, "More actions", entries) },
    },
    icon("more", 18),
  );
  return anchor;
}
