import Bytes
import HTTPSurface
import TraceModel
import TraceQuery
import TraceStore

/// The parameters of `/api/traces` and `/api/dependencies`, read as Jaeger reads them (`query_parser.go`, up to 2.9).
struct SearchParameters {
    static let limitDefault = 100
    /// A larger `limit` is taken as this: answers are made in memory.
    static let limitMax = 1500
    static let lookbackNanosDefault: Int64 = 48 * 3600 * 1_000_000_000
    static let dependencyLookbackMillisDefault: Int64 = 24 * 3600 * 1000

    var search: TraceSearch
    /// When there are any, they are fetched instead of searched for.
    var traceIDs: [TraceID]
    var isRaw: Bool

    /// - Parameter nowUnixNano: where `end` lies when it is not given.
    init(_ form: FormParameters, nowUnixNano: Int64) throws {
        let start = try Self.time(form, "start", nanosPerUnit: 1000)
        let end = try Self.time(form, "end", nanosPerUnit: 1000) ?? nowUnixNano
        let tags = try Self.tags(form)
        var limit = Self.limitDefault
        if let text = form["limit"], !text.isEmpty {
            guard let number = Int32(text) else { throw SurfaceError(.badRequest, GoNumber.refusal(text, bits: 32)) }
            limit = Int(number)
        }
        let durationMin = try Self.duration(form, "minDuration")
        let durationMax = try Self.duration(form, "maxDuration")
        traceIDs = try form.all("traceID").map { text in
            guard let id = TraceID(hexadecimal: text) else { throw SurfaceError(.badRequest, "cannot parse traceID param: \(TraceIDText.refusal(text))") }
            return id
        }
        isRaw = try Self.bool(form, "raw")
        if let durationMin, let durationMax, durationMax < durationMin { throw SurfaceError(.badRequest, "'maxDuration' should be greater than 'minDuration'") }
        if traceIDs.isEmpty, limit <= 0 { throw SurfaceError(.badRequest, "search depth must be greater than 0 and less than max traces") }
        let from = try start ?? max(end, 0) - (Self.lookback(form) ?? Self.lookbackNanosDefault)
        // A range that ends before it begins holds no span; the last nanosecond of time stands for it.
        let range = from > end ? UInt64.max ... UInt64.max : UInt64(max(from, 0)) ... UInt64(max(end, 0))
        search = TraceSearch(
            service: Self.nonEmpty(form["service"]), operation: Self.nonEmpty(form["operation"]), tags: tags, startUnixNano: range,
            durationMinNanos: durationMin.map { UInt64(max($0, 0)) }, durationMaxNanos: durationMax.map { UInt64(max($0, 0)) },
            limit: min(max(limit, 0), Self.limitMax))
    }

    private static func nonEmpty(_ text: String?) -> String? { text?.isEmpty == false ? text : nil }

    /// Nanoseconds since the epoch; nil when the parameter is absent or empty.
    static func time(_ form: FormParameters, _ name: String, nanosPerUnit: Int64) throws -> Int64? {
        guard let text = nonEmpty(form[name]) else { return nil }
        guard let number = Int64(text) else { throw refusal(name, GoNumber.refusal(text, bits: 64)) }
        let (nanos, overflow) = number.multipliedReportingOverflow(by: nanosPerUnit)
        return overflow ? (number < 0 ? .min : .max) : nanos
    }

    /// Nanoseconds; nil when the parameter is absent, empty or zero.
    private static func duration(_ form: FormParameters, _ name: String) throws -> Int64? {
        guard let text = nonEmpty(form[name]) else { return nil }
        guard let nanos = GoDuration.nanos(text) else { throw refusal(name, "time: invalid duration \"\(text)\"") }
        return nanos == 0 ? nil : nanos
    }

    /// `lookback=2h` and `2d`, which Jaeger's page sends along with `start`; `custom` says that `start` stands for itself.
    private static func lookback(_ form: FormParameters) throws -> Int64? {
        guard let text = nonEmpty(form["lookback"]), text != "custom" else { return nil }
        if text.hasSuffix("d"), let days = Int64(text.dropLast()), (0...100_000).contains(days) { return days * 24 * 3600 * 1_000_000_000 }
        guard let nanos = GoDuration.nanos(text), nanos >= 0 else { throw refusal("lookback", "time: invalid duration \"\(text)\"") }
        return nanos
    }

    static func bool(_ form: FormParameters, _ name: String) throws -> Bool {
        switch nonEmpty(form[name]) {
        case nil: return false
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        case let text?: throw refusal(name, "strconv.ParseBool: parsing \"\(text)\": invalid syntax")
        }
    }

    /// `tag=key:value`, several times, and `tags={"key":"value"}`; of a key given twice the last value counts.
    private static func tags(_ form: FormParameters) throws -> [(key: String, value: String)] {
        var tags: [(key: String, value: String)] = []
        func set(_ key: String, _ value: String) {
            tags.removeAll { $0.key == key }
            tags.append((key, value))
        }
        for text in form.all("tag") {
            guard let colon = text.firstIndex(of: ":") else {
                throw SurfaceError(.badRequest, "malformed 'tag' parameter, expecting key:value, received: \(text)")
            }
            set(String(text[..<colon]), String(text[text.index(after: colon)...]))
        }
        for text in form.all("tags") {
            let members: [JSONValue.Member]
            do {
                guard let object = try JSONParser.parse(Array(text.utf8)).object else {
                    throw SurfaceError(.badRequest, "malformed 'tags' parameter, cannot unmarshal JSON: an object of strings was expected")
                }
                members = object
            } catch let error as JSONParser.Failure {
                throw SurfaceError(.badRequest, "malformed 'tags' parameter, cannot unmarshal JSON: \(error)")
            }
            for member in members {
                guard let value = member.value.string else {
                    throw SurfaceError(.badRequest, "malformed 'tags' parameter, cannot unmarshal JSON: the value of \"\(member.key)\" must be a string")
                }
                set(member.key, value)
            }
        }
        guard tags.count <= 64 else { throw SurfaceError(.badRequest, "a search takes at most 64 tags, and this one has \(tags.count)") }
        return tags
    }

    static func refusal(_ name: String, _ reason: String) -> SurfaceError { SurfaceError(.badRequest, "unable to parse param '\(name)': \(reason)") }
}

/// The words of Go's `strconv` about what is not a number.
enum GoNumber {
    static func refusal(_ text: String, bits: Int) -> String {
        let digits = text.drop { $0 == "-" || $0 == "+" }
        let isNumber = !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isNumber }
        return "strconv.ParseInt: parsing \"\(text)\": \(isNumber ? "value out of range" : "invalid syntax")"
    }
}

/// Trace ids as they stand in URLs.
enum TraceIDText {
    /// Hexadecimal, or base64 of 8 or 16 bytes as the v3 API writes them.
    static func parse(_ text: String) -> TraceID? {
        if let id = TraceID(hexadecimal: text) { return id }
        guard text.utf8.count <= 24, let bytes = Base64.decode(text), bytes.count == 8 || bytes.count == 16 else { return nil }
        let halves = stride(from: 0, to: bytes.count, by: 8).map { start in bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return halves.count == 2 ? TraceID(high: halves[0], low: halves[1]) : TraceID(high: 0, low: halves[0])
    }

    static func refusal(_ text: String) -> String {
        text.utf8.count > 32 ? "TraceID cannot be longer than 32 hex characters: \(text)" : "strconv.ParseUint: parsing \"\(text)\": invalid syntax"
    }
}
