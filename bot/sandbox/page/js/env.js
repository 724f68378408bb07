// What blocks need from their surroundings, made once for each message, modal and home view.
import { api } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { renderText } from "./blocks.js";
import { names, store } from "./store.js";
import { attempt } from "./toast.js";
import { Values } from "./values.js";

/**
 * @param kind "message" | "modal" | "home"
 * @param where () => {channel, ts} or {view_id}: what an action belongs to
 * @param values what was typed so far
 */
export function makeEnv(kind, where, values = new Values()) {
  const env = { kind, names, values };
  env.act = (block, element, payload, control) => act(env, where, { block, element, payload, control });
  env.change = (block, element, value) => change(env, block, element, value);
  env.options = (block, element, value) =>
    api.options({ user: store.me, ...where(), block_id: block.block_id, action_id: element.action_id, value });
  return env;
}

/** A new value: kept, and told to the app where Slack would. */
function change(env, block, element, value) {
  env.values.set(block.block_id, element.action_id, value);
  if (block.type !== "input") env.act(block, element, value);
  else if (block.dispatch_action && !/_input$/.test(element.type)) env.act(block, element, value);
}

async function act(env, where, { block, element, payload, control }) {
  if (element.confirm && !(await ask(element.confirm, env))) return;
  const target = where();
  if (!target) return;
  control?.setAttribute("aria-busy", "true");
  await attempt(() =>
    api.action({
      user: store.me, ...target, block_id: block.block_id, action_id: element.action_id,
      ...payload, type: element.type, state: env.values.toState(),
    }),
  );
  control?.removeAttribute("aria-busy");
}

function ask(confirm, env) {
  return confirmDialog({
    title: confirm.title?.text ?? "Are you sure?",
    body: renderText(confirm.text, env),
    confirm: confirm.confirm?.text, deny: confirm.deny?.text, danger: confirm.style === "danger",
  });
}
