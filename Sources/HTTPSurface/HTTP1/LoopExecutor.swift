import NIOCore

/// Runs a request's task where its connection lives, so that nobody must be woken before the handler has something to wait for.
///
/// Whatever runs here keeps the loop's other connections waiting: only handlers that soon go elsewhere to compute belong here.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
