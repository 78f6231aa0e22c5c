// The controls of a TimeState: the range button with its popover (quick ranges, two moments, a calendar) and the refresh button.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu, openPopover } from "./float.js";
import { QUICK_RANGES, REFRESH_INTERVALS, parseTime } from "./time.js";
import { dateTime } from "./format.js";

/** Range and refresh controls for the top bar. @param {import("./time.js").TimeState} time */
export function timeControls(time) {
  const label = el("span.time-label");
  const shortLabel = el("span.time-short");
  const rangeButton = el("button.time-range",
    { type: "button", "aria-haspopup": "dialog", onclick: () => openRange(rangeButton, time) },
    icon("clock", 16),
    label,
    shortLabel,
    icon("down", 14),
  );
  const every = el("span.refresh-every");
  const refreshButton = el("button.square.refresh-now",
    { type: "button", "aria-label": "Refresh now", title: "Refresh now (r)", onclick: () => time.reload() },
    icon("refresh", 16),
  );
  const everyButton = el("button.refresh-pick", { type: "button", "aria-haspopup": "menu", "aria-label": "Refresh interval", onclick: () => openMenu(everyButton, REFRESH_INTERVALS.map((interval) => ({
    label: interval ? `Every ${interval}` : "Off", checked: interval === time.refresh, run: () => time.setRefresh(interval),
  })), { align: "end", label: "Refresh" }) }, every, icon("down", 14));
  const show = () => {
    label.textContent = time.label;
    shortLabel.textContent = time.shortLabel;
    every.textContent = time.refresh;
    const { from, to } = time.range();
    rangeButton.title = `${dateTime(from)} → ${dateTime(to)}, ${zone()}`;
    rangeButton.setAttribute("aria-label", `Time range: ${time.label}`);
    everyButton.title = time.refresh ? `Refreshes every ${time.refresh}` : "Refresh interval";
  };
  time.onChange(show);
  show();
  return [
    el("div.joined.time-move",
      el("button.square.time-step",
        { type: "button", "aria-label": "Earlier", title: "Half a range earlier", onclick: () => time.shift(-1) },
        icon("back", 14),
      ),
      rangeButton,
      el("button.square.time-step",
        { type: "button", "aria-label": "Later", title: "Half a range later", onclick: () => time.shift(1) },
        icon("forward", 14),
      ),
      el("button.square.time-step",
        { type: "button", "aria-label": "Zoom out", title: "Twice as wide", onclick: () => time.zoomOut() },
        icon("zoomOut", 16),
      )),
    el("div.joined", refreshButton, everyButton),
  ];
}

/** The viewer's zone in words: "Europe/Berlin, UTC+1". */
export function zone() {
  const minutes = -new Date().getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const offset = minutes === 0 ? "UTC" : `UTC${minutes > 0 ? "+" : "−"}${hours}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return name && name !== "UTC" ? `${name}, ${offset}` : offset;
}

function openRange(anchor, time) {
  const fieldText = (text, roundUp) => (String(text).startsWith("now") ? text : dateTime(parseTime(text, { roundUp })));
  const from = el("input", { value: fieldText(time.from, false), "aria-label": "From", spellcheck: "false", autocomplete: "off" });
  const to = el("input", { value: fieldText(time.to, true), "aria-label": "To", spellcheck: "false", autocomplete: "off" });
  const problem = el("p.field-problem", { role: "alert", hidden: true });
  const apply = () => {
    const [start, end] = [parseTime(from.value), parseTime(to.value, { roundUp: true })];
    const wrongs = [
      [Number.isNaN(start), "From is neither a moment (2026-11-22 17:00) nor relative (now-6h)."],
      [Number.isNaN(end), "To is neither a moment (2026-11-22 18:00) nor relative (now)."],
      [start >= end, "From must be before to."],
    ];
    const wrong = wrongs.find(([is]) => is)?.[1] ?? "";
    problem.textContent = wrong;
    problem.hidden = !wrong;
    if (wrong) return;
    popover.close();
    time.set(from.value.startsWith("now") ? from.value : start, to.value.startsWith("now") ? to.value : end);
  };
  let picking = from;
  const calendar = monthCalendar(time.range().from, (day) => {
    const start = dateTime(day, { seconds: false });
    if (picking === from) {
      from.value = start;
      const end = parseTime(to.value, { roundUp: true });
      if (!(end > day)) to.value = dateTime(day + 86399000);
      picking = to;
    } else {
      to.value = dateTime(parseTime(start.slice(0, 10), { roundUp: true }));
      if (!(parseTime(from.value) < parseTime(to.value))) from.value = start;
      picking = from;
    }
    calendar.show(parseTime(from.value), parseTime(to.value, { roundUp: true }));
  });
  calendar.show(time.range().from, time.range().to);
  from.addEventListener("focus", () => (picking = from));
  to.addEventListener("focus", () => (picking = to));
  const quick = el("div.time-quick", { role: "list" }, QUICK_RANGES.map(([start, end, label]) => el("button.menu-item", {
    type: "button", class: start === time.from && end === time.to ? "current" : null, onclick: () => { popover.close(); time.set(start, end); },
  }, label)));
  const form = el("form.time-exact", { onsubmit: (event) => { event.preventDefault(); apply(); } },
    el("label", el("span", "From"), from), el("label", el("span", "To"), to), problem, calendar.element,
    el("div.time-foot", el("span.muted", zone()), el("button.primary", { type: "submit" }, "Apply")));
  const popover = openPopover(anchor, el("div.time-popover", quick, form), { align: "end", label: "Time range" });
}

/** A month of days in the viewer's zone; `pick` gets local midnight. */
function monthCalendar(initial, pick) {
  const element = el("div.calendar");
  let first = new Date(new Date(initial).getFullYear(), new Date(initial).getMonth(), 1);
  let [start, end] = [NaN, NaN];
  const months = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" });
  const move = (count) => {
    first = new Date(first.getFullYear(), first.getMonth() + count, 1);
    draw();
  };
  function draw() {
    const lead = (first.getDay() + 6) % 7;
    const today = new Date().setHours(0, 0, 0, 0);
    const days = Array.from({ length: 42 }, (_, index) => new Date(first.getFullYear(), first.getMonth(), 1 - lead + index));
    fill(element,
      el("div.calendar-head", el("button.ghost.square", { type: "button", "aria-label": "Month before", onclick: () => move(-1) },
        icon("back", 14),
      ), el("strong", months.format(first)),
        el("button.ghost.square", { type: "button", "aria-label": "Month after", onclick: () => move(1) }, icon("forward", 14))),
      el("div.calendar-days", ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"].map((name) => el("span.calendar-name", name)), days.map((day) => {
        const midnight = day.getTime();
        const next = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime();
        const classes = [
          day.getMonth() === first.getMonth() ? "" : "other", midnight === today ? "today" : "",
          next > start && midnight <= end ? "inside" : "", start >= midnight && start < next ? "edge" : "",
          end >= midnight && end < next ? "edge" : "",
        ].join(" ");
        return el("button",
          { type: "button", class: classes, "aria-label": dateTime(midnight).slice(0, 10), onclick: () => pick(midnight) },
          day.getDate(),
        );
      })));
  }
  return { element, show(from, to) { [start, end] = [from, to]; draw(); } };
}
