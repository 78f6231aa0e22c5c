import Bytes
import Glibc
import Platform
import PromQL
import Synchronization

/// Every query that has run, a line of JSON each, in the file that `query_log_file` of `prometheus.yml` names (upstream promql/engine.go `exec`,
/// util/logging/file.go). A reload opens the file anew, so that it can be moved away.
final class QueryLog: Sendable {
    /// A log file, opened to append to.
    final class File: Sendable {
        fileprivate let descriptor: Int32

        fileprivate init(_ path: String) throws(PlatformError) {
            descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw .io(path: path, operation: "open", code: errno) }
        }

        deinit { if descriptor >= 0 { close(descriptor) } }
    }

    private let file = Mutex<File?>(nil)
    private let failures = Atomic<Int>(0)

    var isOn: Bool { file.withLock { $0 != nil } }
    var failureCount: Int { failures.load(ordering: .relaxed) }

    /// Opens what `use` will write to; nil for no path.
    func opened(_ path: String?) throws(PlatformError) -> File? {
        guard let path else { return nil }
        return try File(path)
    }

    func use(_ opened: File?) { file.withLock { $0 = opened } }

    func write(_ record: QueryRecord) {
        guard let file = file.withLock({ $0 }) else { return }
        // One write a line: with O_APPEND, lines of several threads do not mix.
        let line = Self.line(record, at: Self.now())
        if Glibc.write(file.descriptor, line, line.count) != line.count { failures.add(1, ordering: .relaxed) }
    }

    static func line(_ record: QueryRecord, at time: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("time", time)
            json.member("level", "INFO")
            json.member("source", "QueryLog.swift:\(#line)")
            json.member("msg", "promql query logged")
            json.key("params")
            json.object { json in
                json.member("end", RFC3339.text(millis: record.endMillis))
                json.member("query", record.query)
                json.member("start", RFC3339.text(millis: record.startMillis))
                json.member("step", record.stepMillis / 1_000)
            }
            if let error = record.error { json.member("error", "\(error)") }
            json.key("stats")
            record.statistics.write(to: &json)
            // Nothing here traces itself; upstream writes the same then.
            json.member("spanID", String(repeating: "0", count: 16))
            json.member("traceID", String(repeating: "0", count: 32))
            if let origin = record.origin {
                json.key("httpRequest")
                json.object { json in
                    json.member("clientIP", origin.clientIP)
                    json.member("method", origin.method)
                    json.member("path", origin.path)
                }
            }
        }
        return json.finish() + [UInt8(ascii: "\n")]
    }

    /// Go's `time.RFC3339Nano`, in UTC.
    private static func now() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let text = RFC3339.text(millis: Int64(now.tv_sec) * 1_000)
        var fraction = String(String(1_000_000_000 + now.tv_nsec).dropFirst())
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return text.prefix { $0 != "." } + (fraction.isEmpty ? "" : "." + fraction) + "Z"
    }
}
