// Every kind of select menu: static, external, users, conversations, channels; one or several.
import { h } from "./dom.js";
import { iconButton } from "./icons.js";
import { openListbox } from "./listbox.js";
import { people, shownName, store } from "./store.js";

const SOURCES = {
  static: { one: "selected_option", many: "selected_options", initial: "initial_option", load: loadStatic },
  external: { one: "selected_option", many: "selected_options", initial: "initial_option", load: loadExternal },
  users: { one: "selected_user", many: "selected_users", initial: "initial_user", load: loadUsers },
  conversations: { one: "selected_conversation", many: "selected_conversations", initial: "initial_conversation", load: loadChannels },
  channels: { one: "selected_channel", many: "selected_channels", initial: "initial_channel", load: loadChannels },
};

export function selectElement(element, block, env) {
  const multi = element.type.startsWith("multi_");
  const source = SOURCES[/(?:multi_)?(\w+?)_select/.exec(element.type)[1]];
  const key = multi ? source.many : source.one;
  const run = { element, block, env, source, multi, key, chosen: initial(element, block, env, source, multi, key) };
  env.values.set(block.block_id, element.action_id, payload(run));
  return multi ? manyControl(run) : oneControl(run);
}

/** The chosen raw values: options, or ids. Always a list. */
function initial(element, block, env, source, multi, key) {
  const kept = env.values.get(block.block_id, element.action_id);
  if (kept) return [kept[key]].flat().filter(Boolean);
  const given = multi ? element[`${source.initial}s`] : element[source.initial];
  if (given) return [given].flat();
  const here = element.default_to_current_conversation && store.openChannel;
  return here ? [here] : [];
}

function payload(run) {
  return { type: run.element.type, [run.key]: run.multi ? run.chosen : run.chosen[0] ?? null };
}

function changed(run, draw) {
  draw();
  run.env.change(run.block, run.element, payload(run));
}

function trigger(run, onOpen) {
  const placeholder = run.element.placeholder?.text ?? (run.multi ? "Choose…" : "Choose one");
  return h("button", {
    type: "button", role: "combobox", class: "select",
    aria: { haspopup: "listbox", expanded: "false", ...(run.env.naming ?? { label: placeholder }) },
    data: { placeholder }, autofocus: run.element.focus_on_load ? true : null,
    on: {
      click: onOpen,
      keydown: (event) => {
        if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); onOpen(event); }
      },
    },
  });
}

function oneControl(run) {
  const open = () => openListbox(control, {
    label: run.element.placeholder?.text ?? "Options", load: (query) => run.source.load(run, query), isChosen: (raw) => idOf(raw) === idOf(run.chosen[0]),
    clearable: run.block.type === "input" && run.block.optional && run.chosen.length,
    onPick: (raw) => { run.chosen = raw === null ? [] : [raw]; changed(run, draw); return true; },
  });
  const control = trigger(run, open);
  const draw = () => {
    control.textContent = run.chosen.length ? labelOf(run.chosen[0]) : control.dataset.placeholder;
    control.classList.toggle("empty", !run.chosen.length);
  };
  draw();
  return h("div", { class: "control" }, control);
}

function manyControl(run) {
  const max = run.element.max_selected_items ?? Infinity;
  const toggle = (raw) => {
    const without = run.chosen.filter((one) => idOf(one) !== idOf(raw));
    if (without.length < run.chosen.length) run.chosen = without;
    else if (run.chosen.length < max) run.chosen = [...run.chosen, raw];
    changed(run, draw);
    return false;
  };
  const open = () => openListbox(control, {
    label: run.element.placeholder?.text ?? "Options", multi: true, load: (query) => run.source.load(run, query),
    isChosen: (raw) => run.chosen.some((one) => idOf(one) === idOf(raw)), onPick: toggle,
  });
  const control = trigger(run, open);
  const chips = h("span", { class: "chips" });
  const draw = () => {
    control.textContent = control.dataset.placeholder;
    control.classList.add("empty");
    chips.replaceChildren(...run.chosen.map((raw) =>
      h("span", { class: "chip" }, labelOf(raw), iconButton("close", `Remove ${labelOf(raw)}`, { on: { click: () => { toggle(raw); control.focus(); } } }, 14))));
  };
  draw();
  return h("div", { class: "control select-many" }, chips, control);
}

const idOf = (raw) => (raw && typeof raw === "object" ? raw.value : raw);

function labelOf(raw) {
  if (raw && typeof raw === "object") return raw.text?.text ?? raw.value;
  const user = store.users.find((one) => one.id === raw);
  const channel = store.channels.find((one) => one.id === raw);
  return user ? shownName(user) : channel ? `#${channel.name}` : String(raw);
}

const asItem = (option) => ({ raw: option, label: option.text?.text ?? "", detail: option.description?.text });

function matching(items, query) {
  const wanted = query.trim().toLowerCase();
  return wanted ? items.filter((item) => `${item.label} ${item.detail ?? ""}`.toLowerCase().includes(wanted)) : items;
}

function grouped(options, groups, query) {
  if (groups?.length) return groups.map((group) => ({ label: group.label?.text, items: matching((group.options ?? []).map(asItem), query) }));
  return [{ items: matching((options ?? []).map(asItem), query) }];
}

function loadStatic(run, query) {
  return grouped(run.element.options, run.element.option_groups, query);
}

async function loadExternal(run, query) {
  const least = run.element.min_query_length ?? 3;
  if (query.length < least) return [{ items: [], note: `Type ${least} or more letters` }];
  const answer = await run.env.options(run.block, run.element, query);
  return grouped(answer.options, answer.option_groups, "");
}

function loadUsers(run, query) {
  return [{ items: matching(people().map((user) => ({ raw: user.id, label: shownName(user), detail: user.title, avatar: user })), query) }];
}

function loadChannels(run, query) {
  const wanted = run.element.filter?.include;
  const fits = (channel) => !channel.is_archived && !channel.is_im && (!wanted || wanted.includes(channel.is_private ? "private" : "public"));
  return [{ items: matching(store.channels.filter(fits).map((channel) => ({ raw: channel.id, label: `#${channel.name}`, detail: channel.topic })), query) }];
}
