// Signing in: the first page of the product. On success it leads where the person wanted to go.

import { el, svg } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { requestJSON } from "../system/request.js";

/** The password that a fresh stack has, as a fresh Grafana. */
const FIRST_PASSWORD = "admin";

const [password, passwordField] = passwordInput("password", "Password", "current-password");
const user = el("input", { name: "user", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true });
const [again, againField] = passwordInput("confirmNew", "The same again", "new-password");
const [fresh, freshField] = passwordInput("newPassword", "New password", "new-password");

const signIn = card("ObservabilityStack", "Metrics, traces, dashboards", "Sign in", [el("label.field", el("span", "User"), user), passwordField], async () => {
  await requestJSON("/login", { body: { user: user.value, password: password.value } }).catch((error) => {
    password.select();
    password.focus();
    throw error.status === 401 ? new Error("This user and password do not match.") : error;
  });
  if (password.value !== FIRST_PASSWORD) return leave();
  signIn.replaceWith(change);
  fresh.focus();
});

// Who signed in with the first password is asked for a better one, and may go on without.
const change = card("Update your password", "You signed in with the password that every new stack has.", "Change password", [freshField, againField], async () => {
  if (fresh.value !== again.value) throw new Error("The two are not the same.");
  if (fresh.value === FIRST_PASSWORD) throw new Error("That is the password you have.");
  await requestJSON("/api/user/password", { method: "PUT", body: { oldPassword: password.value, newPassword: fresh.value, confirmNew: again.value } });
  leave();
});
change.append(el("button.ghost", { type: "button", onclick: leave }, "Skip"));

/** A form with its title, fields and button; what `send` throws is shown over the button. */
function card(title, words, label, fields, send) {
  const problem = el("p.problem", { role: "alert", hidden: true });
  const button = el("button.primary", { type: "submit" }, label);
  return el("form.login-card", { onsubmit: async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.hidden = true;
    try {
      await send();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      button.disabled = false;
    }
  } }, el("img", { src: "/assets/icon.svg", alt: "", width: 44, height: 44 }), el("h1", title), el("p.muted", words), fields, problem, button);
}

/** A password, its field, and the eye that shows it. */
function passwordInput(name, label, autocomplete) {
  const input = el("input", { name, type: "password", autocomplete, required: true });
  const reveal = el("button.ghost.square.reveal", { type: "button", "aria-label": "Show the password", "aria-pressed": "false", onclick: () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(shown));
    input.focus();
  } }, icon("eye"));
  return [input, el("label.field", el("span", label), el(".password", input, reveal))];
}

/** To the page that was asked for. */
function leave() {
  location.replace(wanted());
}

/** Where to go: a path of this server, never another one's address. */
function wanted() {
  const path = new URLSearchParams(location.search).get("redirectTo") ?? "/";
  const address = new URL(path, location.origin);
  return address.origin === location.origin && path.startsWith("/") ? address.pathname + address.search : "/";
}

document.body.classList.add("login");
document.body.append(backdrop(), el("main", signIn));
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
