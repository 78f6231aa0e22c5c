import Acquisition
import MetricModel
import Testing

@Suite("When targets are scraped")
struct ScrapeScheduleTests {
    private let second: UInt64 = 1_000_000_000

    @Test("the first scrape falls on the target's own place in the interval, whenever the server starts", arguments: [0, 1, 1_700_000_003, 1_700_000_014] as [Int64])
    func firstDelay(startSeconds: Int64) {
        let schedule = ScrapeSchedule(interval: .seconds(15), identity: 7 * second + 100 * 15 * second, seed: 0)
        let delay = schedule.firstDelayNanos(unixNanos: startSeconds * 1_000_000_000)
        #expect(delay < 15 * second)
        #expect((UInt64(startSeconds) * second + delay) % (15 * second) == 7 * second)
    }

    @Test("another seed spreads the same target elsewhere")
    func seeds() {
        let places = Set((0..<16).map { ScrapeSchedule(interval: .seconds(15), identity: 12345, seed: UInt64($0) &* 0x9E37_79B9_7F4A_7C15).firstDelayNanos(unixNanos: 0) })
        #expect(places.count == 16)
    }

    @Test("timestamps stand exactly an interval apart while scrapes are at most 2 ms late, and tell the truth otherwise")
    func alignment() {
        var schedule = ScrapeSchedule(interval: .seconds(15), identity: 0, seed: 0)
        let start: Int64 = 1_700_000_000_000_000_000
        func begin(_ millis: Int64, micros: Int64 = 0) -> Int64 {
            let nanos = millis * 1_000_000 + micros * 1000
            return schedule.begin(unixNanos: start + nanos, monotonicNanos: UInt64(nanos)) - start / 1_000_000
        }
        #expect(begin(0) == 0)
        #expect(begin(15_000, micros: 1900) == 15_000)
        #expect(begin(30_002) == 30_000)
        #expect(begin(45_003) == 45_003)
        #expect(begin(59_999) == 59_999)
        #expect(begin(150_001) == 150_000)
    }

    @Test("a short interval is aligned within a hundredth of it")
    func shortInterval() {
        var schedule = ScrapeSchedule(interval: ModelDuration(millis: 100), identity: 0, seed: 0)
        _ = schedule.begin(unixNanos: 0, monotonicNanos: 0)
        #expect(schedule.begin(unixNanos: 101_000_000, monotonicNanos: 101_000_000) == 100)
        #expect(schedule.begin(unixNanos: 201_500_000, monotonicNanos: 201_500_000) == 201)
    }

    @Test("a wall clock that is set back starts anew instead of repeating a timestamp")
    func clockSetBack() {
        var schedule = ScrapeSchedule(interval: .seconds(15), identity: 0, seed: 0)
        #expect(schedule.begin(unixNanos: 1_000_000_000_000, monotonicNanos: 0) == 1_000_000)
        #expect(schedule.begin(unixNanos: 500_000_000_000, monotonicNanos: 15 * second) == 500_000)
        #expect(schedule.begin(unixNanos: 515_000_000_000, monotonicNanos: 30 * second) == 515_000)
    }

    @Test("scrapes follow the ticks since the first; of missed ones one is made up for")
    func ticks() {
        var schedule = ScrapeSchedule(interval: .seconds(15), identity: 0, seed: 0)
        _ = schedule.begin(unixNanos: 0, monotonicNanos: 100 * second)
        #expect(schedule.delayNanos(monotonicNanos: 101 * second) == 14 * second)
        #expect(schedule.delayNanos(monotonicNanos: 115 * second + 5) == 15 * second - 5)
        // The scrape at 130 took until 170: the tick at 160 was kept, the one at 145 was not.
        #expect(schedule.delayNanos(monotonicNanos: 170 * second) == 0)
        #expect(schedule.delayNanos(monotonicNanos: 170 * second) == 5 * second)
    }
}
