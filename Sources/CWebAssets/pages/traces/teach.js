// What the search page shows while there are no traces at all: three lines that send one.

import { el, fill } from "../system/dom.js";
import { doorAddress, doorsReady } from "../system/doors.js";
import { snippet } from "../system/snippet.js";

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
      snippet(text),
      el("p.muted", "In a hurry? This sends a whole workload, so that every page is alive:"),
      snippet("obstack demo"));
  };
  show();
  doorsReady.then(show);
  return place;
}
