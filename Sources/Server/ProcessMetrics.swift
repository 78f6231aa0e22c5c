import Glibc
import MetricModel
import Platform

/// What the operating system knows of this process, under the names that Prometheus client libraries use.
enum ProcessMetrics {
    private static let startSeconds: Double = {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }()

    /// Called once at start, so that the start time is the start's.
    static func begin() { _ = startSeconds }

    static func families() -> [MetricFamily] {
        var families: [MetricFamily] = []
        var usage = rusage()
        if getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
            let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
            families.append(.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", seconds))
        }
        if let pages = statm() {
            let pageBytes = Double(sysconf(Int32(_SC_PAGESIZE)))
            families.append(.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", Double(pages.virtual) * pageBytes))
            families.append(.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", Double(pages.resident) * pageBytes))
        }
        if let open = openDescriptors() { families.append(.gauge("process_open_fds", "Number of open file descriptors.", Double(open))) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            families.append(.gauge("process_max_fds", "Maximum number of open file descriptors.", Double(limit.rlim_cur)))
        }
        if let network = networkBytes() {
            families.append(.counter("process_network_receive_bytes_total", "Number of bytes received by the process over the network.", Double(network.received)))
            families.append(.counter("process_network_transmit_bytes_total", "Number of bytes sent by the process over the network.", Double(network.sent)))
        }
        families.append(.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", startSeconds))
        return families
    }

    /// What the process's network namespace has received and sent since it is there, its own loopback included: `IpExt` of `netstat`, where Go's
    /// client library looks, too (`prometheus/process_collector_procfsenabled.go`).
    private static func networkBytes() -> (received: UInt64, sent: UInt64)? {
        guard let file = fopen("/proc/self/net/netstat", "r") else { return nil }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        var names: [Substring] = []
        while getline(&line, &capacity, file) > 0, let text = line.map({ String(cString: $0) }) {
            guard text.hasPrefix("IpExt:") else { continue }
            let fields = text.split(whereSeparator: \.isWhitespace)
            if names.isEmpty {
                names = fields
            } else {
                guard let received = names.firstIndex(of: "InOctets"), let sent = names.firstIndex(of: "OutOctets"), max(received, sent) < fields.count else { return nil }
                guard let received = UInt64(fields[received]), let sent = UInt64(fields[sent]) else { return nil }
                return (received, sent)
            }
        }
        return nil
    }

    private static func statm() -> (virtual: Int, resident: Int)? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text.split(separator: " ").compactMap { Int($0) }
        return fields.count >= 2 ? (fields[0], fields[1]) : nil
    }

    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = -3  // ".", ".." and the descriptor of this very listing
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
