// The dropdowns of a dashboard's variables.

import { debounce, el, fill } from "../system/dom.js";
import { openPopover } from "../system/float.js";
import { icon } from "../system/icons.js";

/** @typedef {import("./model/variables.js").DashboardVariable} DashboardVariable */

const ALL = "$__all";
const SHOWN = 300;

/**
 * The bar; empty when nothing is to be chosen.
 * @param {import("./model/variables.js").Variables} variables @param {(variable: DashboardVariable) => void} onChange
 */
export function variableBar(variables, onChange) {
  const shown = variables.list.filter((variable) => variable.hide !== 2 && variable.type !== "adhoc");
  const drawers = shown.map((variable) => (variable.type === "textbox" ? textBox(variable, onChange) : dropdown(variable, onChange)));
  return {
    element: el(".variables", { role: "group", "aria-label": "Variables", hidden: !shown.length }, drawers.map(({ element }) => element)),
    /** Shows what the variables are now. */
    draw: () => drawers.forEach(({ draw }) => draw()),
  };
}

function textBox(variable, onChange) {
  const input = el("input", { type: "text", spellcheck: "false" });
  input.addEventListener("change", () => {
    variable.chosen = [input.value];
    onChange(variable);
  });
  return {
    element: el("label.variable", variable.hide === 1 ? null : el("span", variable.label), input),
    draw: () => { input.value = variable.chosen[0] ?? ""; },
  };
}

function dropdown(variable, onChange) {
  const value = el("span.truncate");
  const mark = el("span.bad", { hidden: true }, icon("warn", 14));
  const button = el("button", { type: "button", "aria-haspopup": "listbox", onclick: open }, mark, value, icon("down", 14));
  const draw = () => {
    value.textContent = variable.summary;
    mark.hidden = !variable.problem;
    button.title = variable.problem || variable.current.texts.join(" + ");
    button.setAttribute("aria-label", `${variable.label}: ${variable.summary}`);
  };

  function open() {
    let chosen = [...variable.chosen];
    const words = el("input", { type: "search", placeholder: "Find", "aria-label": `Find in ${variable.label}`, autofocus: true, spellcheck: "false" });
    const list = el(".choices", { role: "listbox", "aria-multiselectable": String(variable.multi), "aria-label": variable.label });
    const settle = () => {
      const next = chosen.length ? chosen : variable.includeAll ? [ALL] : variable.chosen;
      if (next.join("\n") === variable.chosen.join("\n")) return;
      variable.chosen = next;
      onChange(variable);
    };
    const popover = openPopover(
      button, el(".chooser", variable.options.length > 8 && el(".with-icon", icon("search", 16), words), list),
      { label: variable.label, onClose: () => variable.multi && settle() },
    );
    const choose = (option, alone) => {
      if (!variable.multi || alone) {
        chosen = [option.value];
        popover.close();
        if (!variable.multi) settle();
        return;
      }
      if (option.value === ALL) chosen = chosen.includes(ALL) ? [] : [ALL];
      else {
        chosen = chosen.filter((one) => one !== ALL);
        chosen = chosen.includes(option.value) ? chosen.filter((one) => one !== option.value) : [...chosen, option.value];
      }
      show();
    };
    const show = () => {
      const wanted = words.value.trim().toLowerCase();
      const found = variable.options.filter((option) => option.text.toLowerCase().includes(wanted));
      const at = [...list.children].indexOf(/** @type {Element} */ (document.activeElement));
      fill(list, found.slice(0, SHOWN).map((option) => el("button.choice", {
        type: "button", role: "option", "aria-selected": String(chosen.includes(option.value)),
        onclick: (event) => choose(option, event.ctrlKey || event.metaKey),
      },
        variable.multi ? el("span.tick-box", icon("check", 12)) : null, el("span.truncate", option.text))),
      !found.length && el(
        "p.muted", variable.problem || (variable.options.length ? "Nothing matches." : "There is nothing to choose from."),
      ), found.length > SHOWN && el("p.muted", `${found.length - SHOWN} more: type to find them`));
      if (at >= 0) /** @type {HTMLElement} */ (list.children[at])?.focus();
    };
    words.addEventListener("input", debounce(40, show));
    popover.element.addEventListener("keydown", (event) => {
      const choices = [...list.querySelectorAll(".choice")];
      const at = choices.indexOf(document.activeElement);
      if (event.key === "ArrowDown" || event.key === "ArrowUp") (choices[at + (event.key === "ArrowDown" ? 1 : -1)] ?? (event.key === "ArrowDown" ? choices[0] : words)).focus();
      else if (event.key === "Enter" && document.activeElement === words) choices[0]?.click();
      else return;
      event.preventDefault();
    });
    show();
    (list.querySelector("[aria-selected=true]") ?? list.querySelector(".choice"))?.scrollIntoView({ block: "nearest" });
    if (variable.options.length <= 8) (list.querySelector("[aria-selected=true]") ?? list.querySelector(".choice"))?.focus();
    popover.place();
  }

  return { element: el(".variable", variable.hide === 1 ? null : el("span", variable.label), button), draw };
}
