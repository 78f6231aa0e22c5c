import Bytes
import TraceModel

/// Gathers what a segment says of its traces beside their spans: the table of traces, the tag lists and page filters, the roll-ups.
struct SegmentIndexes: ~Copyable {
    private struct Trace {
        var entry: TraceEntry
        /// Preliminary numbers, as in `entry.rootService` and `entry.rootName` after `sections`.
        var root: (service: UInt32, name: UInt32)?
    }

    private let set: SpanSet
    private let pairs: TagPairs
    private var tags: TagIndexWriter
    private let listedKeys: [UInt32]
    private let filteredKeys: [UInt32]
    let keysAreComplete: Bool
    private var strings = SegmentStrings()
    /// The service of each scope, by preliminary number.
    private var services: [UInt32] = []
    private var serviceTraces: [UInt32: PostingList] = [:]
    private var serviceSets: [[UInt32]: UInt32] = [:]
    private var traces: [Trace] = []

    /// Looks at every span once, to tell keys with few values from others.
    init(_ set: SpanSet) throws(ByteError) {
        self.set = set
        pairs = TagPairs(strings: set.strings)
        var survey = TagSurvey(set.strings)
        for scope in 0..<set.scopeBlobs.count { try pairs.visit(scope: set.scopeBlobs[scope].bytes, &survey) }
        for row in 0..<set.rows.count { try pairs.visit(set.rows[row], &survey) }
        let result = survey.finish()
        (listedKeys, filteredKeys, keysAreComplete) = (result.listed, result.filtered, result.isComplete)
        tags = TagIndexWriter(set.strings, result.verdicts)
        for scope in set.scopes { services.append(strings.number(scope.resource.serviceNameOrPlaceholder)) }
    }

    var traceCount: Int { traces.count }
    var startUnixNano: UInt64 { traces.reduce(.max) { min($0, $1.entry.startUnixNano) } }
    var lastStartUnixNano: UInt64 { traces.reduce(0) { max($0, $1.entry.lastStartUnixNano) } }

    /// Adds the next trace by id.
    mutating func add(_ key: TraceKey, _ rows: [SpanRow]) throws(ByteError) {
        let number = UInt32(traces.count)
        tags.begin(trace: number)
        var entry = TraceEntry(
            key: key, startUnixNano: .max, lastStartUnixNano: 0, endUnixNano: 0, spanCount: UInt32(rows.count), errorCount: 0, rootService: TraceEntry.none,
            rootName: TraceEntry.none, serviceSet: 0)
        var root: SpanRow?
        var scopes: [UInt32] = []
        for row in rows {
            entry.startUnixNano = min(entry.startUnixNano, row.startUnixNano)
            entry.lastStartUnixNano = max(entry.lastStartUnixNano, row.startUnixNano)
            entry.endUnixNano = max(entry.endUnixNano, row.endUnixNano)
            if row.status == Span.Status.Code.error.rawValue { entry.errorCount += 1 }
            if row.parentSpanID == 0, row.startUnixNano < root?.startUnixNano ?? .max { root = row }
            if !scopes.contains(row.scope) { scopes.append(row.scope) }
            try pairs.visit(row, &tags)
        }
        var members: [UInt32] = []
        for scope in scopes {
            try pairs.visit(scope: set.scopeBlobs[Int(scope)].bytes, &tags)
            if !members.contains(services[Int(scope)]) { members.append(services[Int(scope)]) }
        }
        members.sort()
        for member in members { serviceTraces[member, default: PostingList()].append(number) }
        entry.serviceSet = serviceSets[members] ?? UInt32(serviceSets.count)
        serviceSets[members] = entry.serviceSet
        var named: (UInt32, UInt32)?
        if let root { named = (services[Int(root.scope)], strings.number(set.strings.bytes(root.name))) }
        traces.append(Trace(entry: entry, root: named))
    }

    /// The filter of the page that the traces since the last call went to.
    mutating func endPage() -> [UInt64] { tags.endPage() }

    /// The sections, as they stand in the file; those that the pages make are not among them.
    consuming func sections(_ operations: [String: Set<TraceOperation>], _ dependencies: DependencyCounts) -> [SegmentSection: [UInt8]] {
        // Every string is numbered before any section is written, for only then their order is known.
        var keyNumbers: [UInt32: UInt32] = [:]
        for key in listedKeys + filteredKeys { keyNumbers[key] = strings.number(set.strings.bytes(key)) }
        let serviceKey = strings.number(WellKnown.service.text)
        var lists: [(key: UInt32, value: UInt32, list: PostingList)] = []
        tags.forEachList { key, text, list in lists.append((keyNumbers[key] ?? 0, strings.number(text), list)) }
        for (service, list) in serviceTraces { lists.append((serviceKey, service, list)) }
        var operationRows: [(service: UInt32, members: [(name: UInt32, kind: UInt8)])] = []
        for (service, members) in operations {
            operationRows.append((strings.number(service), members.map { (strings.number($0.name), $0.kind.rawValue) }))
        }
        var dependencyRows: [(minute: UInt64, parent: UInt32, child: UInt32, calls: UInt64)] = []
        for (minute, links) in dependencies.byMinute {
            for (link, calls) in links { dependencyRows.append((minute, strings.number(link.parent), strings.number(link.child), calls)) }
        }
        let (stringSection, final) = strings.finish()
        let place = { (number: UInt32) in final[Int(number)] }

        var sections: [SegmentSection: [UInt8]] = [.strings: stringSection]
        var out = ByteWriter(capacity: traces.count * TraceEntry.bytes)
        for trace in traces {
            var entry = trace.entry
            if let root = trace.root { (entry.rootService, entry.rootName) = (place(root.service), place(root.name)) }
            entry.write(into: &out)
        }
        sections[.traces] = out.array()
        sections[.serviceSets] = Self.serviceSetSection(serviceSets, place)
        let listed = listedKeys.compactMap { keyNumbers[$0] } + [serviceKey]
        let filtered = filteredKeys.compactMap { keyNumbers[$0] }
        (sections[.keys], sections[.values], sections[.postings]) = Self.keySections(lists, listed.map(place), filtered.map(place), place)

        out = ByteWriter()
        out.appendUvarint(UInt64(operationRows.count))
        for row in operationRows.sorted(by: { place($0.service) < place($1.service) }) {
            out.appendUvarint(UInt64(place(row.service)))
            out.appendUvarint(UInt64(row.members.count))
            for member in row.members.sorted(by: { (place($0.name), $0.kind) < (place($1.name), $1.kind) }) {
                out.appendUvarint(UInt64(place(member.name)))
                out.append(member.kind)
            }
        }
        sections[.operations] = out.array()
        out = ByteWriter()
        out.appendUvarint(UInt64(dependencyRows.count))
        for row in dependencyRows.sorted(by: { ($0.minute, place($0.parent), place($0.child)) < ($1.minute, place($1.parent), place($1.child)) }) {
            for number in [row.minute, UInt64(place(row.parent)), UInt64(place(row.child)), row.calls] { out.appendUvarint(number) }
        }
        sections[.dependencies] = out.array()
        return sections
    }

    private static func serviceSetSection(_ sets: [[UInt32]: UInt32], _ place: (UInt32) -> UInt32) -> [UInt8] {
        let ordered = sets.sorted { $0.value < $1.value }.map(\.key)
        var out = ByteWriter()
        out.appendLittleEndian(UInt32(ordered.count))
        var offset: UInt32 = 0
        out.appendLittleEndian(offset)
        for members in ordered {
            offset += UInt32(members.count)
            out.appendLittleEndian(offset)
        }
        for members in ordered { for member in members.map(place).sorted() { out.appendLittleEndian(member) } }
        return out.array()
    }

    /// Keys by string, each with a run of values by string, each with its list.
    private static func keySections(
        _ lists: [(key: UInt32, value: UInt32, list: PostingList)], _ listed: [UInt32], _ filtered: [UInt32], _ place: (UInt32) -> UInt32
    ) -> (keys: [UInt8], values: [UInt8], postings: [UInt8]) {
        var byKey: [UInt32: [(value: UInt32, list: PostingList)]] = [:]
        for entry in lists { byKey[place(entry.key), default: []].append((place(entry.value), entry.list)) }
        var keys = ByteWriter()
        var values = ByteWriter()
        var postings = ByteWriter()
        var valueCount: UInt32 = 0
        let rows = listed.map { (key: $0, isFiltered: false) } + filtered.map { (key: $0, isFiltered: true) }
        for row in rows.sorted(by: { $0.key < $1.key }) {
            let members = (byKey[row.key] ?? []).sorted { $0.value < $1.value }
            for word in [row.key, row.isFiltered ? 1 : 0, valueCount, UInt32(members.count)] { keys.appendLittleEndian(word) }
            for member in members {
                for word in [member.value, UInt32(postings.count), member.list.count] { values.appendLittleEndian(word) }
                postings.append(member.list.deltas)
            }
            valueCount += UInt32(members.count)
        }
        return (keys.array(), values.array(), postings.array())
    }
}
