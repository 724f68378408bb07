// The three steps a newcomer takes; what is done is kept in this browser.
import { recall, remember } from "./memory.js";
import { emit } from "./store.js";

export const STEPS = ["write", "answer", "look"];

export function doneSteps() {
  const kept = (recall("hints") ?? "").split(",");
  return new Set(kept.filter((step) => STEPS.includes(step) || step === "hidden"));
}

/** @param {"write" | "answer" | "look" | "hidden"} step */
export function completeStep(step) {
  const done = doneSteps();
  if (done.has(step)) return;
  done.add(step);
  remember("hints", [...done].join(","));
  emit("hints");
}
