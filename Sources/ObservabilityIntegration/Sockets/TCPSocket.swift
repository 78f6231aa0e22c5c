#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A TCP socket that blocks, for the threads that serve metrics and send spans. Closed when nobody holds it any more.
final class TCPSocket: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
        /// Whether the other side may still be at it.
        var isTimeout = false

        init(_ doing: String, code: Int32) { description = "\(doing): \(String(cString: strerror(code)))" }

        init(_ description: String, isTimeout: Bool = false) { (self.description, self.isTimeout) = (description, isTimeout) }
    }

    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = closeDescriptor(descriptor) }

    /// Listens on an address of this machine; port 0 takes a free one.
    static func listening(host: String, port: Int) throws(Failure) -> TCPSocket {
        var failure = Failure("\(host) is no address")
        for address in try addresses(host, port, flags: AI_PASSIVE) {
            let made = TCPSocket(socket(address.family, streamType, 0))
            guard made.descriptor >= 0 else {
                failure = Failure("socket", code: errno)
                continue
            }
            var yes: Int32 = 1
            setsockopt(made.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            if address.with({ bind(made.descriptor, $0, $1) }) == 0, listen(made.descriptor, 64) == 0 {
                made.prepare()
                return made
            }
            failure = Failure("port \(port) of \(host)", code: errno)
        }
        throw failure
    }

    /// Connects within so many seconds.
    static func connected(host: String, port: Int, withinSeconds seconds: Double) throws(Failure) -> TCPSocket {
        var failure = Failure("\(host) is no address")
        for address in try addresses(host, port, flags: 0) {
            let made = TCPSocket(socket(address.family, streamType, 0))
            guard made.descriptor >= 0 else {
                failure = Failure("socket", code: errno)
                continue
            }
            made.prepare()
            let flags = fcntl(made.descriptor, F_GETFL)
            _ = fcntl(made.descriptor, F_SETFL, flags | O_NONBLOCK)
            var code = address.with { connect(made.descriptor, $0, $1) } == 0 ? 0 : errno
            if code == EINPROGRESS { code = made.awaitConnection(seconds) }
            guard code == 0 else {
                failure = Failure("\(host):\(port)", code: code)
                continue
            }
            _ = fcntl(made.descriptor, F_SETFL, flags)
            return made
        }
        throw failure
    }

    /// The port of this machine that it is bound to.
    var port: Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let family = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 ? Int32($0.pointee.sa_family) : 0 }
        }
        return withUnsafePointer(to: &storage) { pointer in
            // IPv4 and IPv6 have the port at the same place.
            family == 0 ? 0 : pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        }
    }

    /// The next connection; nil when there is none to be had, as after `shutDown`.
    func accepted() -> TCPSocket? {
        while true {
            let taken = accept(descriptor, nil, nil)
            if taken >= 0 {
                let made = TCPSocket(taken)
                made.prepare()
                return made
            }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// Whether there is a connection, or something to read, or the other end of it, within so many seconds.
    func awaitInput(seconds: Double) -> Bool {
        var interest = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&interest, 1, Int32(seconds * 1_000)) > 0
    }

    /// Bounds how long reading and writing may wait.
    func setTimeout(seconds: Double) {
        let bounded = min(max(seconds, 0.001), 1e6)
        var limit = timeval()
        limit.tv_sec = time_t(bounded)
        limit.tv_usec = .init((bounded - bounded.rounded(.down)) * 1e6)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] { setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size)) }
    }

    /// Appends what is there to `buffer`; false where the other side has ended.
    func read(into buffer: inout [UInt8]) throws(Failure) -> Bool {
        var failed: Failure?
        var count = 0
        let before = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: 16_384))
        buffer.withUnsafeMutableBytes { bytes in
            repeat { count = recv(descriptor, bytes.baseAddress! + before, 16_384, 0) } while count < 0 && errno == EINTR
            if count < 0 { failed = errno == EAGAIN || errno == EWOULDBLOCK ? Failure("no answer in time", isTimeout: true) : Failure("reading", code: errno) }
        }
        buffer.removeLast(16_384 - max(count, 0))
        if let failed { throw failed }
        return count > 0
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        var failed: Failure?
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, noSignal)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    failed = errno == EAGAIN || errno == EWOULDBLOCK ? Failure("nothing was taken in time", isTimeout: true) : Failure("writing", code: errno)
                    return
                }
                sent += count
            }
        }
        if let failed { throw failed }
    }

    /// Ends the conversation: whoever reads or writes here, on whatever thread, goes on at once.
    func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func prepare() {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        #if canImport(Darwin)
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    /// 0, or what became of a connection that was begun.
    private func awaitConnection(_ seconds: Double) -> Int32 {
        var interest = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&interest, 1, Int32(min(max(seconds, 0), 1e6) * 1_000)) > 0 else { return ETIMEDOUT }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }

    // MARK: - Addresses

    private struct Address {
        let family: Int32
        var storage: sockaddr_storage
        let length: socklen_t

        func with(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
            withUnsafePointer(to: storage) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) } }
        }
    }

    private static func addresses(_ host: String, _ port: Int, flags: Int32) throws(Failure) -> [Address] {
        guard (0...65_535).contains(port) else { throw Failure("\(port) is no port") }
        var hints = addrinfo()
        hints.ai_socktype = streamType
        hints.ai_flags = flags
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0, let found else { throw Failure("\(host): \(String(cString: gai_strerror(status)))") }
        defer { freeaddrinfo(found) }
        var all: [Address] = []
        for entry in sequence(first: found, next: { $0.pointee.ai_next }) {
            guard let address = entry.pointee.ai_addr, entry.pointee.ai_addrlen <= MemoryLayout<sockaddr_storage>.size else { continue }
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(entry.pointee.ai_addrlen))) }
            all.append(Address(family: entry.pointee.ai_family, storage: storage, length: entry.pointee.ai_addrlen))
        }
        return all
    }
}

#if canImport(Darwin)
private let streamType = SOCK_STREAM
private let noSignal: Int32 = 0
private func closeDescriptor(_ descriptor: Int32) -> Int32 { Darwin.close(descriptor) }
#else
private let streamType = Int32(SOCK_STREAM.rawValue)
private let noSignal = Int32(MSG_NOSIGNAL)
private func closeDescriptor(_ descriptor: Int32) -> Int32 { Glibc.close(descriptor) }
#endif
