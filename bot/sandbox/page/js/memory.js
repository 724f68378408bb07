// What the browser keeps between visits. Storage may be switched off; then the page just forgets.

const forgetful = new Map();

/** @returns {string|null} */
export function recall(key, area = localStorage_()) {
  if (!area) return forgetful.get(key) ?? null;
  return area.getItem(`canal.${key}`);
}

export function remember(key, value, area = localStorage_()) {
  if (!area) forgetful.set(key, value);
  else area.setItem(`canal.${key}`, value);
}

/** Kept for this tab only, so that two tabs can be two people. */
export function tabStorage() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

function localStorage_() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
