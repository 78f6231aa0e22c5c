import MetricModel
import RemoteStores
import Testbed
import Testing

@Suite("What remote write sends together")
struct SendPlanTests {
    @Test("every row is in one request, a series' rows are one shard's and in order, and no request is larger than it may be", arguments: [(1, 1), (3, 7), (8, 100), (50, 2000)])
    func cutting(shards: Int, rowsMax: Int) {
        var generator = SeededGenerator(UInt64(shards * 1000 + rowsMax))
        var rows: [FakeCommits.Row] = []
        for time in 0..<2_000 { rows.append(.init(series: Int.random(in: 0..<60, using: &generator), time: Int64(time))) }
        let batch = FakeCommits.batch(rows)
        let plan = SendPlan([batch, batch], shards: shards, rowsPerRequestMax: rowsMax)
        #expect(plan.shards.count == shards)
        for index in 0..<2 {
            var times: [Int: [Int64]] = [:]
            var owner: [Int: Int] = [:]
            for (shard, requests) in plan.shards.enumerated() {
                for request in requests where request.batch == index {
                    #expect(request.count <= rowsMax && request.count > 0 && request.count == request.pieces.reduce(0) { $0 + $1.count })
                    for piece in request.pieces {
                        #expect(owner[piece.series] ?? shard == shard)
                        owner[piece.series] = shard
                        times[piece.series, default: []] += piece.samples.map { batch.timestamps[$0] }
                    }
                }
            }
            for (series, entry) in batch.series.enumerated() { #expect(times[series] == entry.samples.map { batch.timestamps[$0] }) }
        }
        #expect(SendPlan([batch, batch], shards: shards, rowsPerRequestMax: rowsMax).shards == plan.shards)
    }

    @Test("samples and histograms of one series alternate by their time, exemplars come last, and what is not sent is left out")
    func kinds() {
        func histogram(_ time: Int64) -> SampleBatch.HistogramRow { .init(series: 0, timestamp: time, histogram: .staleMarker(isFloat: false)) }
        var batch = FakeCommits.batch([1, 2, 5, 9].map { .init(series: 0, time: $0) })
        batch.histograms = [3, 4, 6].map(histogram)
        batch.exemplars = [.init(series: 0, exemplar: Exemplar(labels: .empty, value: 1, timestamp: 9, hasTimestamp: true))]
        let pieces = SendPlan([batch], shards: 1, rowsPerRequestMax: 100).shards[0].flatMap(\.pieces)
        let order = pieces.flatMap { $0.samples.map { batch.timestamps[$0] } + $0.histograms.map { batch.histograms[$0].timestamp } }
        #expect(order == [1, 2, 3, 4, 5, 6, 9])
        #expect(pieces.map(\.exemplars) == [[], [], [], [], [0]])
        let floats = SendPlan([batch], shards: 1, rowsPerRequestMax: 100, sendsHistograms: false, sendsExemplars: false).shards[0].flatMap(\.pieces)
        #expect(floats.map(\.samples) == [0..<4] && floats.allSatisfy { $0.histograms.isEmpty && $0.exemplars.isEmpty })
        #expect(SendPlan([batch], shards: 1, rowsPerRequestMax: 2).shards[0].map(\.count) == [2, 2, 2, 2])
    }

    @Test("a round has as many shards as it has capacities, within the bounds")
    func shards() {
        var options = RemoteWriteOptions.Queue()
        options.capacity = 100
        options.shardsMin = 2
        options.shardsMax = 5
        #expect([0, 1, 200, 201, 450, 10_000].map { SendPlan.shardCount(rows: $0, options) } == [2, 2, 2, 3, 5, 5])
    }
}
