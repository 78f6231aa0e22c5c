import Dispatch
import Glibc
import Logging
import ServiceLifecycle

/// SIGHUP reloads. SIGTERM and SIGINT drain; the second of them ends the process at once.
final class SignalService: Service, Sendable {
    private let reload: @Sendable () async -> Void
    private let drain: @Sendable () async -> Void
    private let logger: Logger

    init(reload: @escaping @Sendable () async -> Void, drain: @escaping @Sendable () async -> Void, logger: Logger) {
        self.reload = reload
        self.drain = drain
        self.logger = logger
    }

    func run() async throws {
        let (signals, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(16))
        let queue = DispatchQueue(label: "signals")
        let sources = [SIGHUP, SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
        // First of its group, so the last to be told to go: by then every other service has drained.
        var ending = false
        await withTaskCancellationOrGracefulShutdownHandler {
            for await number in signals {
                if number == SIGHUP {
                    await reload()
                } else if ending {
                    logger.warning("a second signal: ending at once")
                    _exit(130)
                } else {
                    ending = true
                    logger.info("draining; a second signal ends at once")
                    await drain()
                }
            }
        } onCancelOrGracefulShutdown: {
            continuation.finish()
        }
        for source in sources { source.cancel() }
    }
}
