#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// TCP within this machine, for tests that speak to programs byte by byte.
package enum Loopback {
    /// A socket that the caller closes.
    package static func socket() -> Int32 {
        #if canImport(Darwin)
        Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #else
        Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
    }

    /// Calls `body` with this machine's address and a port, 0 for any, and with its length; `body` may change both.
    package static func withAddress<R>(port: Int = 0, _ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> R) -> (result: R, port: Int) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
        return (result, Int(in_port_t(bigEndian: address.sin_port)))
    }
}
