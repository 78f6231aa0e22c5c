import Synchronization

/// The door at which the metrics of this process are scraped: a thread that accepts, and one for each connection.
final class MetricsServer: Sendable {
    /// Connections served at once; a further one is closed at once.
    static let connectionsMax = 16
    /// A connection that says nothing for so long is closed.
    static let idleSeconds = 60.0

    private struct State {
        /// Held by the accepting thread as well, which closes it when it ends.
        var listener: TCPSocket?
        var connections: [ObjectIdentifier: TCPSocket] = [:]
        var isStopping: Bool { listener == nil }
    }

    private let host: String
    let port: Int
    private let families: @Sendable () -> [FamilySnapshot]
    private let state: Mutex<State>
    private let hasEnded = GuardedState(false)

    /// Binds at once; port 0 takes a free one. `families` is called on the server's threads.
    init(host: String, port: Int, families: @escaping @Sendable () -> [FamilySnapshot]) throws(TCPSocket.Failure) {
        let listener = try TCPSocket.listening(host: host, port: port)
        (self.host, self.port, self.families) = (host, listener.port, families)
        state = Mutex(State(listener: listener))
        guard BackgroundThread.start({ self.run() }) else { throw TCPSocket.Failure("no thread can be had to serve metrics") }
    }

    /// Where to scrape.
    var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/metrics" }

    /// Stops serving and gives the port back. Blocks for a moment.
    func close() {
        shutDown()
        #if canImport(Darwin)
        // There shutting down does not wake who accepts; a connection does.
        _ = try? TCPSocket.connected(host: ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host, port: port, withinSeconds: 1)
        #endif
        hasEnded.wait(atMost: 1, until: { $0 }, then: { _ in })
    }

    private func shutDown() {
        let sockets = state.withLock { state in
            defer { state.listener = nil }
            return state.connections.values + [state.listener].compactMap { $0 }
        }
        for socket in sockets { socket.shutDown() }
    }

    private func run() {
        // The port is free when nobody holds the listener any more, which is when this has returned.
        accept()
        hasEnded.withLock { $0 = true }
        hasEnded.signal()
    }

    private func accept() {
        guard let listener = state.withLock({ $0.listener }) else { return }
        while true {
            guard listener.awaitInput(seconds: 3_600) else { continue }
            let connection = listener.accepted()
            let mayServe = state.withLock { state in
                guard !state.isStopping, let connection, state.connections.count < Self.connectionsMax else { return false }
                state.connections[ObjectIdentifier(connection)] = connection
                return true
            }
            if state.withLock({ $0.isStopping }) { return }
            guard let connection else {
                // Out of file descriptors: asking again at once would only burn the processor.
                hasEnded.wait(atMost: 0.1, until: { _ in false }, then: { _ in })
                continue
            }
            if mayServe, !BackgroundThread.start({ self.serve(connection) }) { forget(connection) }
        }
    }

    private func serve(_ connection: TCPSocket) {
        connection.setTimeout(seconds: Self.idleSeconds)
        var reader = HTTPReader(connection)
        // A scraper that goes away, or says what is not HTTP, is no news.
        while let head = try? reader.head(max: 16_384), let keeps = try? answer(head, over: connection), keeps {}
        forget(connection)
    }

    private func forget(_ connection: TCPSocket) {
        connection.shutDown()
        state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    /// Answers one request; whether the connection may be used again.
    private func answer(_ head: HTTPReader.Head, over connection: TCPSocket) throws(TCPSocket.Failure) -> Bool {
        guard head.line.count == 3, head.line[2].hasPrefix("HTTP/1.") else { return false }
        let path = head.line[1].prefix { $0 != "?" }
        let hasBody = head.fields["content-length", default: "0"] != "0" || head.fields["transfer-encoding"] != nil
        let format = ExpositionFormat(accept: head.fields["accept"] ?? "")
        let (status, contentType, body): (String, String, [UInt8]) = switch (head.line[0], path) {
        case ("GET", "/metrics"), ("HEAD", "/metrics"): ("200 OK", format.contentType, format.render(families()))
        case ("GET", "/"), ("HEAD", "/"): ("200 OK", "text/plain; charset=utf-8", Array("The metrics of this application are at /metrics.\n".utf8))
        case ("GET", _), ("HEAD", _): ("404 Not Found", "text/plain; charset=utf-8", Array("There is /metrics here.\n".utf8))
        default: ("405 Method Not Allowed", "text/plain; charset=utf-8", Array("Metrics are asked for with GET.\n".utf8))
        }
        let keeps = !hasBody && head.fields["connection"]?.lowercased() != "close" && head.line[2] != "HTTP/1.0"
        var answer = "HTTP/1.1 \(status)\r\nContent-Type: \(contentType)\r\nContent-Length: \(body.count)\r\nVary: Accept\r\n"
        if status.hasPrefix("405") { answer += "Allow: GET, HEAD\r\n" }
        if !keeps { answer += "Connection: close\r\n" }
        try connection.write(Array((answer + "\r\n").utf8) + (head.line[0] == "HEAD" ? [] : body))
        return keeps
    }
}
