// What the whole page knows: the person, the people, the channels. Views listen and draw again.
import { api } from "./api.js";
import { recall, remember, tabStorage } from "./memory.js";

const listeners = new Map();

export function on(type, fn) {
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type).add(fn);
  return () => listeners.get(type).delete(fn);
}

export function emit(type, detail) {
  for (const fn of listeners.get(type) ?? []) fn(detail);
}

export const store = {
  me: null,
  team: { id: "", name: "" },
  users: [],
  channels: [],
  usergroups: [],
  app: { commands: [], shortcuts: [] },
  mail: { addresses: [], unread: 0, smtp: null },
};

const byId = (list, id) => list.find((item) => item.id === id);

export const findUser = (id) => byId(store.users, id);
export const findChannel = (id) => byId(store.channels, id);
export const people = () => store.users.filter((user) => !user.is_bot && !user.is_app);
export const shownName = (user) => user?.real_name || user?.name || null;

/** How ids in text become names. */
export const names = {
  get me() {
    return store.me;
  },
  user: (id) => shownName(findUser(id)),
  channel: (id) => findChannel(id)?.name ?? null,
  usergroup: (id) => {
    const group = byId(store.usergroups, id);
    return group ? `@${group.handle ?? group.name}` : null;
  },
};

/** Fetches the state again for the person shown (or the one this tab last acted as). */
export async function loadState(user = store.me ?? recall("me", tabStorage()) ?? recall("me")) {
  let state;
  try {
    state = await api.state(user);
  } catch (error) {
    if (!user || error.status === 0) throw error;
    state = await api.state(null); // a person of another sandbox, remembered by this browser
  }
  Object.assign(store, {
    team: state.team, users: state.users, channels: state.channels, usergroups: state.usergroups ?? [], app: state.app, mail: state.mail,
  });
  store.me = byId(state.users, user) ? user : state.user ?? people()[0]?.id;
  emit("state");
}

export function actAs(user) {
  store.me = user;
  remember("me", user, tabStorage());
  remember("me", user);
  emit("person");
}

let waiting = null;
/** Fetches the state soon, once for many events. */
export function refreshState() {
  waiting ??= setTimeout(() => {
    waiting = null;
    loadState().catch(() => emit("offline"));
  }, 150);
}
