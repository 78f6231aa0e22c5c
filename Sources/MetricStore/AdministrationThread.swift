import Platform
import Synchronization

/// The thread for what an administrator asks, which is seldom: made when it is first needed, ended with the store.
final class AdministrationThread: Sendable {
    private let made = Mutex<BlockingPool?>(nil)

    func pool() throws(PlatformError) -> BlockingPool {
        try made.withLock { made throws(PlatformError) in
            if let pool = made { return pool }
            let pool = try BlockingPool(name: "administration", threads: 1)
            made = pool
            return pool
        }
    }
}
