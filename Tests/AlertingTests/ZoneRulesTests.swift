import Alerting
import Foundation
import Testing

struct ZoneRulesTests {
    @Test("a place's time is what its file says, before and after the last change that the file names", .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin"), "no time zones on this machine"))
    func zones() throws {
        for name in ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Europe/Dublin", "Pacific/Chatham", "Etc/GMT+5"] {
            guard let data = FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)"), let zone = TimeZone(identifier: name) else { continue }
            let rules = try #require(ZoneRules(Array(data)), "\(name)")
            // 1990 to 2036: a prime number of seconds, so that every hour of a day is met.
            for seconds in stride(from: Int64(631_152_000), to: 2_082_758_400, by: 499_979) {
                let expected = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
                guard rules.offset(atSeconds: seconds) != expected else { continue }
                Issue.record("\(name) at \(seconds): \(rules.offset(atSeconds: seconds)) instead of \(expected)")
                break
            }
        }
        var interval = Alerting.TimeInterval()
        interval.times = [try Alerting.TimeInterval.times(from: "13:00", to: "13:01")]
        interval.zone = ZoneRules(Array(FileManager.default.contents(atPath: "/usr/share/zoneinfo/Europe/Berlin") ?? Data()))
        #expect(interval.contains(unixMillis: Fixture.noon) && !interval.contains(unixMillis: Fixture.noon + 3_600_000))
        #expect(ZoneRules([]) == nil && ZoneRules(Array("TZif2".utf8) + [UInt8](repeating: 0xFF, count: 100)) == nil)
    }
}
