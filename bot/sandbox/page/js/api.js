// The sandbox's JSON API (BROWSER_API.md). Every refusal becomes an ApiError with a sentence.

export class ApiError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError("The sandbox does not answer. Is it still running?", 0, "offline");
  }
  const text = await response.text();
  const answer = parse(text);
  if (!response.ok) throw new ApiError(answer?.error ?? `The sandbox answered ${response.status}.`, response.status, answer?.code);
  return answer ?? {};
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const part = encodeURIComponent;
const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();

export const api = {
  state: (user) => call("GET", `/ui/state?${query({ user })}`),
  emoji: () => call("GET", "/ui/emoji"),
  read: (user, channel) => call("POST", "/ui/read", { user, channel }),
  messages: (user, channel, before) => call("GET", `/ui/channels/${part(channel)}/messages?${query({ user, before })}`),
  thread: (user, channel, ts) => call("GET", `/ui/channels/${part(channel)}/threads/${part(ts)}?${query({ user })}`),
  post: (message) => call("POST", "/ui/messages", message),
  edit: (message) => call("PATCH", "/ui/messages", message),
  remove: (message) => call("DELETE", "/ui/messages", message),
  dismiss: (user, ts) => call("DELETE", "/ui/ephemerals", { user, ts }),
  react: (reaction) => call("POST", "/ui/reactions", reaction),
  action: (action) => call("POST", "/ui/actions", action),
  command: (command) => call("POST", "/ui/commands", command),
  shortcut: (shortcut) => call("POST", "/ui/shortcuts", shortcut),
  options: (wanted) => call("POST", "/ui/options", wanted),
  views: (user) => call("GET", `/ui/views?${query({ user })}`),
  submitView: (id, user, state) => call("POST", `/ui/views/${part(id)}/submit`, { user, state }),
  closeView: (id, user, clear) => call("POST", `/ui/views/${part(id)}/close`, { user, clear }),
  home: (user) => call("GET", `/ui/home?${query({ user })}`),
  openHome: (user) => call("POST", "/ui/home/open", { user }),
  mails: () => call("GET", "/ui/mail"),
  mail: (id) => call("GET", `/ui/mail/${part(id)}`),
  mailSource: (id) => fetch(`/ui/mail/${part(id)}/source`).then((r) => r.text()),
  mailRead: () => call("POST", "/ui/mail/read", {}),
  write: (mail) => call("POST", "/ui/mail", mail),
};
