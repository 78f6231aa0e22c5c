import CRE2

/// A compiled regular expression over whole label values, RE2 syntax, anchored at both ends, a dot matching newlines.
///
/// Immutable after compilation; matching is safe from many threads at once.
package final class LabelPattern: @unchecked Sendable {
    /// A pattern that does not compile; `reason` is RE2's.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package let pattern: String
        package let reason: String
        package var description: String { "error parsing regexp: \(reason)" }
    }

    package let source: String
    // SAFETY: RE2 objects are immutable and thread-safe after construction; freed once, in deinit.
    private let compiled: OpaquePointer
    /// What the pattern says, when that is simple.
    let shape: Shape

    /// The largest compiled program, in bytes.
    private static let programBytesMax = 8 << 20

    package convenience init(_ source: String) throws(Invalid) { try self.init(source, captures: false) }

    /// With `captures`, `groups(in:)` can be asked.
    package init(_ source: String, captures: Bool) throws(Invalid) {
        var text = source
        let compiled = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cre2_compile($0.baseAddress, $0.count, captures, Self.programBytesMax) }
        }
        guard let compiled else { throw Invalid(pattern: source, reason: "out of memory") }
        if let error = cre2_error(compiled) {
            let reason = String(cString: error)
            cre2_free(compiled)
            throw Invalid(pattern: source, reason: reason)
        }
        self.source = source
        self.compiled = compiled
        shape = Self.shape(of: source)
    }

    deinit { cre2_free(compiled) }

    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches($0) }
    }

    package func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if let verdict = shape.verdict(text) { return verdict }
        return text.withMemoryRebound(to: CChar.self) { cre2_full_match(compiled, $0.baseAddress, $0.count) }
    }

    package var groupCount: Int { Int(cre2_group_count(compiled)) }

    /// The index of the group called `name`, or nil.
    package func groupIndex(named name: String) -> Int? {
        var name = name
        let index = name.withUTF8 { bytes in bytes.withMemoryRebound(to: CChar.self) { cre2_group_named(compiled, $0.baseAddress, $0.count) } }
        return index < 0 ? nil : Int(index)
    }

    /// The whole match and every group, nil for groups that took no part; nil when `text` does not match.
    package func groups(in text: String) -> [String?]? {
        let count = groupCount + 1
        var starts = [Int](repeating: -1, count: count)
        var ends = starts
        var text = text
        return text.withUTF8 { bytes in
            let matched = bytes.withMemoryRebound(to: CChar.self) {
                cre2_full_match_groups(compiled, $0.baseAddress, $0.count, Int32(count), &starts, &ends)
            }
            guard matched else { return nil }
            return zip(starts, ends).map { start, end in start < 0 ? nil : String(decoding: bytes[start..<end], as: UTF8.self) }
        }
    }
}
