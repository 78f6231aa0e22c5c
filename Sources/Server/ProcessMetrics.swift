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
        families.append(.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", startSeconds))
        return families
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
