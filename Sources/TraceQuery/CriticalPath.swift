import TraceModel

/// The chain of work that a trace's duration hangs on: at every moment the span without which it would have ended sooner.
///
/// Found from the end: a span's time is its own from the end of the child that finished last, and that child's before, and so on,
/// as Jaeger's page does (`CriticalPath` of jaeger-ui).
package enum CriticalPath {
    /// A stretch of time that a span is responsible for.
    package struct Section: Hashable, Sendable {
        /// Index into the spans given.
        package var span: Int
        package var startUnixNano: UInt64
        package var endUnixNano: UInt64

        package init(span: Int, startUnixNano: UInt64, endUnixNano: UInt64) {
            self.span = span
            self.startUnixNano = startUnixNano
            self.endUnixNano = endUnixNano
        }
    }

    /// The sections under `root`, latest first; they do not overlap and cover the root's duration. O(n log n).
    ///
    /// Children that overlap their parent's ends are cut to it; those that began after the parent ended, which work on by themselves, are
    /// left out.
    package static func sections(_ spans: [Span], _ tree: TraceTree, root: Int) -> [Section] {
        struct Frame {
            let span: Int
            let start: UInt64
            let end: UInt64
            /// What of the span's time is not given away yet ends here.
            var until: UInt64
            var children: [Int]
        }
        var sections: [Section] = []
        func frame(_ index: Int, _ start: UInt64, _ end: UInt64) -> Frame {
            let children = tree.children[index].sorted { (spans[$0].endUnixNano, $0) < (spans[$1].endUnixNano, $1) }
            return Frame(span: index, start: start, end: end, until: end, children: children)
        }
        var stack = [frame(root, spans[root].startUnixNano, max(spans[root].endUnixNano, spans[root].startUnixNano))]
        while var top = stack.popLast() {
            guard let child = top.children.popLast() else {
                if top.until > top.start { sections.append(Section(span: top.span, startUnixNano: top.start, endUnixNano: top.until)) }
                continue
            }
            let start = max(spans[child].startUnixNano, top.start)
            let end = min(spans[child].endUnixNano, top.end)
            guard start < end, end <= top.until else {
                stack.append(top)
                continue
            }
            if top.until > end { sections.append(Section(span: top.span, startUnixNano: end, endUnixNano: top.until)) }
            top.until = start
            stack.append(top)
            stack.append(frame(child, start, end))
        }
        return sections
    }
}
