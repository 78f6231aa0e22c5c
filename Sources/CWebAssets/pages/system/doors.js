// The other ports of this stack: `GET /-/doors` names them, so that a link can lead from any page to any other.

/** @typedef {"grafana"|"prometheus"|"jaeger"|"pushgateway"|"otlpHTTP"|"otlpGRPC"} Door */

const USUAL = { grafana: "3000", prometheus: "9090", jaeger: "16686", pushgateway: "9091", otlpHTTP: "4318", otlpGRPC: "4317" };
const KEPT = "obstack.doors";

/** @type {Record<string, string>} */
let ports = read() ?? USUAL;

/** Resolves once the server has named its ports; the usual ones stand where it cannot. */
export const doorsReady = (async () => {
  try {
    const answer = await fetch("/-/doors", { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    ports = await answer.json();
    sessionStorage.setItem(KEPT, JSON.stringify(ports));
  } catch {
    // Offline or an older server: the usual ports are the best guess.
  }
})();

/** Whether the stack has this door open. @param {Door} name */
export const hasDoor = (name) => Boolean(ports[name]);

/** "host:port" of a door, for what a person copies. @param {Door} name */
export const doorAddress = (name) => `${location.hostname}:${ports[name] ?? USUAL[name]}`;

/** A link to a page behind a door; relative where it is this door. @param {Door} name @param {string} [path] */
export function doorURL(name, path = "/") {
  const port = ports[name] ?? USUAL[name];
  return port === location.port ? path : `${protocol(name)}//${location.hostname}:${port}${path}`;
}

// Doors differ where one of them has TLS of its own; a proxy before all of them gives each the protocol of this page.
function protocol(name) {
  const secure = ports.https?.split(" ");
  if (!secure) return location.protocol;
  return secure.includes(name) ? "https:" : "http:";
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}
