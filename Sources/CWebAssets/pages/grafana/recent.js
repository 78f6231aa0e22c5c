// The dashboards this browser opened last, newest first.

const KEPT = "obstack.recent";
const MOST = 12;

/** @returns {{uid: string, at: number}[]} */
export function recentDashboards() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]").filter((entry) => typeof entry?.uid === "string");
  } catch {
    return [];
  }
}

/** @param {string} uid */
export function rememberDashboard(uid) {
  const list = [{ uid, at: Date.now() }, ...recentDashboards().filter((entry) => entry.uid !== uid)].slice(0, MOST);
  try {
    localStorage.setItem(KEPT, JSON.stringify(list));
  } catch {
    // Storage is full or forbidden: the list is a convenience only.
  }
}
