// The critical path: the sections of spans that, made shorter, would make the trace shorter. From the end backwards,
// a span hands the path to the child that finished last before the point reached, and takes it back at that child's start.
// Behaviour as in Jaeger's UI: children that merely follow their parent, or start after it ended, are not waited for.

import { Flag } from "./model.js";

/** @typedef {import("./model.js").Trace} Trace */

/**
 * Sections by row, `[from, to, from, to, …]` in microseconds from the trace's start, in rising order.
 * @param {Trace} trace
 * @returns {Map<number, number[]>}
 */
export function criticalPath(trace) {
  /** @type {Map<number, number[]>} */
  const sections = new Map();
  if (!trace.count) return sections;
  const add = (/** @type {number} */ row, /** @type {number} */ from, /** @type {number} */ to) => {
    if (to <= from) return;
    const list = sections.get(row);
    if (list) list.push(to, from); // found from the end: reversed below
    else sections.set(row, [to, from]);
  };
  /** A frame is a span whose path is explained from its end down to `reached`. */
  const frame = (/** @type {number} */ row, /** @type {number} */ end) => ({
    row, reached: end, next: 0, children: waitedFor(trace, row, end),
  });
  const root = longestRoot(trace);
  const stack = [frame(root, trace.start[root] + trace.length[root])];
  while (stack.length) {
    const top = stack[stack.length - 1];
    while (top.next < top.children.length && top.children[top.next].end > top.reached) top.next++;
    const child = top.children[top.next++];
    if (!child) {
      add(top.row, trace.start[top.row], top.reached);
      stack.pop();
      continue;
    }
    add(top.row, child.end, top.reached);
    top.reached = Math.max(trace.start[child.row], trace.start[top.row]);
    stack.push(frame(child.row, child.end));
  }
  for (const list of sections.values()) list.reverse();
  return sections;
}

/** Children that the span waited for, last to finish first, cut at the span's own end. */
function waitedFor(/** @type {Trace} */ trace, /** @type {number} */ row, /** @type {number} */ end) {
  const children = [];
  for (const child of trace.children(row)) {
    if (trace.flags[child] & Flag.follows || trace.start[child] >= end) continue;
    children.push({ row: child, end: Math.min(end, trace.start[child] + trace.length[child]) });
  }
  return children.sort((a, b) => b.end - a.end);
}

function longestRoot(/** @type {Trace} */ trace) {
  let best = 0;
  for (let row = 0; row < trace.count; row = trace.subtreeEnd[row]) if (trace.length[row] > trace.length[best]) best = row;
  return best;
}
