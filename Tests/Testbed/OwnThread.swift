import Platform
import Synchronization
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A thread of its own for a test that computes long.
///
/// A small machine has two cooperative threads. A test that keeps one makes all others wait that came for an answer, and those that look
/// at a clock then see more time go by than there was.
package final class OwnThread: TaskExecutor {
    private struct Work {
        var jobs: [UnownedJob] = []
        var isOver = false
    }

    private let work = Condition(Work())

    /// Threads that yield, and who waits for one of them to end.
    private struct Yielding {
        var count = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let yielding = Mutex(Yielding())
    /// More would take memory, and finish no sooner.
    private static let yieldingMax = 4

    private init() {}

    /// Runs `body`, and every asynchronous function that it calls and that belongs to no actor, on a thread that is there for it alone.
    ///
    /// - Parameter yields: whether the thread, and every program started from it, comes behind all others; then it waits while four such
    ///   are at work, so no such `body` may call this again.
    package static func run<T>(yields: Bool = true, _ body: () async throws -> T) async throws -> T {
        if yields { await begin() }
        defer { if yields { end() } }
        let executor = OwnThread()
        _ = try WorkerThread(name: "test") {
            #if os(Linux)
            // Of the calling thread alone.
            if yields { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }
            #endif
            executor.loop()
        }
        defer {
            executor.work.withLock { $0.isOver = true }
            executor.work.signalAll()
        }
        return try await withTaskExecutorPreference(executor, operation: body)
    }

    private static func begin() async {
        await withCheckedContinuation { continuation in
            let mayBegin = yielding.withLock { yielding in
                let isFree = yielding.count < yieldingMax
                if isFree { yielding.count += 1 } else { yielding.waiting.append(continuation) }
                return isFree
            }
            if mayBegin { continuation.resume() }
        }
    }

    private static func end() {
        let next = yielding.withLock { yielding in
            if yielding.waiting.isEmpty {
                yielding.count -= 1
                return CheckedContinuation<Void, Never>?.none
            }
            return yielding.waiting.removeFirst()
        }
        next?.resume()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        work.withLock { $0.jobs.append(job) }
        work.signalOne()
    }

    private func loop() {
        while true {
            let (jobs, isOver) = work.wait(until: { !$0.jobs.isEmpty || $0.isOver }) { work in
                defer { work.jobs = [] }
                return (work.jobs, work.isOver)
            }
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
            if isOver { return }
        }
    }
}

/// A number in the environment, for tests that can be told to look longer.
package func environmentNumber(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
