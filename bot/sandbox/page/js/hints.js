// Three numbered hints for the first visit. They stand above the content, take no place once
// done, and can be put away at any time.
import { h } from "./dom.js";
import { completeStep, doneSteps, STEPS } from "./hintsteps.js";
import { icon, iconButton } from "./icons.js";
import { currentRoute, hashFor } from "./router.js";
import { on } from "./store.js";

const WORDS = {
  write: { title: "Write as a customer", text: "Send a mail and watch it become a ticket.", href: () => hashFor.write() },
  answer: { title: "Answer in the thread", text: "Open the ticket’s thread and reply.", href: () => hashFor.channel(currentRoute().channel ?? firstPlace()) },
  look: { title: "See what left", text: "Read your mail the way it was sent.", href: () => hashFor.mail() },
};

let lastChannel = "";
function firstPlace() {
  return lastChannel;
}

/** Keeps the hints in whatever #hints slot is on the page. */
export function startHints() {
  const draw = () => {
    const route = currentRoute();
    if (route.view === "channel") lastChannel = route.channel;
    const slot = document.getElementById("hints");
    slot?.replaceChildren(...[render()].filter(Boolean));
  };
  on("hints", draw);
  on("route", draw);
  on("shown", draw);
}

function render() {
  const done = doneSteps();
  if (done.has("hidden") || STEPS.every((step) => done.has(step))) return null;
  const next = STEPS.find((step) => !done.has(step));
  return h(
    "aside", { class: "hints", aria: { label: "First steps" }, testid: "hints" },
    h("ol", null, STEPS.map((step, i) => hint(step, i, done.has(step), step === next))),
    iconButton("close", "Hide the hints", { on: { click: () => completeStep("hidden") } }, 16),
  );
}

function hint(step, i, isDone, isNext) {
  const words = WORDS[step];
  return h(
    "li", { class: ["hint-step", isDone && "done", isNext && "next"], testid: `hint-${step}` },
    h("a", { href: words.href(), aria: { current: isNext ? "step" : null } },
      h("span", { class: "hint-number", aria: { hidden: true } }, isDone ? icon("check", 14) : String(i + 1)),
      h("span", { class: "hint-words" }, h("b", null, words.title, isDone ? h("span", { class: "visually-hidden" }, " (done)") : null), h("small", null, words.text))),
  );
}
