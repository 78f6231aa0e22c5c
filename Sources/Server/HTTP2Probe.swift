import Glibc

/// Whether somebody at a port speaks HTTP/2 without TLS: sends the client preface (RFC 9113, 3.4) and reads one frame header.
struct HTTP2Probe: Sendable {
    let address: String
    let port: Int
    let timeoutSeconds: Int

    /// What is wrong, or nil. Blocks for at most twice the timeout: call it off the cooperative pool.
    func failure() -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(address, String(port), &hints, &found)
        guard status == 0, let found else { return String(cString: gai_strerror(status)) }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, found.pointee.ai_socktype, found.pointee.ai_protocol)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else { return "not reachable" }
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
        guard send(descriptor, preface, preface.count, Int32(MSG_NOSIGNAL)) == preface.count else { return "does not take the HTTP/2 preface" }
        var header = [UInt8](repeating: 0, count: 9)
        guard recv(descriptor, &header, header.count, Int32(MSG_WAITALL)) == header.count else { return "did not answer within \(timeoutSeconds) s" }
        return header[3] == 4 ? nil : "does not speak HTTP/2"
    }
}
