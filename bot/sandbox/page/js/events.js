// Live updates by Server-Sent Events. The browser reconnects by itself; when a stream opens, the
// first one too, everything shown is fetched again, because what was missed is not repeated.
import { emit, store } from "./store.js";

let source = null;

/** Listens as the person of the store; call again when the person changes. */
export function listenToEvents() {
  source?.close();
  source = new EventSource(`/ui/events?user=${encodeURIComponent(store.me)}`);
  source.addEventListener("open", () => {
    emit("reconnected");
    emit("online");
  });
  source.addEventListener("message", (event) => dispatch(event.data));
  source.addEventListener("error", () => {
    emit("offline");
    if (source.readyState === EventSource.CLOSED) setTimeout(listenToEvents, 2000);
  });
}

function dispatch(data) {
  let event;
  try {
    event = JSON.parse(data);
  } catch {
    return; // not one of ours; the next one may be
  }
  emit("event", event);
}

/** Runs `work` soon and never twice at once: a burst of events costs one fetch. */
export function coalesced(work) {
  let running = false;
  let again = false;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await work();
    } finally {
      running = false;
      if (again) {
        again = false;
        run();
      }
    }
  };
  return run;
}
