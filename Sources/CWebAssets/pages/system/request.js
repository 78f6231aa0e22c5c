// Asking the server: JSON in, JSON out, and errors as one sentence a person can act on.

/** What went wrong, in a sentence; `status` 0 when the server could not be reached. */
export class RequestError extends Error {
  /** @param {string} message @param {{status?: number, kind?: string, url?: string}} [about] */
  constructor(message, { status = 0, kind = "", url = "" } = {}) {
    super(message);
    this.name = "RequestError";
    this.status = status;
    /** The API's own word for it, for example "bad_data" or "timeout". */
    this.kind = kind;
    this.url = url;
  }
}

/**
 * Fetches JSON. `body` (an object) is sent as JSON, `form` as a form; either makes it a POST unless `method` says otherwise.
 * Throws `RequestError`; an aborted request throws the browser's AbortError (`isAbort`).
 * @param {string} url
 * @param {{method?: string, query?: Record<string, any>, body?: any, form?: Record<string, any>, signal?: AbortSignal, headers?: Record<string, string>}} [options]
 */
export async function requestJSON(url, { method, query, body, form, signal, headers = {} } = {}) {
  const address = query ? `${url}${url.includes("?") ? "&" : "?"}${encode(query)}` : url;
  const init = { method: method ?? (body !== undefined || form ? "POST" : "GET"), signal, headers: { accept: "application/json", ...headers } };
  if (form) init.body = encode(form);
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(address, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new RequestError(`No answer from ${location.host}. Is obstack running?`, { url });
  }
  const text = await answer.text();
  let value;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    value = undefined;
  }
  if (!answer.ok || value === undefined) throw new RequestError(
    sentence(answer, value, text, url),
    { status: answer.status, kind: value?.errorType ?? "", url },
  );
  return value;
}

/**
 * A Prometheus API call: its `data`, with `warnings` and `infos` beside it.
 * @param {string} path for example "/api/v1/query" @param {Parameters<typeof requestJSON>[1]} [options]
 * @returns {Promise<{data: any, warnings: string[], infos: string[]}>}
 */
export async function prometheus(path, options) {
  const answer = await requestJSON(path, options);
  if (answer?.status === "error") throw new RequestError(answer.error, { status: 200, kind: answer.errorType, url: path });
  return { data: answer?.data, warnings: answer?.warnings ?? [], infos: answer?.infos ?? [] };
}

/** Whether an error only says that the request was given up. */
export const isAbort = (error) => error?.name === "AbortError";

/** A query string; arrays repeat their key, empty values are left out. @param {Record<string, any>} values */
export function encode(values) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) value.forEach((item) => search.append(name, item));
    else if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  return search;
}

function sentence(answer, value, text, url) {
  const said = value?.error?.message ?? value?.error ?? value?.message ?? value?.errors?.[0]?.msg;
  if (typeof said === "string" && said) return said;
  if (answer.status === 404) return `This server has no ${url.split("?")[0]}.`;
  if (answer.status === 401) return "You are not signed in.";
  if (text && text.length < 300 && !text.trimStart().startsWith("<")) return text.trim();
  return `The server answered ${answer.status} ${answer.statusText}`.trim() + ".";
}
