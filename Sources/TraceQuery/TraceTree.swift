import TraceModel

/// The spans of a trace as a forest by parent. Spans are told by their index in the list that the tree was made over.
package struct TraceTree: Sendable {
    /// Spans that stand at the top: without a parent, with one that is not there, or the earliest of a ring of parents. By start.
    package let roots: [Int]
    /// Spans whose parent is not in the trace; each is a root as well.
    package let orphans: [Int]
    /// Each span's children, by start.
    package let children: [[Int]]
    /// Each span's parent; nil for roots.
    package let parents: [Int?]
    /// Each span's distance from its root; 0 for roots.
    package let depths: [Int]

    /// Levels of the deepest part; 0 for no spans.
    package var depth: Int { (depths.max() ?? -1) + 1 }

    /// O(n log n). Of spans that share an id the first is the parent of that id's children.
    package init(_ spans: [Span]) {
        var places: [SpanID: Int] = [:]
        for (index, span) in spans.enumerated() where places[span.spanID] == nil { places[span.spanID] = index }
        var parents = [Int?](repeating: nil, count: spans.count)
        var orphans: [Int] = []
        for (index, span) in spans.enumerated() where !span.parentSpanID.isNone {
            if let parent = places[span.parentSpanID] {
                if parent != index { parents[index] = parent }
            } else {
                orphans.append(index)
            }
        }
        let byStart = spans.indices.sorted { (spans[$0].startUnixNano, $0) < (spans[$1].startUnixNano, $1) }
        Self.openRings(&parents, byStart)
        var children = [[Int]](repeating: [], count: spans.count)
        var roots: [Int] = []
        for index in byStart { if let parent = parents[index] { children[parent].append(index) } else { roots.append(index) } }
        var depths = [Int](repeating: 0, count: spans.count)
        var waiting = roots
        while let index = waiting.popLast() {
            for child in children[index] {
                depths[child] = depths[index] + 1
                waiting.append(child)
            }
        }
        self.roots = roots
        self.orphans = orphans
        self.children = children
        self.parents = parents
        self.depths = depths
    }

    /// Makes the earliest span of every ring of parents a root.
    private static func openRings(_ parents: inout [Int?], _ byStart: [Int]) {
        // 0 not seen, 1 on the way up now, 2 known to reach a root.
        var marks = [UInt8](repeating: 0, count: parents.count)
        for start in byStart where marks[start] == 0 {
            var path: [Int] = []
            var next: Int? = start
            while let index = next, marks[index] == 0 {
                marks[index] = 1
                path.append(index)
                next = parents[index]
            }
            if let ring = next, marks[ring] == 1, let from = path.firstIndex(of: ring) {
                let members = Set(path[from...])
                if let earliest = byStart.first(where: { members.contains($0) }) { parents[earliest] = nil }
            }
            for index in path { marks[index] = 2 }
        }
    }
}
