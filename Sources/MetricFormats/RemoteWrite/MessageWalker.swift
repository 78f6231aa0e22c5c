/// Protobuf tags: a field's number and how its value is laid out.
enum MessageTag {
    @inline(__always) static func varint(_ field: UInt64) -> UInt64 { field << 3 }
    @inline(__always) static func fixed64(_ field: UInt64) -> UInt64 { field << 3 | 1 }
    @inline(__always) static func delimited(_ field: UInt64) -> UInt64 { field << 3 | 2 }
}

/// Reads protobuf fields through one position for a message and all messages in it; the end is the caller's, level by level.
///
/// SAFETY: every read compares `position` with the `end` it is given, which never exceeds the buffer's; the buffer must outlive
/// the walker.
struct MessageWalker {
    let start: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    var position: UnsafePointer<UInt8>

    init(_ body: UnsafeBufferPointer<UInt8>) {
        start = body.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        end = start + body.count
        position = start
    }

    @inline(never)
    func malformed(_ reason: String) -> MetricFormatError { .malformedMessage(offset: position - start, reason: reason) }

    @inline(__always)
    mutating func varint(_ end: UnsafePointer<UInt8>) throws(MetricFormatError) -> UInt64 {
        if _fastPath(position < end), position.pointee < 0x80 {
            defer { position += 1 }
            return UInt64(position.pointee)
        }
        return try longVarint(end)
    }

    private mutating func longVarint(_ end: UnsafePointer<UInt8>) throws(MetricFormatError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard position < end else { throw malformed("the message ends inside an integer") }
            let byte = position.pointee
            guard shift < 63 || byte <= 1 else { throw malformed("an integer is longer than 64 bits") }
            position += 1
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// A tag that names a field and a layout; groups, which proto3 has not, are refused.
    @inline(__always)
    mutating func tag(_ end: UnsafePointer<UInt8>) throws(MetricFormatError) -> UInt64 {
        let at = position
        let tag = try varint(end)
        // Layouts 0, 1, 2 and 5 exist, and field numbers from 1 to 2^29 - 1.
        guard _fastPath(0b10_0111 >> (tag & 7) & 1 == 1 && tag >= 8 && tag < 1 << 32) else {
            position = at
            throw malformed("tag \(tag) does not exist")
        }
        return tag
    }

    /// Reads a length; the end of what it announces.
    @inline(__always)
    mutating func length(_ end: UnsafePointer<UInt8>) throws(MetricFormatError) -> UnsafePointer<UInt8> {
        let length = try varint(end)
        guard _fastPath(length <= UInt64(end - position)) else {
            throw malformed("a field announces \(length) bytes where \(end - position) are left")
        }
        return position + Int(length)
    }

    @inline(__always)
    mutating func fixed64(_ end: UnsafePointer<UInt8>) throws(MetricFormatError) -> UInt64 {
        guard _fastPath(end - position >= 8) else { throw malformed("the message ends inside a number") }
        defer { position += 8 }
        return UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
    }

    /// Text; bytes that are not UTF-8 are repaired.
    mutating func string(_ end: UnsafePointer<UInt8>) throws(MetricFormatError) -> String {
        let stop = try length(end)
        defer { position = stop }
        return String(decoding: UnsafeBufferPointer(start: position, count: stop - position), as: UTF8.self)
    }

    /// The bytes behind a length, in place.
    @inline(__always)
    mutating func bytes(_ end: UnsafePointer<UInt8>) throws(MetricFormatError) -> UnsafeBufferPointer<UInt8> {
        let stop = try length(end)
        defer { position = stop }
        return UnsafeBufferPointer(start: position, count: stop - position)
    }

    /// Passes over a field that is not known; one that is, up to the number `known`, is laid out wrongly.
    mutating func skip(_ tag: UInt64, _ end: UnsafePointer<UInt8>, knownThrough known: UInt64) throws(MetricFormatError) {
        guard tag >> 3 > known else { throw malformed("field \(tag >> 3) is laid out as none of its kind is") }
        try skip(tag, end)
    }

    @inline(__always)
    mutating func skip(_ tag: UInt64, _ end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        switch tag & 7 {
        case 0: _ = try varint(end)
        case 1: _ = try fixed64(end)
        case 2: position = try length(end)
        default:
            guard end - position >= 4 else { throw malformed("the message ends inside a number") }
            position += 4
        }
    }

    /// Where a label field ends that stands here as nearly all do — name, value, lengths below 128, nothing else — and is whole; nil for any
    /// other field, which then wants the long way.
    @inline(__always)
    func plainLabel(_ end: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        // 0A length 0A length name 12 length value
        guard end - position >= 6, position[0] == 0x0A, position[2] == 0x0A, position[1] < 0x80, position[3] < 0x80 else { return nil }
        let (length, nameLength) = (Int(position[1]), Int(position[3]))
        guard end - position >= 2 + length, length >= nameLength + 4 else { return nil }
        let value = position + 4 + nameLength
        guard value[0] == 0x12, value[1] < 0x80, nameLength + 4 + Int(value[1]) == length else { return nil }
        return position + 2 + length
    }
}
