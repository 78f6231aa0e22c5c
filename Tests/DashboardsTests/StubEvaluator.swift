import Dashboards
import MetricModel
import Synchronization

/// Answers by hand what is asked, and remembers it.
final class StubEvaluator: PanelEvaluator {
    struct Call: Sendable, Equatable {
        var expression: String
        var start: Int64
        var end: Int64
        /// 0 for an instant query.
        var step: Int64 = 0
    }

    private let answers: [String: PanelAnswer]
    private let log = Mutex<[Call]>([])

    init(_ answers: [String: PanelAnswer]) { self.answers = answers }

    var calls: [Call] { log.withLock { $0 } }

    private func answer(_ call: Call) throws(DashboardsError) -> PanelAnswer {
        log.withLock { $0.append(call) }
        guard let answer = answers[call.expression] else { throw .evaluation(type: "bad_data", reason: "1:1: parse error: unexpected \(call.expression)") }
        return answer
    }

    func instant(_ expression: String, atMillis: Int64) async throws(DashboardsError) -> PanelAnswer { try answer(Call(expression: expression, start: atMillis, end: atMillis)) }

    func range(_ expression: String, startMillis: Int64, endMillis: Int64, stepMillis: Int64) async throws(DashboardsError) -> PanelAnswer {
        try answer(Call(expression: expression, start: startMillis, end: endMillis, step: stepMillis))
    }
}

func series(_ labels: KeyValuePairs<String, String>, _ samples: [(Int64, Double)]) -> PanelSeries {
    PanelSeries(labels: Labels(labels), times: samples.map(\.0), values: samples.map(\.1))
}
