import TraceModel

extension AdjustedTrace {
    /// Gives a server span that shares its id with a client span, as Zipkin's clients do, an id of its own under the shared one.
    mutating func separateSharedSpanIDs() {
        var clients: Set<SpanID> = []
        var used: Set<SpanID> = []
        for entry in entries {
            used.insert(entry.span.spanID)
            if entry.span.kind == .client { clients.insert(entry.span.spanID) }
        }
        var renamed: [SpanID: SpanID] = [:]
        var last: UInt64 = 0
        for index in entries.indices where entries[index].span.kind == .server && clients.contains(entries[index].span.spanID) {
            repeat { last += 1 } while used.contains(SpanID(last))
            let shared = entries[index].span.spanID
            renamed[shared] = SpanID(last)
            entries[index].span.parentSpanID = shared
            entries[index].span.spanID = SpanID(last)
        }
        guard !renamed.isEmpty else { return }
        for index in entries.indices {
            if let parent = renamed[entries[index].span.parentSpanID], parent != entries[index].span.spanID { entries[index].span.parentSpanID = parent }
        }
    }

    /// Puts attributes in the order of their keys and events in that of their names, so that equal spans look equal.
    mutating func sortCollections() {
        for index in resources.indices { Self.sort(&resources[index].attributes) }
        for index in entries.indices {
            Self.sort(&entries[index].scope.attributes)
            Self.sort(&entries[index].span.attributes)
            if entries[index].span.events.count > 1 {
                let events = entries[index].span.events.enumerated().sorted { a, b in
                    a.element.name == b.element.name ? a.offset < b.offset : Self.precedes(a.element.name, b.element.name)
                }
                entries[index].span.events = events.map(\.element)
            }
            for event in entries[index].span.events.indices { Self.sort(&entries[index].span.events[event].attributes) }
            for link in entries[index].span.links.indices { Self.sort(&entries[index].span.links[link].attributes) }
        }
    }

    private static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

    /// A key that stands twice keeps its last value.
    private static func sort(_ attributes: inout [Attribute]) {
        guard attributes.count > 1 else { return }
        let sorted = attributes.enumerated().sorted { a, b in
            a.element.key == b.element.key ? a.offset < b.offset : precedes(a.element.key, b.element.key)
        }
        attributes.removeAll(keepingCapacity: true)
        for (_, attribute) in sorted {
            if attributes.last?.key == attribute.key { attributes[attributes.count - 1] = attribute } else { attributes.append(attribute) }
        }
    }

    /// Keeps one of spans that are equal in everything.
    mutating func removeDuplicates() {
        struct Identity: Hashable {
            let resource: [Attribute]
            let scope: [Attribute]
            let span: Span
        }
        var seen: Set<Identity> = []
        var perID: [SpanID: Int] = [:]
        for entry in entries { perID[entry.span.spanID, default: 0] += 1 }
        entries.removeAll { entry in
            // Equal spans have equal ids, so most need no comparison.
            guard perID[entry.span.spanID, default: 0] > 1 else { return false }
            return !seen.insert(Identity(resource: resources[entry.resource].attributes, scope: entry.scope.attributes, span: entry.span)).inserted
        }
    }

    /// Writes IPv4 addresses that were sent as numbers with dots.
    mutating func spellOutAddresses() {
        for index in resources.indices { Self.spellOut(&resources[index].attributes) }
        for index in entries.indices { Self.spellOut(&entries[index].span.attributes) }
    }

    private static func spellOut(_ attributes: inout [Attribute]) {
        for index in attributes.indices where attributes[index].key == "ip" || attributes[index].key == "peer.ipv4" {
            let address: UInt32
            switch attributes[index].value {
            case .int(let number): address = UInt32(truncatingIfNeeded: number)
            case .double(let number) where number.isFinite && abs(number) < 9e18: address = UInt32(truncatingIfNeeded: Int64(number))
            default: continue
            }
            attributes[index].value = .string("\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)")
        }
    }

    private static let libraryKeys: Set<String> = [
        "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version", "telemetry.distro.name", "telemetry.distro.version",
    ]

    /// Moves what a span says of its telemetry library to the span's resource.
    mutating func moveLibraryAttributes() {
        for index in entries.indices where entries[index].span.attributes.contains(where: { Self.libraryKeys.contains($0.key) }) {
            let resource = entries[index].resource
            var kept: [Attribute] = []
            for attribute in entries[index].span.attributes {
                guard Self.libraryKeys.contains(attribute.key) else {
                    kept.append(attribute)
                    continue
                }
                if let known = resources[resource].attributes[attribute.key] {
                    if known != attribute.value {
                        entries[index].warnings.append("conflicting values between Span and Resource for attribute \(attribute.key)")
                        kept.append(attribute)
                    }
                } else {
                    resources[resource].attributes.append(attribute)
                }
            }
            entries[index].span.attributes = kept
        }
    }

    /// Removes links to no trace.
    mutating func removeEmptyLinks() {
        for index in entries.indices {
            for _ in entries[index].span.links where entries[index].span.links.contains(where: { $0.traceID.isZero }) {
                entries[index].warnings.append("Invalid span link removed")
                if let empty = entries[index].span.links.firstIndex(where: { $0.traceID.isZero }) { entries[index].span.links.remove(at: empty) }
            }
        }
    }
}
