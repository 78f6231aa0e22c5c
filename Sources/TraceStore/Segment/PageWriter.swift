import Bytes

/// Gathers traces into the columns of one page. Spans come out of a head's rows; their strings are numbered anew within the page.
struct PageWriter: ~Copyable {
    /// A column that grows. An object, since arrays do not hold what cannot be copied.
    private final class Column { var out = ByteWriter(capacity: 1024) }

    private struct Shape {
        let number: UInt32
        /// For each of its attributes the value column.
        let columns: [Int]
    }

    private let set: SpanSet
    private var columns = PageColumn.allCases.map { _ in Column() }
    /// Page numbers of the head's strings plus one; 0 for those that the page has not.
    private var stringNumbers: [UInt32]
    private var strings: [UInt32] = []
    private var scopeNumbers: [UInt32: UInt32] = [:]
    private var shapes: [[UInt64]: Shape] = [:]
    private var valueColumns: [UInt64: Int] = [:]
    private var values: [Column] = []
    private var shape: [UInt64] = []
    private var lastTraceStart: UInt64 = 0
    private(set) var spanCount = 0
    private(set) var traceCount = 0

    init(_ set: SpanSet) {
        self.set = set
        stringNumbers = [UInt32](repeating: 0, count: set.strings.count)
    }

    /// Appends a trace: its rows by start. Throws when a blob is damaged.
    mutating func add(_ rows: [SpanRow]) throws(ByteError) {
        column(.traceSpans) { $0.appendUvarint(UInt64(rows.count)) }
        var places: [UInt64: Int] = [:]
        for (place, row) in rows.enumerated() where places[row.spanID] == nil { places[row.spanID] = place }
        var before: UInt64?
        for row in rows {
            column(.spanIDs) { $0.appendLittleEndian(row.spanID) }
            if row.parentSpanID == 0 {
                column(.parents) { $0.append(0) }
            } else if let place = places[row.parentSpanID] {
                column(.parents) { $0.appendUvarint(UInt64(place) + 2) }
            } else {
                column(.parents) { $0.append(1) }
                column(.foreignParents) { $0.appendLittleEndian(row.parentSpanID) }
            }
            let last = lastTraceStart
            column(.starts) { out in
                if let before { out.appendUvarint(row.startUnixNano &- before) } else { out.appendVarint(Int64(bitPattern: row.startUnixNano &- last)) }
            }
            if before == nil { lastTraceStart = row.startUnixNano }
            before = row.startUnixNano
            column(.durations) { $0.appendVarint(Int64(bitPattern: row.endUnixNano &- row.startUnixNano)) }
            let name = number(row.name)
            column(.names) { $0.appendUvarint(UInt64(name)) }
            let scope = try scopeNumber(row.scope)
            column(.spanScopes) { $0.appendUvarint(UInt64(scope)) }
            column(.kinds) { $0.append(row.kind | row.status << 4) }
            try add(blob: row.blob)
        }
        spanCount += rows.count
        traceCount += 1
    }

    /// The page's bytes, uncompressed. The writer is spent.
    consuming func finish() -> [UInt8] {
        for string in strings {
            let bytes = set.strings.bytes(string)
            column(.stringLengths) { $0.appendUvarint(UInt64(bytes.count)) }
            column(.stringBytes) { $0.append(bytes) }
        }
        for value in values {
            value.out.withBytes { bytes in
                column(.values) { $0.appendUvarint(UInt64(bytes.count)) }
                column(.values) { $0.append(bytes) }
            }
        }
        var page = ByteWriter(capacity: columns.reduce(64) { $0 + $1.out.count + 5 })
        page.appendUvarint(UInt64(traceCount))
        page.appendUvarint(UInt64(spanCount))
        page.appendUvarint(UInt64(strings.count))
        page.appendUvarint(UInt64(scopeNumbers.count))
        page.appendUvarint(UInt64(shapes.count))
        page.appendUvarint(UInt64(values.count))
        for column in columns { page.appendUvarint(UInt64(column.out.count)) }
        for column in columns { column.out.withBytes { page.append($0) } }
        return page.array()
    }

    private func column(_ name: PageColumn, _ body: (inout ByteWriter) -> Void) { body(&columns[name.rawValue].out) }

    /// The page's number of one of the head's strings.
    private mutating func number(_ string: UInt32) -> UInt32 {
        let known = stringNumbers[Int(string)]
        if known != 0 { return known - 1 }
        strings.append(string)
        stringNumbers[Int(string)] = UInt32(strings.count)
        return UInt32(strings.count - 1)
    }

    private mutating func scopeNumber(_ scope: UInt32) throws(ByteError) -> UInt32 {
        if let known = scopeNumbers[scope] { return known }
        let number = UInt32(scopeNumbers.count)
        scopeNumbers[scope] = number
        var cursor = BlobCursor(set.scopeBlobs[Int(scope)].bytes)
        let out = columns[PageColumn.scopes.rawValue]
        try copyAttributes(&cursor, out)
        out.out.appendUvarint(UInt64(try cursor.number()))
        try copyString(&cursor, out)
        try copyString(&cursor, out)
        try copyString(&cursor, out)
        try copyAttributes(&cursor, out)
        out.out.appendUvarint(UInt64(try cursor.number()))
        try copyString(&cursor, out)
        return number
    }

    private mutating func add(blob: UnsafeBufferPointer<UInt8>) throws(ByteError) {
        var cursor = BlobCursor(blob)
        let start = cursor
        shape.removeAll(keepingCapacity: true)
        for _ in 0..<(try cursor.count()) {
            let key = number(try cursor.number())
            let tag = try cursor.tag()
            shape.append(UInt64(key) << 8 | UInt64(tag.rawValue))
            try cursor.skipValue(tag)
        }
        let known = shapes[shape] ?? newShape()
        column(.spanShapes) { $0.appendUvarint(UInt64(known.number)) }
        cursor = start
        _ = try cursor.count()
        for column in known.columns {
            _ = try cursor.number()
            try copyValue(try cursor.tag(), &cursor, values[column])
        }
        try copyExtras(&cursor)
    }

    private mutating func newShape() -> Shape {
        column(.shapes) { $0.appendUvarint(UInt64(shape.count)) }
        var places: [Int] = []
        for attribute in shape {
            column(.shapes) { out in
                out.appendUvarint(attribute >> 8)
                out.append(UInt8(truncatingIfNeeded: attribute))
            }
            if valueColumns[attribute] == nil {
                valueColumns[attribute] = values.count
                values.append(Column())
            }
            places.append(valueColumns[attribute] ?? 0)
        }
        let new = Shape(number: UInt32(shapes.count), columns: places)
        shapes[shape] = new
        return new
    }

    private mutating func copyString(_ cursor: inout BlobCursor, _ column: Column) throws(ByteError) {
        let number = number(try cursor.number())
        column.out.appendUvarint(UInt64(number))
    }

    private mutating func copyAttributes(_ cursor: inout BlobCursor, _ column: Column) throws(ByteError) {
        let count = try cursor.count()
        column.out.appendUvarint(UInt64(count))
        for _ in 0..<count {
            try copyString(&cursor, column)
            let tag = try cursor.tag()
            column.out.append(tag.rawValue)
            try copyValue(tag, &cursor, column)
        }
    }

    /// Copies a value without its tag.
    private mutating func copyValue(_ tag: ValueTag, _ cursor: inout BlobCursor, _ column: Column) throws(ByteError) {
        switch tag {
        case .empty: break
        case .string: try copyString(&cursor, column)
        case .keyValues: try copyAttributes(&cursor, column)
        case .array:
            let count = try cursor.count()
            column.out.appendUvarint(UInt64(count))
            for _ in 0..<count {
                let tag = try cursor.tag()
                column.out.append(tag.rawValue)
                try copyValue(tag, &cursor, column)
            }
        case .bool, .int, .double, .bytes:
            let start = cursor.cursor.position
            try cursor.skipValue(tag)
            column.out.append(UnsafeBufferPointer(start: start, count: cursor.cursor.position - start))
        }
    }

    private mutating func copyExtras(_ cursor: inout BlobCursor) throws(ByteError) {
        let extra = try cursor.extra()
        column(.extraMasks) { $0.append(extra.rawValue) }
        guard extra.rawValue != 0 else { return }
        let out = columns[PageColumn.extras.rawValue]
        if extra.contains(.flags) { out.out.appendUvarint(UInt64(try cursor.number())) }
        if extra.contains(.traceState) { try copyString(&cursor, out) }
        if extra.contains(.statusMessage) { try copyString(&cursor, out) }
        if extra.contains(.droppedAttributes) { out.out.appendUvarint(UInt64(try cursor.number())) }
        if extra.contains(.events) {
            let count = try cursor.count()
            out.out.appendUvarint(UInt64(count))
            for _ in 0..<count {
                out.out.appendVarint(try cursor.cursor.readVarint())
                try copyString(&cursor, out)
                out.out.appendUvarint(UInt64(try cursor.number()))
                try copyAttributes(&cursor, out)
            }
            out.out.appendUvarint(UInt64(try cursor.number()))
        }
        if extra.contains(.links) {
            let count = try cursor.count()
            out.out.appendUvarint(UInt64(count))
            for _ in 0..<count {
                out.out.append(try cursor.cursor.readBytes(24))
                try copyString(&cursor, out)
                out.out.appendUvarint(UInt64(try cursor.number()))
                out.out.appendUvarint(UInt64(try cursor.number()))
                try copyAttributes(&cursor, out)
            }
            out.out.appendUvarint(UInt64(try cursor.number()))
        }
    }
}
