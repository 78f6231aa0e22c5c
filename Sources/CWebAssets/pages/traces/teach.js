// What the search page shows while there are no traces at all: three lines that send one.

import { copyText, el, fill } from "../system/dom.js";
import { doorAddress, doorsReady } from "../system/doors.js";
import { icon } from "../system/icons.js";

/** Three shell lines that send one trace to an OTLP/HTTP address. @param {string} address host and port */
const lines = (address) => [
  "T=$(openssl rand -hex 16); N=$(date +%s)",
  `curl -s http://${address}/v1/traces -H 'content-type: application/json' -d '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},"scopeSpans":[{"spans":[{"traceId":"'$T'","spanId":"'\${T#????????????????}'","name":"my first span","kind":1,"startTimeUnixNano":"'$N'000000000","endTimeUnixNano":"'$N'250000000"}]}]}]}'`,
  `echo ${location.origin}/trace/$T`,
].join("\n");

export function teach() {
  const place = el(".teach");
  const show = () => {
    const text = lines(doorAddress("otlpHTTP"));
    fill(place,
      el("h2", "No traces yet"),
      el(
        "p.muted", "Any OpenTelemetry SDK sends them to ", el("b.mono", `http://${doorAddress("otlpHTTP")}`), " or, over gRPC, to ",
        el("b.mono", doorAddress("otlpGRPC")), ". These three lines send one, and it appears here:",
      ),
      box(el("pre.snippet", text), () => text),
      el("p.muted", "In a hurry? This sends a whole workload, so that every page is alive:"),
      box(el("pre.snippet", "obstack demo"), () => "obstack demo"));
  };
  show();
  doorsReady.then(show);
  return place;
}

function box(code, text) {
  const button = el("button.ghost.square", { type: "button", "aria-label": "Copy", title: "Copy", onclick: async () => {
    await copyText(text());
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  } }, icon("copy", 16));
  return el(".snippet-box", code, button);
}
