// Claims about the pages' own reckoning, checked in the browser against the modules as the server hands them out.
// `browser.py` evaluates this file on any page of the stack; its value is a list of [claim, problem], "" where the claim holds.
(async () => {
  const load = async (path) => (await import(`/assets/${path.split("/")[0]}.js`))[`$${path.replace(/\.js$/, "").replace(/\W/g, "_")}`];
  const [{ Trace, summarise, Flag }, { criticalPath }, { searchIn }, { parseTags, searchFrom, searchURL }, { parseTook, took, tookWords }, { graphsOf }] = await Promise.all(
    ["traces/model.js", "traces/critical-path.js", "traces/find.js", "traces/links.js", "traces/took.js", "traces/graphs.js"].map(load));
  const [{ interpolate }, { sections, allPanels }, { modernise }, { transform }, { lookOf, shown, valueColor }, { readFrame }, { reduce }, { markdown, safe }, { metricsOf }] = await Promise.all(
    ["grafana/model/interpolate.js", "grafana/model/document.js", "grafana/model/legacy.js", "grafana/model/transform.js", "grafana/model/fieldconfig.js", "grafana/model/frames.js", "grafana/model/reduce.js", "grafana/panels/text.js", "grafana/reasons.js"].map(load));

  const { narrowed, readGroups, summaryOf, tally } = await load("metrics/rules-model.js");

  const results = [];
  const claim = (words, got, wanted) => {
    const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
    results.push([words, a === b ? "" : `got ${a}, wanted ${b}`]);
  };

  // Traces. Spans as [id, parent, start, duration, extra].
  const trace = (...rows) => ({
    traceID: "t", processes: { p1: { serviceName: "a", tags: [] }, p2: { serviceName: "b", tags: [{ key: "zone", value: "x" }] } },
    spans: rows.map(([spanID, parent, startTime, duration, extra = {}]) => ({
      traceID: "t", spanID, operationName: `op ${spanID}`, startTime, duration, processID: "p1", tags: [], logs: [],
      references: parent ? [{ refType: extra.follows ? "FOLLOWS_FROM" : "CHILD_OF", traceID: "t", spanID: parent }] : [], ...extra,
    })),
  });
  const path = (json) => {
    const one = new Trace(json);
    return [...criticalPath(one)].map(([row, list]) => [one.spans[row].spanID, ...list]).sort();
  };
  const order = (json) => new Trace(json).spans.map((span) => span.spanID).join("");
  claim("spans come in tree order, siblings by start", order(trace(["c", "r", 30, 5], ["b", "r", 10, 15], ["d", "b", 12, 3], ["r", "", 0, 100])), "rbdc");
  claim("a span whose parent is missing is a root and says so", [...new Trace(trace(["r", "", 0, 9], ["o", "gone", 1, 2])).flags], [0, Flag.orphan]);
  claim("a circle of parents is cut, and no span is lost", order(trace(["x", "y", 0, 5], ["y", "x", 1, 3])).length, 2);
  claim("a chain of 20,000 spans is laid out", new Trace(trace(...Array.from({ length: 20000 }, (_, i) => [`s${i}`, i ? `s${i - 1}` : "", i, 40000 - i]))).levels, 20000);
  claim("spans that share an id are all kept", new Trace(trace(["r", "", 0, 9], ["r", "r", 1, 2])).count, 2);
  claim("the critical path goes over the child that finished last", path(trace(["r", "", 0, 100], ["a", "r", 10, 30], ["b", "r", 20, 60])), [["b", 20, 80], ["r", 0, 20, 80, 100]]);
  claim("the critical path takes one after the other", path(trace(["r", "", 0, 100], ["a", "r", 10, 30], ["b", "r", 50, 40])), [["a", 10, 40], ["b", 50, 90], ["r", 0, 10, 40, 50, 90, 100]]);
  claim("who merely follows is not waited for", path(trace(["r", "", 0, 100], ["a", "r", 10, 300, { follows: true }])), [["r", 0, 100]]);
  claim("a child that outlives its parent counts up to the parent's end", path(trace(["r", "", 0, 50], ["a", "r", 10, 80])), [["a", 10, 50], ["r", 0, 10]]);
  claim("own time is what no child covers", new Trace(trace(["r", "", 0, 100], ["a", "r", 10, 30], ["b", "r", 20, 40])).selfMicros(0), 50);
  claim("an error shows on the way down to it", [...new Trace(trace(["r", "", 0, 9], ["e", "r", 1, 2, { tags: [{ key: "error", value: true }] }])).flags], [Flag.errorBelow, Flag.error]);
  claim("OpenTelemetry's status is an error too", summarise(trace(["r", "", 0, 9, { tags: [{ key: "otel.status_code", value: "ERROR" }] }])).errors, 1);
  const found = (words) => [...searchIn(new Trace(trace(["r", "", 0, 9], ["s", "r", 1, 2, { processID: "p2", tags: [{ key: "http.route", value: "/pay now" }] }])), words)];
  claim("finding matches words, keys and values, and all terms", [found("op"), found("pay"), found("http.route=/pay"), found("service=b zone=x"), found("service=a zone=x")], [[1, 1], [0, 1], [0, 1], [0, 1], [0, 0]]);
  claim("tags are read as key=value, quoted or not", parseTags("error=true http.route=\"/a b\" rest").tags, { error: "true", "http.route": "/a b" });
  claim("Jaeger's links are understood", searchFrom(new URLSearchParams("service=a&operation=all&tags=%7B%22error%22%3A%22true%22%7D&tag=k:v&limit=20")).tags, { k: "v", error: "true" });
  claim("a search is Jaeger's link", searchURL({ service: "a b", tags: { error: "true" } }), "/search?service=a+b&tags=%7B%22error%22%3A%22true%22%7D");
  claim("a service's graphs are how long, how often, how often in vain, how much", graphsOf(["a_bucket", "a_count", "up", "x_errors_total", "x_total", "z"], "s"),
    ["histogram_quantile(0.95, sum by (le) (rate(a_bucket{job=\"s\"}[1m])))", "sum(rate(x_total{job=\"s\"}[1m]))", "sum(rate(x_errors_total{job=\"s\"}[1m]))", "z{job=\"s\"}"]);
  claim("durations are read as Jaeger writes them", ["1.5s", "300ms", "80us", "2m", "soon"].map((text) => String(parseTook(text))), ["1500000", "300000", "80", "120000000", "NaN"]);
  claim("durations are written for people", [took(1250), took(4460000), took(616000000), tookWords(1234567)], ["1.25 ms", "4.46 s", "10 min 16 s", "1.23s"]);

  // Rules.
  const alertOf = (zone, activeAt) => ({ labels: { alertname: "A", zone }, annotations: { summary: `in ${zone}` }, state: "firing", activeAt, value: "1e+00" });
  const groups = readGroups({ groups: [{ name: "g", file: "f.yml", rules: [
    { type: "alerting", name: "A", query: "up == 0", labels: { team: "Web" }, health: "ok", state: "firing", annotations: { summary: "in {{ $labels.zone }}" }, alerts: [alertOf("b", "2026-01-01T00:00:02Z"), alertOf("a", "2026-01-01T00:00:01Z")] },
    { type: "alerting", name: "A", query: "up == 2", health: "err", lastError: "too much", state: "inactive", annotations: { summary: "plain" }, alerts: [] }, { type: "recording", name: "r", query: "1", health: "ok" },
  ] }] });
  const [[first, second, third]] = groups.map(({ rules }) => rules);
  claim("rules of one name have addresses of their own", [first.key, second.key, third.key], ["g/A", "g/A~2", "g/r"]);
  claim("alerts come by their age", first.alerts.map(({ labels }) => labels.zone), ["a", "b"]);
  claim("a rule is found by its labels, its alerts' labels, its group, expression and error", ["team=web", "zone=b", "f.yml", "up == 0"].map((word) => first.text.includes(word)).concat(second.text.includes("too much")), [true, true, true, true, true]);
  claim("rules are counted by state and health, and groups without any go", [tally(groups, "state").firing, tally(groups, "health"), narrowed(groups, ({ type }) => type === "recording")[0].rules.length, narrowed(groups, () => false)], [1, { ok: 2, err: 1 }, 1, []]);
  claim("a rule's line is its one alert's summary, or its own with nothing left open", [summaryOf(first), summaryOf({ ...first, alerts: first.alerts.slice(1) }), summaryOf(second), summaryOf(third)], ["", "in b", "plain", ""]);

  // Dashboards.
  const values = { job: { values: ["a.b"], texts: ["a.b"], many: true }, one: { values: ["x\"y"], texts: ["X"], many: false }, two: { values: ["a", "b.c"], texts: ["A", "B"], many: true }, all: { values: ["a"], texts: ["All"], many: true, all: ".*" } };
  const put = (text, purpose) => interpolate(text, (name) => values[name], purpose);
  claim("several values become a pattern, escaped for PromQL", put("{a=~\"$two\",b=~\"$job\",c=\"${one}\",d=~\"$all\"}"), "{a=~\"(a|b\\\\.c)\",b=~\"a\\\\.b\",c=\"x\\\"y\",d=~\".*\"}");
  claim("formats and the old brackets work", put("${two:regex} ${two:csv} [[two:pipe]] ${two:text} ${two:json}"), "(a|b\\.c) a,b.c a|b.c A + B [\"a\",\"b.c\"]");
  claim("unknown and built-in variables stay as they are", put("rate(x[$__rate_interval]) $nope"), "rate(x[$__rate_interval]) $nope");
  const panels = [{ id: 1, type: "stat", gridPos: { x: 0, y: 9, w: 6, h: 4 } }, { id: 2, type: "row", title: "R", collapsed: true, gridPos: { x: 0, y: 4, w: 24, h: 1 }, panels: [{ id: 3, type: "text", gridPos: { x: 0, y: 5, w: 24, h: 2 } }] }, { id: 4, type: "graph", gridPos: { x: 0, y: 0, w: 12, h: 4 } }];
  claim("panels stand in sections, each from its own top", sections({ panels: structuredClone(panels) }, () => []).map((one) => [one.title, one.collapsed, one.panels.map((place) => [place.id, place.y])]), [["", false, [[4, 0]]], ["R", true, [[3, 0], [1, 4]]]]);
  claim("a panel repeats for each value", allPanels(sections({ panels: [{ id: 1, type: "stat", repeat: "v", gridPos: { x: 0, y: 0, w: 24, h: 4 } }] }, () => ["a", "b", "c"])).map((place) => [place.x, place.w, place.scoped.v]), [[0, 8, "a"], [8, 8, "b"], [16, 8, "c"]]);
  claim("dashboards of before Grafana 5 have a layout", allPanels(sections({ rows: [{ height: "250px", panels: [{ id: 1, type: "graph", span: 6 }, { id: 2, type: "singlestat", span: 6 }] }] }, () => [])).map((place) => [place.json.type, place.x, place.w]), [["timeseries", 0, 12], ["stat", 12, 12]]);
  const old = modernise({ type: "graph", yaxes: [{ format: "s", min: "0" }, {}], stack: true, fill: 2, seriesOverrides: [{ alias: "/out/", transform: "negative-Y" }], legend: { values: true, avg: true, alignAsTable: true } });
  claim("an old graph keeps its unit, limits, stack and overrides", [old.fieldConfig.defaults.unit, old.fieldConfig.defaults.min, old.fieldConfig.defaults.custom.stacking.mode, old.fieldConfig.overrides[0].matcher, old.options.legend.calcs], ["s", 0, "normal", { id: "byRegexp", options: "/out/" }, ["mean"]]);
  const frame = readFrame({ schema: { refId: "A", fields: [{ name: "Time", type: "time" }, { name: "job", type: "string" }, { name: "Value", type: "number", config: { displayNameFromDS: "up" } }] }, data: { values: [[1, 2, 3], ["c", "a", "b"], [1, null, 3]], entities: [null, null, { NaN: [1] }] } }, "A");
  claim("gaps are gaps", [...frame.fields[2].values].map(String), ["1", "NaN", "3"]);
  const after = transform([frame], [{ id: "organize", options: { excludeByName: { Time: true }, indexByName: { Value: 0, job: 1 }, renameByName: { job: "Service" } } }, { id: "sortBy", options: { sort: [{ field: "Service" }] } }, { id: "unheard", options: {} }]);
  claim("transformations hide, order, rename and sort; an unknown one is named", [after.frames[0].fields.map((field) => [field.config.displayNameFromDS, [...field.values].map(String)]), after.skipped], [[["up", ["NaN", "3", "1"]], ["Service", ["a", "b", "c"]]], ["unheard"]]);
  const panel = { fieldConfig: { defaults: { unit: "s", thresholds: { steps: [{ value: null, color: "green" }, { value: 2, color: "red" }] }, mappings: [{ type: "value", options: { 0: { text: "Down", color: "red" } } }] }, overrides: [{ matcher: { id: "byRegexp", options: "/^u/" }, properties: [{ id: "unit", value: "percentunit" }, { id: "custom.lineWidth", value: 3 }] }] } };
  const look = lookOf(panel, frame.fields[2], frame, (text) => text);
  claim("overrides match by name, and values are mapped", [look.unit, look.custom.lineWidth, shown(look, 0.5).text, shown(look, 0).text], ["percentunit", 3, "50%", "Down"]);
  claim("thresholds colour a value by the last one at or under it", [valueColor(look, 1), valueColor(look, 2)], [valueColor(look, -5), valueColor(look, 99)]);
  claim("reductions skip gaps", ["lastNotNull", "mean", "max", "sum", "count"].map((calc) => reduce(frame.fields[2].values, calc)), [3, 2, 3, 4, 2]);
  claim("the metrics of an expression are found, its labels and functions are not", metricsOf("sum by (le) (rate(a:b{job=~\"x|y\"}[5m])) / on(instance) group_left(job) up offset 5m"), ["a:b", "up"]);
  const shownHTML = (text) => {
    const box = document.createElement("div");
    box.append(...safe(text));
    return box.innerHTML;
  };
  claim("words cannot act: scripts, handlers and javascript links are gone", shownHTML("<b onclick='x()'>a</b><script>x()</scr" + "ipt><a href='javascript:x()'>b</a><img src='data:x' onerror='x()'><iframe src='/'></iframe>"), "<b>a</b><a>b</a><img>");
  claim("Markdown is drawn", shownHTML(markdown("# T\n\nA **b** `c<d` [e](/f)\n\n- x\n- y")), "<h1>T</h1>\n<p>A <strong>b</strong> <code>c&lt;d</code> <a href=\"/f\">e</a></p>\n<ul><li>x</li><li>y</li></ul>");
  return results;
})()
