import TraceModel

extension AdjustedTrace {
    /// Moves spans of another host than their parent's so that they lie within the parent, as their clocks must differ when they do not
    /// (`adjuster/clockskew.go`).
    ///
    /// - Parameter nanosMax: spans that would have to move farther are left alone and say so; 0 moves none.
    mutating func correctClockSkew(nanosMax: Int64) {
        let hosts = resources.map { Self.hostKey($0) }
        var places: [SpanID: Int] = [:]
        for index in entries.indices {
            if places[entries[index].span.spanID] == nil {
                places[entries[index].span.spanID] = index
            } else {
                entries[index].warnings.append("duplicate span IDs; skipping clock skew adjustment")
            }
        }
        var children: [Int: [Int]] = [:]
        var roots: [Int] = []
        for index in entries.indices where places[entries[index].span.spanID] == index {
            let parentID = entries[index].span.parentSpanID
            if parentID.isNone {
                roots.append(index)
            } else if let parent = places[parentID] {
                children[parent, default: []].append(index)
            } else {
                entries[index].warnings.append("parent span ID=\(parentID) is not in the trace; skipping clock skew adjustment")
                roots.append(index)
            }
        }
        // A span's parent is settled before the span, so a stack serves as well as recursion and takes any depth.
        var waiting: [(index: Int, parent: Int?, delta: Int64, host: String)] = roots.reversed().map { ($0, nil, 0, hosts[entries[$0].resource]) }
        while let next = waiting.popLast() {
            let (index, parent) = (next.index, next.parent)
            var (delta, host) = (next.delta, next.host)
            let ownHost = hosts[entries[index].resource]
            if ownHost != host || ownHost.isEmpty, let parent {
                host = ownHost
                delta = Self.skew(of: entries[index].span, within: entries[parent].span)
            }
            move(index, by: delta, nanosMax: nanosMax)
            for child in (children[index] ?? []).reversed() { waiting.append((child, index, delta, host)) }
        }
    }

    private static func hostKey(_ resource: Resource) -> String {
        if let id = resource.attributes["host.id"] { return Self.string(id) }
        switch resource.attributes["host.ip"] {
        case .string(let address)?: return address
        case .array(let addresses)? where !addresses.isEmpty: return addresses[0].text
        default: return resource.attributes["host.name"].map { Self.string($0) } ?? ""
        }
    }

    private static func string(_ value: AttributeValue) -> String { if case .string(let text) = value { text } else { "" } }

    private static func skew(of child: Span, within parent: Span) -> Int64 {
        let parentNanos = Int64(bitPattern: parent.endUnixNano &- parent.startUnixNano)
        let childNanos = Int64(bitPattern: child.endUnixNano &- child.startUnixNano)
        let lead = Int64(bitPattern: parent.startUnixNano &- child.startUnixNano)
        // A child that outlasts its parent can at most be made to start no earlier.
        if childNanos > parentNanos { return max(lead, 0) }
        if child.startUnixNano >= parent.startUnixNano, child.endUnixNano <= parent.endUnixNano { return 0 }
        // The network is taken to have needed as long on the way there as back.
        return lead &+ (parentNanos - childNanos) / 2
    }

    private mutating func move(_ index: Int, by delta: Int64, nanosMax: Int64) {
        guard delta != 0 else { return }
        guard delta.magnitude <= nanosMax.magnitude else {
            entries[index].warnings.append(nanosMax == 0
                ? "clock skew adjustment disabled; not applying calculated delta of \(GoDuration.text(nanos: delta))"
                : "max clock skew adjustment delta of \(GoDuration.text(nanos: nanosMax)) exceeded; not applying calculated delta of \(GoDuration.text(nanos: delta))")
            return
        }
        let shift = UInt64(bitPattern: delta)
        entries[index].span.startUnixNano &+= shift
        entries[index].span.endUnixNano &+= shift
        entries[index].warnings.append("This span's timestamps were adjusted by \(GoDuration.text(nanos: delta))")
        for event in entries[index].span.events.indices { entries[index].span.events[event].timeUnixNano &+= shift }
    }
}
