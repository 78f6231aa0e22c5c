#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Dispatch
import Synchronization

/// Ctrl-C and SIGTERM as something to be asked for. A second one ends the process at once.
final class Interruption: Sendable {
    private let requests = Atomic<Int>(0)
    // SAFETY: written only by `listen`, which is called once, before anybody else knows this object; kept for its lifetime.
    nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []

    /// Whether the process was asked to end.
    var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

    func request() {
        if requests.add(1, ordering: .relaxed).oldValue > 0 { exit(130) }
    }

    /// Takes SIGINT and SIGTERM over from the system's default.
    func listen() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { [self] in request() }
            source.resume()
            sources.append(source)
        }
    }
}
