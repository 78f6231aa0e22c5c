import Bytes
import Foundation
import Testbed

/// Series as a fleet of web services has them, those of the benchmark's workload in small, with gaps and restarts besides.
struct Fleet {
    static let intervalMillis: Int64 = 15_000
    let startMillis: Int64
    let scrapes: Int
    let endMillis: Int64
    /// Remote-write bodies in the order of time.
    let bodies: [Data]

    /// So many instances, whose last scrape is shortly before `endMillis`.
    init(instances: Int, scrapes: Int, endMillis: Int64, seed: UInt64) {
        var generator = SeededGenerator(seed)
        let series = (0..<instances).flatMap(Self.series)
        var values = series.map { _ in Double(Int.random(in: 0..<10_000, using: &generator)) }
        let rates = series.map { _ in Double.random(in: 0..<20, using: &generator) }
        self.endMillis = endMillis
        self.scrapes = scrapes
        startMillis = endMillis - Int64(scrapes) * Self.intervalMillis
        var bodies: [Data] = []
        for scrape in 0..<scrapes {
            var batch: [(labels: [(String, String)], samples: [(millis: Int64, value: Double)])] = []
            for (number, (labels, isGauge)) in series.enumerated() {
                let instance = number / Self.seriesPerInstance
                // One instance is away for some minutes, and one begins late.
                if instance == 5, (40..<60).contains(scrape) || instance == 7 && scrape < 30 { continue }
                let isUp = labels[0].1 == "up"
                if isUp {
                    values[number] = 1
                } else if isGauge {
                    values[number] = ((values[number] + Double.random(in: -5...5, using: &generator)) * 1000).rounded() / 1000
                } else {
                    // One restarts in the middle.
                    if instance == 3, scrape == scrapes / 2 { values[number] = 0 }
                    values[number] += Double(Int(Double.random(in: 0..<1, using: &generator) * rates[number]))
                }
                let time = startMillis + Int64(scrape) * Self.intervalMillis + Int64(instance * 37 % 900)
                batch.append((labels, [(time, values[number])]))
            }
            bodies.append(remoteWriteBody(batch))
        }
        self.bodies = bodies
    }

    /// A workload of the benchmark: its description and its bodies, each behind its length.
    init(workload: URL) throws {
        let description = try JSONParser.parse(Array(Data(contentsOf: workload.appendingPathComponent("workload.json"))))
        guard let start = description["start_ms"]?.int, let end = description["end_ms"]?.int, let scrapes = description["scrapes"]?.int else {
            throw RunningStack.Failure(description: "\(workload.path) holds no workload")
        }
        (startMillis, endMillis, self.scrapes) = (Int64(start), Int64(end), Int(scrapes))
        let all = try Data(contentsOf: workload.appendingPathComponent("bodies.bin"))
        var bodies: [Data] = []
        var at = all.startIndex
        while at + 4 <= all.endIndex {
            let count = (0..<4).reduce(0) { $0 | Int(all[at + $1]) << (8 * $1) }
            bodies.append(all.subdata(in: at + 4..<at + 4 + count))
            at += 4 + count
        }
        self.bodies = bodies
    }

    private static let seriesPerInstance = 6 * (4 + 11 + 2) + 16 + 30 + 1

    private static func series(_ instance: Int) -> [(labels: [(String, String)], isGauge: Bool)] {
        let base = [
            ("env", instance % 5 == 0 ? "staging" : "prod"), ("instance", "10.0.\(instance).7:9464"), ("job", "svc-\(instance % 12)"),
            ("region", ["eu-west-1", "us-east-1", "ap-south-1"][instance % 3]), ("version", "v1.\(instance % 4).\(instance % 7)"),
        ]
        var series: [(labels: [(String, String)], isGauge: Bool)] = []
        func add(_ name: String, _ labels: [(String, String)], isGauge: Bool = false) {
            series.append(([("__name__", name)] + (base + labels).sorted { $0.0 < $1.0 }, isGauge))
        }
        for handler in ["/", "/login", "/api/v1/items", "/api/v1/items/{id}", "/checkout", "/search"] {
            for (method, code) in [("GET", "200"), ("GET", "404"), ("POST", "200"), ("POST", "500")] { add("http_requests_total", [("handler", handler), ("method", method), ("code", code)]) }
            for bound in ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf"] {
                add("http_request_duration_seconds_bucket", [("handler", handler), ("le", bound)])
            }
            for suffix in ["sum", "count"] { add("http_request_duration_seconds_\(suffix)", [("handler", handler)]) }
        }
        for cpu in 0..<4 { for mode in ["user", "system", "idle", "iowait"] { add("node_cpu_seconds_total", [("cpu", "\(cpu)"), ("mode", mode)]) } }
        for gauge in 0..<30 { add("process_gauge_\(gauge)", [], isGauge: true) }
        add("up", [], isGauge: true)
        return series
    }
}
