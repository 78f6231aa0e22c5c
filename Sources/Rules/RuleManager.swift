import Logging
import MetricModel
import MetricStore
import Platform
import PromQL
import Synchronization

/// Evaluates groups of rules at their times: writes what recording rules compute, and tells of alerts.
///
/// Groups come from several sources, each of which replaces its own. `setGroups` and `set` may be called at any time, before `run` too;
/// `run` does all the work and returns when its task is cancelled, without ending any series: whoever starts next goes on with them.
package final class RuleManager: Sendable {
    /// Who keeps a set of groups.
    package enum Source: Int, Sendable, CaseIterable {
        /// The rule files that the configuration names.
        case files
        /// Alert rules made over Grafana's API.
        case grafana
        /// Rules that service levels were compiled to.
        case serviceLevels
    }

    private struct Key: Hashable {
        let source: Source
        let group: String
    }

    private struct State {
        var loops: [Key: GroupLoop] = [:]
        /// Sources that have set their groups once: what comes later was not there before the restart.
        var known: Set<Source> = []
        /// Loops that `run` is to start.
        var pending: [GroupLoop] = []
    }

    private let state: Mutex<State>
    private let surroundings: GroupLoop.Surroundings
    private let changes: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// - Parameter notify: gets the alerts that are due to be sent, resolved ones included, a rule's at a time; it must not take long.
    package init(
        engine: QueryEngine, reader: any MetricReader, writer: any MetricWriter, blocking: BlockingPool, clock: any TimeSource = SystemClock(), options: Options = Options(),
        logger: Logger, notify: @escaping @Sendable ([RaisedAlert]) async -> Void
    ) {
        let shared = SharedSettings()
        var evaluator = GroupEvaluator(engine: engine, writer: writer, clock: clock, tally: RuleTally(), logger: logger)
        evaluator.notify = notify
        evaluator.resendDelayMillis = options.resendDelayMillis
        settings = shared
        surroundings = GroupLoop.Surroundings(
            evaluator: evaluator, reader: reader, blocking: blocking, gate: EvaluationGate(options.concurrentGroupsMax), options: options, settings: { shared.value.withLock { $0 } })
        state = Mutex(State())
        (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private final class SharedSettings: Sendable {
        let value = Mutex(RuleSettings())
    }

    private let settings: SharedSettings

    /// What all groups share from their next evaluation on.
    package func set(_ settings: RuleSettings) { self.settings.value.withLock { $0 = settings } }

    /// Replaces the groups of one source. A group that is the same as before runs on; one that changed goes on with the series and alerts of
    /// the rules that it still has; the series of one that is gone end. Of two groups with one file and name the later counts.
    package func setGroups(_ groups: [RuleGroup], from source: Source) {
        let keys = state.withLock { state in
            let isFirst = state.known.insert(source).inserted
            let wanted = Dictionary(groups.map { (Key(source: source, group: $0.key), $0) }) { $1 }
            for (key, loop) in state.loops where key.source == source && wanted[key] == nil {
                loop.remove()
                state.loops[key] = nil
            }
            for (key, group) in wanted {
                let earlier = state.loops[key]
                if earlier?.group == group { continue }
                earlier?.stop.stop()
                let loop = GroupLoop(group, surroundings, isRestored: !isFirst, after: earlier)
                state.loops[key] = loop
                state.pending.append(loop)
            }
            return Set(state.loops.keys.map(\.group))
        }
        surroundings.tally.keep(keys)
        signal.yield()
    }

    package func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in changes {
                let loops = state.withLock { state in
                    defer { state.pending = [] }
                    return state.pending
                }
                for loop in loops { group.addTask { await loop.run() } }
            }
            group.cancelAll()
        }
    }

    /// How all groups stand, in the order of their files and names.
    package var groups: [GroupState] {
        state.withLock { Array($0.loops) }.sorted {
            ($0.value.group.file, $0.value.group.name, $0.key.source.rawValue) < ($1.value.group.file, $1.value.group.name, $1.key.source.rawValue)
        }.map(\.value.state)
    }

    /// The `prometheus_rule_…` metrics.
    package func metricFamilies() -> [MetricFamily] { surroundings.tally.families(groups) }
}
