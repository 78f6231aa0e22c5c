import Bytes
import TraceModel

/// A search's conditions in the numbers of one set of spans: decides span by span without touching text.
struct SpanMatcher {
    private let plan: SearchPlan
    private let strings: StringEntries
    /// The number of each of the plan's terms, nil where the set does not know the text.
    private let numbers: [UInt32?]
    /// For each scope the conditions that its resource and scope fulfil; nil when the search wants another service.
    private let scopes: [UInt64?]
    /// Conditions by the number of their key.
    private let byKey: [(key: UInt32, condition: Int)]
    private let all: UInt64
    private let negated: UInt64
    /// Whether no span of the set can match.
    let isHopeless: Bool

    /// `numbers` belongs to `plan.terms`.
    init(_ plan: SearchPlan, _ set: SpanSet, numbers: [UInt32?]) {
        self.plan = plan
        self.numbers = numbers
        strings = set.strings
        let count = plan.conditions.count
        all = count == 64 ? .max : 1 << UInt64(count) - 1
        negated = plan.conditions.indices.reduce(0) { plan.conditions[$1].isNegated ? $0 | 1 << UInt64($1) : $0 }
        scopes = set.scopes.map { scope in
            if let service = plan.service, !scope.resource.serviceNameOrPlaceholder.hasBytes(of: service) { return nil }
            return plan.conditions.indices.reduce(0) { plan.conditions[$1].isFound(in: scope) ? $0 | 1 << UInt64($1) : $0 }
        }
        byKey = plan.conditions.indices.compactMap { index in numbers[SearchPlan.key(index)].map { (key: $0, condition: index) } }
        let somewhere = scopes.reduce(UInt64(0)) { $0 | ($1 ?? 0) }
        let hopelessCondition = plan.conditions.indices.contains { index in
            let condition = plan.conditions[index]
            if condition.isNegated || somewhere & 1 << UInt64(index) != 0 { return false }
            switch condition.derived {
            case .status, .kind: return false
            case .statusMessage, .traceState, .eventName: return numbers[SearchPlan.value(index)] == nil
            default: return numbers[SearchPlan.key(index)] == nil
            }
        }
        let unknownOperation = plan.operation != nil && plan.operation != Span.namePlaceholder && numbers[0] == nil
        isHopeless = hopelessCondition || unknownOperation || scopes.allSatisfy { $0 == nil }
    }

    func matches(_ row: SpanRow) throws(ByteError) -> Bool {
        guard plan.startUnixNano.contains(row.startUnixNano) else { return false }
        let duration = row.durationNanos
        guard duration >= plan.durationMinNanos, duration <= plan.durationMaxNanos else { return false }
        if let operation = plan.operation {
            guard row.name == numbers[0] || operation == Span.namePlaceholder && strings[row.name].isEmpty else { return false }
        }
        guard Int(row.scope) < scopes.count, var found = scopes[Int(row.scope)] else { return false }
        guard all != 0 else { return true }
        for index in plan.conditions.indices {
            switch plan.conditions[index].derived {
            case .status(let code) where row.status == code.rawValue: found |= 1 << UInt64(index)
            case .notError where row.status == Span.Status.Code.error.rawValue: found |= 1 << UInt64(index)
            case .kind(let kind) where row.kind == kind.rawValue: found |= 1 << UInt64(index)
            default: break
            }
        }
        if found ^ negated == all { if negated == 0 { return true } } else if found & negated != 0 { return false }
        found = try search(row, found)
        return found ^ negated == all
    }

    /// Adds what the blob fulfils, and stops once nothing is left to find.
    private func search(_ row: SpanRow, _ known: UInt64) throws(ByteError) -> UInt64 {
        var found = known
        var cursor = BlobCursor(row.blob)
        try attributes(&cursor, &found)
        if found == all { return found }
        let extra = try cursor.extra()
        if extra.contains(.flags) { _ = try cursor.number() }
        if extra.contains(.traceState) { text(try cursor.number(), .traceState, &found) }
        if extra.contains(.statusMessage) { text(try cursor.number(), .statusMessage, &found) }
        if extra.contains(.droppedAttributes) { _ = try cursor.number() }
        if extra.contains(.events) {
            for _ in 0..<(try cursor.count()) {
                _ = try cursor.cursor.readVarint()
                text(try cursor.number(), .eventName, &found)
                _ = try cursor.number()
                try attributes(&cursor, &found)
                if found == all { return found }
            }
            _ = try cursor.number()
        }
        if extra.contains(.links) {
            for _ in 0..<(try cursor.count()) {
                try cursor.cursor.skip(24)
                _ = (try cursor.number(), try cursor.number(), try cursor.number())
                try attributes(&cursor, &found)
                if found == all { return found }
            }
        }
        return found
    }

    private func text(_ number: UInt32, _ derived: TagCondition.Derived, _ found: inout UInt64) {
        for index in plan.conditions.indices where plan.conditions[index].derived == derived && numbers[SearchPlan.value(index)] == number {
            found |= 1 << UInt64(index)
        }
    }

    private func attributes(_ cursor: inout BlobCursor, _ found: inout UInt64) throws(ByteError) {
        for _ in 0..<(try cursor.count()) {
            let key = try cursor.number()
            let tag = try cursor.tag()
            let start = cursor
            try cursor.skipValue(tag)
            for candidate in byKey where candidate.key == key && found & 1 << UInt64(candidate.condition) == 0 {
                var value = start
                if try isValue(candidate.condition, tag, &value) { found |= 1 << UInt64(candidate.condition) }
            }
        }
    }

    private func isValue(_ index: Int, _ tag: ValueTag, _ cursor: inout BlobCursor) throws(ByteError) -> Bool {
        let value = plan.conditions[index].value
        switch tag {
        case .string: return try cursor.number() == numbers[SearchPlan.value(index)]
        case .int: return try cursor.cursor.readVarint() == value.int
        case .bool: return try (cursor.cursor.readUInt8() != 0) == value.bool
        case .double: return try Double(bitPattern: cursor.cursor.readLittleEndian()) == value.double
        default: return try cursor.value(tag, strings).text == value.text
        }
    }
}
