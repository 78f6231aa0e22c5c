import Bytes
import MetricFormats
import MetricModel
import RemoteStores
import Synchronization

/// A receiver that takes what Prometheus takes: of each series rising times, the last one again, and of a request all or nothing.
final class FakeReceiver: Sendable {
    enum Manner: Sendable {
        case takes, isAway, answers(status: Int)
        /// Takes what it gets, and breaks off before it says so.
        case takesSilently
    }

    private struct State {
        var manner: @Sendable (Int) -> Manner
        var requests = 0
        var samples: [String: [Int64]] = [:]
        var refused = 0
        var isOutOfOrder = false
        var metadata: Set<String> = []
        var clients = 0
    }

    private let state: Mutex<State>

    /// - Parameter manner: what becomes of the request of a number, from 0.
    init(_ manner: @escaping @Sendable (Int) -> Manner = { _ in .takes }) { state = Mutex(State(manner: manner)) }

    /// By series, in the order in which they came.
    var samples: [String: [Int64]] { state.withLock { $0.samples } }
    var count: Int { state.withLock { $0.samples.values.reduce(0) { $0 + $1.count } } }
    var requests: Int { state.withLock { $0.requests } }
    var refused: Int { state.withLock { $0.refused } }
    var metadata: Set<String> { state.withLock { $0.metadata } }
    var clients: Int { state.withLock { $0.clients } }
    func behave(_ manner: @escaping @Sendable (Int) -> Manner) { state.withLock { $0.manner = manner } }

    /// A client that can be cut off.
    func client() -> Client {
        state.withLock { $0.clients += 1 }
        return Client(receiver: self)
    }

    final class Client: RemoteTransport {
        private let receiver: FakeReceiver
        private let isCut = Mutex(false)

        init(receiver: FakeReceiver) { self.receiver = receiver }

        /// From now on nothing comes through, in either direction.
        func cut() { isCut.withLock { $0 = true } }

        func post(_ body: [UInt8], _ headers: [RemoteHTTPOptions.Header]) async -> RemoteAnswer {
            if isCut.withLock({ $0 }) { return .cancelled }
            return receiver.take(body)
        }

        func close() async {}
    }

    private func take(_ body: [UInt8]) -> RemoteAnswer {
        state.withLock { state in
            let manner = state.manner(state.requests)
            state.requests += 1
            switch manner {
            case .isAway: return .failed("connection refused")
            case .answers(let status): return .answered(status: status, message: "as told", retryAfterSeconds: nil)
            case .takes, .takesSilently: break
            }
            guard let message = try? Compression.snappy.decompress(body, limit: 64 << 20), let batch = try? RemoteWriteRequest.decode(message).batch else {
                return .answered(status: 400, message: "cannot be decoded", retryAfterSeconds: nil)
            }
            for (family, _) in batch.metadata { state.metadata.insert(family) }
            var samples = state.samples
            for series in batch.series {
                let key = String(decoding: batch.arena[series.keyOffset..<series.keyOffset + series.keyLength], as: UTF8.self)
                for row in series.samples {
                    let (time, last) = (batch.timestamps[row], samples[key]?.last ?? .min)
                    if time == last { continue }
                    guard time > last else {
                        state.refused += 1
                        return .answered(status: 400, message: "out of order sample", retryAfterSeconds: nil)
                    }
                    samples[key, default: []].append(time)
                }
            }
            state.samples = samples
            if case .takesSilently = manner { return .failed("connection reset by peer") }
            return .answered(status: 204, message: "", retryAfterSeconds: nil)
        }
    }
}
