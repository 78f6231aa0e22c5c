#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A thread of our own, for work that blocks.
package struct WorkerThread: @unchecked Sendable {
    // SAFETY: a thread's number, which is a plain value; joined once, by the owner.
    #if canImport(Darwin)
    private let thread: pthread_t?
    #else
    private let thread: pthread_t
    #endif

    private final class Body {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a thread that runs `body` and ends. Of `name` the system keeps 15 bytes.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(PlatformError) {
        let context = Unmanaged.passRetained(Body(name: String(name.prefix(15)), run: body))
        #if canImport(Darwin)
        var started: pthread_t?
        let status = pthread_create(&started, nil, { context in
            let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
            pthread_setname_np(body.name)
            body.run()
            return nil
        }, context.toOpaque())
        #else
        var started = pthread_t()
        let status = pthread_create(&started, nil, { context in
            guard let context else { return nil }
            let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
            let comm = openDescriptor("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            if comm >= 0 {
                _ = body.name.utf8.withContiguousStorageIfAvailable { write(comm, $0.baseAddress, $0.count) }
                _ = closeDescriptor(comm)
            }
            body.run()
            return nil
        }, context.toOpaque())
        #endif
        guard status == 0 else {
            context.release()
            throw .io(path: name, operation: "start thread", code: status)
        }
        thread = started
    }

    /// Blocks until the thread has ended. To be called once.
    package func join() {
        #if canImport(Darwin)
        if let thread { pthread_join(thread, nil) }
        #else
        pthread_join(thread, nil)
        #endif
    }
}
