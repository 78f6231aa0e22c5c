/// A few threads for work that blocks on the disk, so that the cooperative pool never does.
///
/// Calls beyond the number of threads wait their turn, first come, first served; how many can wait is bounded by how many tasks
/// call. Work that was taken is finished even when the caller is cancelled meanwhile.
package final class BlockingPool: Sendable {
    private struct Queue {
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var isClosed = false

        var isEmpty: Bool { head == jobs.count }

        mutating func removeFirst() -> @Sendable () -> Void {
            let job = jobs[head]
            head += 1
            if head == jobs.count {
                jobs.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 1024 {
                jobs.removeFirst(head)
                head = 0
            }
            return job
        }
    }

    private let queue = Condition(Queue())
    private let threads: [WorkerThread]

    /// Starts the threads. They end with `close`, or when the pool is released and nothing waits.
    package init(name: String = "blocking", threads count: Int = 2) throws(PlatformError) {
        precondition(count > 0)
        let queue = queue
        var started: [WorkerThread] = []
        do throws(PlatformError) {
            for _ in 0..<count { started.append(try WorkerThread(name: name) { Self.work(queue) }) }
        } catch {
            queue.withLock { $0.isClosed = true }
            queue.signalAll()
            throw error
        }
        threads = started
    }

    deinit {
        queue.withLock { $0.isClosed = true }
        queue.signalAll()
    }

    private static func work(_ queue: Condition<Queue>) {
        while let job = queue.wait(until: { !$0.isEmpty || $0.isClosed }, then: { $0.isEmpty ? nil : $0.removeFirst() }) { job() }
    }

    /// Runs `body` on one of the threads and returns what it does. Must not be called after `close`.
    package func run<T: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> T) async throws(E) -> T {
        let result: Result<T, E> = await withCheckedContinuation { continuation in
            queue.withLock { queue in
                precondition(!queue.isClosed, "a closed BlockingPool was asked to work")
                queue.jobs.append {
                    do throws(E) { continuation.resume(returning: .success(try body())) } catch { continuation.resume(returning: .failure(error)) }
                }
            }
            queue.signalOne()
        }
        return try result.get()
    }

    /// Finishes what waits and ends the threads. Blocks until they have ended; not to be called from one of them.
    package func close() {
        queue.withLock { $0.isClosed = true }
        queue.signalAll()
        for thread in threads { thread.join() }
    }
}
