// The page's state lives in the URL: read it, change it, hear when Back and Forward change it.

/** The query parameters as they stand. */
export const params = () => new URLSearchParams(location.search);

/**
 * Changes query parameters; null, undefined and "" remove one, arrays repeat it. Pushes a history entry unless `replace`.
 * @param {Record<string, string|number|string[]|null|undefined>} changes @param {{replace?: boolean}} [how]
 */
export function setParams(changes, { replace = false } = {}) {
  const next = params();
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    if (Array.isArray(value)) value.forEach((item) => next.append(name, item));
    else if (value !== null && value !== undefined && value !== "") next.set(name, String(value));
  }
  const search = next.toString();
  const url = location.pathname + (search ? `?${search}` : "") + location.hash;
  if (url === location.pathname + location.search + location.hash) return;
  history[replace ? "replaceState" : "pushState"](history.state, "", url);
}

/** Calls `run` after Back or Forward. @param {() => void} run */
export const onNavigate = (run) => addEventListener("popstate", run);
