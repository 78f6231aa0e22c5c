import Glibc

/// Tries every port before anything is opened, so that a port in use leaves nothing half-started.
enum PortProbe {
    /// A port that cannot be had, and why.
    struct Unavailable: Error, CustomStringConvertible {
        let door: DoorName
        let address: String
        let port: Int
        let reason: String
        var description: String {
            "\(door.title) cannot listen on \(address):\(port): \(reason); move it with --\(door.flag) or \(door.environmentVariable), 0 takes a free port"
        }
    }

    static func check(_ options: ServerOptions) throws(Unavailable) {
        var seen: [Int: DoorName] = [:]
        for door in options.openDoors {
            let (port, address) = (options.port(door), options.address(door))
            guard port != 0 else { continue }
            if let other = seen[port] {
                throw Unavailable(door: door, address: address, port: port, reason: "\(other.title) is to listen there too")
            }
            seen[port] = door
            if let reason = bindFailure(address, port) {
                throw Unavailable(door: door, address: address, port: port, reason: reason)
            }
        }
    }

    /// Why `address:port` cannot be bound; nil when it can.
    private static func bindFailure(_ address: String, _ port: Int) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(address, String(port), &hints, &found)
        guard status == 0, let found else { return String(cString: gai_strerror(status)) }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, found.pointee.ai_socktype, found.pointee.ai_protocol)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0, listen(descriptor, 1) == 0 else {
            return errno == EADDRINUSE ? "the port is in use" : String(cString: strerror(errno)).lowercased()
        }
        return nil
    }
}
