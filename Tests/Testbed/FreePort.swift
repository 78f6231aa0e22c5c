#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

struct NoPortIsFree: Error {}

/// A port of this machine on which nobody listened a moment ago.
package func freePort() throws -> Int {
    let descriptor = Loopback.socket()
    defer { close(descriptor) }
    let (isBound, port) = Loopback.withAddress { address, length in bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0 }
    guard isBound else { throw NoPortIsFree() }
    return port
}
