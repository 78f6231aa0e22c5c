// The last expressions that were run in this browser.

const KEPT = "obstack.expressions";
const MOST = 50;

/** Newest first. @returns {string[]} */
export function recent() {
  try {
    const list = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(list) ? list.filter((text) => typeof text === "string") : [];
  } catch {
    return [];
  }
}

/** @param {string} expr */
export function remember(expr) {
  try {
    localStorage.setItem(KEPT, JSON.stringify([expr, ...recent().filter((other) => other !== expr)].slice(0, MOST)));
  } catch {
    // A full or forbidden storage only costs the history.
  }
}
