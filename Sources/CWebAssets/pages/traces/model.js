// A trace as columns in tree order, built once from Jaeger's JSON, so that ten thousand spans lay out, filter and
// draw without an object a span.

/**
 * @typedef {{key: string, type?: string, value: string | number | boolean}} Tag
 * @typedef {{refType: string, traceID: string, spanID: string}} Reference
 * @typedef {{timestamp: number, fields: Tag[], name?: string}} Log
 * @typedef {{traceID: string, spanID: string, operationName: string, references?: Reference[], startTime: number,
 *   duration: number, tags?: Tag[], logs?: Log[], processID?: string, process?: Process, warnings?: string[] | null}} Span
 * @typedef {{serviceName: string, tags?: Tag[]}} Process
 * @typedef {{traceID: string, spans: Span[], processes: Record<string, Process>, warnings?: string[] | null}} JaegerTrace
 * @typedef {{name: string, spans: number, errors: number, selfMicros: number}} ServiceShare
 */

/** Bits of `Trace.flags`. */
export const Flag = Object.freeze({
  error: 1, // the span itself failed
  warning: 2, // the collector had something to say about it
  orphan: 4, // names a parent that is not in the trace
  follows: 8, // follows its parent instead of being waited for
  errorBelow: 16, // some descendant failed
});

/** Whether a span says that it failed: OpenTelemetry's status or the older `error` tag. @param {Span} span */
export function failed(span) {
  for (const { key, value } of span.tags ?? []) {
    if (key === "error" && (value === true || value === "true")) return true;
    if (key === "otel.status_code" && value === "ERROR") return true;
  }
  return false;
}

/** The parent a span names: its first CHILD_OF within the trace, else its first FOLLOWS_FROM. @param {Span} span */
function parentReference(span) {
  const own = (span.references ?? []).filter((r) => r.traceID === span.traceID);
  return own.find((r) => r.refType === "CHILD_OF") ?? own[0];
}

/**
 * One trace. Rows are spans in depth-first order, siblings by start; every column is indexed by row.
 * Times are microseconds from the trace's start.
 */
export class Trace {
  /** @param {JaegerTrace} json */
  constructor(json) {
    const count = json.spans.length;
    this.id = json.traceID;
    this.warnings = json.warnings ?? [];
    this.processes = json.processes ?? {};
    this.count = count;
    /** Absolute start, microseconds since 1970. */
    this.startMicros = Infinity;
    let end = -Infinity;
    for (const span of json.spans) {
      this.startMicros = Math.min(this.startMicros, span.startTime);
      end = Math.max(end, span.startTime + span.duration);
    }
    this.duration = count ? end - this.startMicros : 0;

    const { order, parents, depths, flags } = treeOrder(json.spans);
    /** @type {Span[]} */
    this.spans = order.map((i) => json.spans[i]);
    this.start = new Float64Array(count);
    this.length = new Float64Array(count);
    this.parent = parents;
    this.depth = depths;
    this.flags = flags;
    this.service = new Uint16Array(count);
    /** One past the last row of the row's subtree. */
    this.subtreeEnd = new Int32Array(count);

    /** @type {ServiceShare[]} */
    this.services = [];
    const serviceIndex = new Map();
    this.errors = 0;
    this.levels = 0;
    for (let row = 0; row < count; row++) {
      const span = this.spans[row];
      this.start[row] = span.startTime - this.startMicros;
      this.length[row] = span.duration;
      const name = this.process(row)?.serviceName ?? "unknown service";
      let index = serviceIndex.get(name);
      if (index === undefined) {
        serviceIndex.set(name, (index = this.services.length));
        this.services.push({ name, spans: 0, errors: 0, selfMicros: 0 });
      }
      this.service[row] = index;
      const share = this.services[index];
      share.spans++;
      if (failed(span)) {
        this.flags[row] |= Flag.error;
        share.errors++;
        this.errors++;
      }
      if (span.warnings?.length) this.flags[row] |= Flag.warning;
      this.levels = Math.max(this.levels, this.depth[row] + 1);
    }
    this.#closeSubtrees();
    this.#addSelfTimes();
  }

  /** The process that a row's span ran in. @param {number} row @returns {Process | undefined} */
  process(row) {
    const span = this.spans[row];
    return span.process ?? this.processes[span.processID ?? ""];
  }

  /** @param {number} row */
  serviceName(row) { return this.services[this.service[row]].name; }

  /** Service and operation of the first root, the trace's name. */
  get name() { return this.count ? `${this.serviceName(0)}: ${this.spans[0].operationName}` : this.id; }

  /** Rows whose parent is this row. @param {number} row */
  *children(row) {
    for (let child = row + 1; child < this.subtreeEnd[row]; child = this.subtreeEnd[child]) yield child;
  }

  hasChildren(/** @type {number} */ row) { return this.subtreeEnd[row] > row + 1; }

  /** The row of a span id, or -1. @param {string} spanID */
  rowOf(spanID) { return this.spans.findIndex((s) => s.spanID === spanID); }

  #closeSubtrees() {
    for (let row = this.count - 1; row >= 0; row--) {
      this.subtreeEnd[row] = Math.max(this.subtreeEnd[row], row + 1);
      const parent = this.parent[row];
      if (parent < 0) continue;
      this.subtreeEnd[parent] = Math.max(this.subtreeEnd[parent], this.subtreeEnd[row]);
      if (this.flags[row] & (Flag.error | Flag.errorBelow)) this.flags[parent] |= Flag.errorBelow;
    }
  }

  #addSelfTimes() {
    for (let row = 0; row < this.count; row++) this.services[this.service[row]].selfMicros += this.selfMicros(row);
  }

  /** What a span spent outside its children. @param {number} row */
  selfMicros(row) {
    const from = this.start[row];
    const to = from + this.length[row];
    let covered = 0;
    let reach = from; // children come by start, so one sweep merges them
    for (const child of this.children(row)) {
      const end = Math.min(to, this.start[child] + this.length[child]);
      if (end <= reach) continue;
      covered += end - Math.max(reach, this.start[child]);
      reach = end;
    }
    return Math.max(0, this.length[row] - covered);
  }
}

/**
 * Depth-first order of spans. Parents that are missing make roots; a cycle is cut where it is met.
 * @param {Span[]} spans
 */
function treeOrder(spans) {
  const count = spans.length;
  /** @type {Map<string, number>} */
  const first = new Map();
  spans.forEach((span, i) => { if (!first.has(span.spanID)) first.set(span.spanID, i); });
  const up = new Int32Array(count).fill(-1);
  const marks = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const reference = parentReference(spans[i]);
    if (reference) {
      const parent = first.get(reference.spanID);
      if (parent === undefined || parent === i) marks[i] |= Flag.orphan;
      else up[i] = parent;
      if (reference.refType === "FOLLOWS_FROM") marks[i] |= Flag.follows;
    } else if (spans[i].references?.length) marks[i] |= Flag.orphan;
  }
  /** @type {number[][]} */
  const children = Array.from({ length: count }, () => []);
  const roots = [];
  for (let i = 0; i < count; i++) (up[i] < 0 ? roots : children[up[i]]).push(i);
  const byStart = (/** @type {number} */ a, /** @type {number} */ b) => spans[a].startTime - spans[b].startTime || spans[b].duration - spans[a].duration || a - b;
  roots.sort(byStart);

  const order = [];
  const parents = new Int32Array(count).fill(-1);
  const depths = new Uint16Array(count);
  const flags = new Uint8Array(count);
  const placed = new Uint8Array(count);
  const walk = (/** @type {number} */ root) => {
    const stack = [{ span: root, parent: -1, depth: 0 }];
    for (let at = stack.pop(); at; at = stack.pop()) {
      if (placed[at.span]) continue;
      placed[at.span] = 1;
      const row = order.length;
      order.push(at.span);
      parents[row] = at.parent;
      depths[row] = Math.min(at.depth, 65535);
      flags[row] = marks[at.span];
      for (const child of children[at.span].sort(byStart).reverse()) stack.push({ span: child, parent: row, depth: at.depth + 1 });
    }
  };
  roots.forEach(walk);
  for (let i = 0; i < count; i++) {
    if (placed[i]) continue; // only a cycle is left
    marks[i] |= Flag.orphan;
    walk(i);
  }
  return { order, parents, depths, flags };
}

/**
 * What a search result shows of a trace, without laying it out.
 * @param {JaegerTrace} json
 */
export function summarise(json) {
  let start = Infinity;
  let end = -Infinity;
  let errors = 0;
  /** @type {Map<string, {name: string, spans: number, errors: number}>} */
  const services = new Map();
  const ids = new Set(json.spans.map((s) => s.spanID));
  /** @type {Span | undefined} */
  let root;
  for (const span of json.spans) {
    start = Math.min(start, span.startTime);
    end = Math.max(end, span.startTime + span.duration);
    const name = (span.process ?? json.processes[span.processID ?? ""])?.serviceName ?? "unknown service";
    let share = services.get(name);
    if (!share) services.set(name, (share = { name, spans: 0, errors: 0 }));
    share.spans++;
    if (failed(span)) { share.errors++; errors++; }
    const parent = parentReference(span);
    const isRoot = !parent || !ids.has(parent.spanID) || parent.spanID === span.spanID;
    if (isRoot && (!root || span.startTime < root.startTime)) root = span;
  }
  root ??= json.spans[0];
  const rootService = root ? (root.process ?? json.processes[root.processID ?? ""])?.serviceName ?? "unknown service" : "";
  return {
    id: json.traceID, rootService, rootOperation: root?.operationName ?? "", startMicros: start, durationMicros: Math.max(0, end - start),
    spans: json.spans.length, errors, rootFailed: root ? failed(root) : false, services: [...services.values()].sort((a, b) => b.spans - a.spans),
  };
}
