// Signing in: the first page of the product. On success it leads where the person wanted to go.

import { el, svg } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { requestJSON } from "../system/request.js";

const user = el("input", { name: "user", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, autofocus: true });
const password = el("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
const reveal = el("button.ghost.square.reveal", { type: "button", "aria-label": "Show the password", "aria-pressed": "false", onclick: () => {
  const shown = password.type === "password";
  password.type = shown ? "text" : "password";
  reveal.setAttribute("aria-pressed", String(shown));
  password.focus();
} }, icon("eye"));
const problem = el("p.problem", { role: "alert", hidden: true });
const button = el("button.primary", { type: "submit" }, "Sign in");
const form = el("form.login-card", {},
  el("img", { src: "/assets/icon.svg", alt: "", width: 44, height: 44 }),
  el("h1", "ObservabilityStack"),
  el("p.muted", "Metrics, traces, dashboards"),
  el("label.field", el("span", "User"), user),
  el("label.field", el("span", "Password"), el(".password", password, reveal)),
  problem, button);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  problem.hidden = true;
  try {
    await requestJSON("/login", { body: { user: user.value, password: password.value } });
    location.replace(wanted());
  } catch (error) {
    problem.textContent = sentence(error);
    problem.hidden = false;
    button.disabled = false;
    password.select();
    password.focus();
  }
});

/** Where to go: a path of this server, never another one's address. */
function wanted() {
  const path = new URLSearchParams(location.search).get("redirectTo") ?? "/";
  const address = new URL(path, location.origin);
  return address.origin === location.origin && path.startsWith("/") ? address.pathname + address.search : "/";
}

function sentence(error) {
  return error.status === 401 ? "This user and password do not match." : error.message;
}

document.body.classList.add("login");
document.body.append(backdrop(), el("main", form));
user.focus();

/** Curves as the product draws them: a day of some machine, at rest. */
function backdrop() {
  const [width, height] = [1600, 900];
  const lines = [["var(--series-0)", 0.62, 90, 0.9], ["var(--series-2)", 0.7, 60, 2.1], ["var(--series-4)", 0.78, 75, 3.7], ["var(--series-1)", 0.86, 45, 5.2]];
  const node = svg("svg", { class: "backdrop", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMidYMax slice", "aria-hidden": "true" });
  const fades = svg("defs");
  node.append(fades);
  for (let i = 1; i < 6; i++) node.append(svg("path", { class: "grid", d: `M0 ${height - i * 110}H${width}` }));
  lines.forEach(([color, level, swing, phase], at) => {
    fades.append(svg(
      "linearGradient", { id: `fade-${at}`, x1: 0, y1: 0, x2: 0, y2: 1 }, svg("stop", { offset: 0, "stop-color": color, "stop-opacity": 0.16 }),
      svg("stop", { offset: 1, "stop-color": color, "stop-opacity": 0 }),
    ));
    let path = "";
    for (let x = 0; x <= width; x += 8) {
      const t = (x / width) * 6.28;
      const y = height * level - swing * (0.6 * Math.sin(t * 1.3 + phase) + 0.3 * Math.sin(t * 3.7 + phase * 2) + 0.12 * Math.sin(t * 11 + phase * 3) + 0.06 * Math.sin(t * 29 + phase * 5));
      path += `${x ? "L" : "M"}${x} ${y.toFixed(1)}`;
    }
    node.append(svg("path", { d: `${path}V${height}H0Z`, fill: `url(#fade-${at})` }), svg("path", { class: "curve", d: path, stroke: color }));
  });
  return node;
}
