import AsyncHTTPClient
import Bytes
import Dispatch
import NIOCore
import NIOSSL

/// Asks every door of a running stack whether it serves: what `obstack check` prints.
package struct HealthCheck: Sendable {
    package struct Finding: Sendable {
        package let door: DoorName
        package let authority: String
        package let isHealthy: Bool
        /// "healthy", or in words why not.
        package let state: String
        package let latencyMillis: Double
    }

    private let address: String
    private let ports: [DoorName: Int]
    private let doors: [DoorName]
    private let addresses: [DoorName: String]
    private let prometheus: ClientAccess
    private static let timeoutSeconds: Int64 = 3

    /// `address` is where the stack listens, `addresses` where single doors do instead; a wildcard is asked on the loopback.
    /// `prometheus` says what 9090 asks for. Without `doors` all are asked.
    package init(address: String, ports: [DoorName: Int], addresses: [DoorName: String] = [:], doors: [DoorName] = DoorName.allCases, prometheus: ClientAccess = ClientAccess()) {
        self.address = address
        self.addresses = addresses
        self.ports = ports
        self.doors = doors
        self.prometheus = prometheus
    }

    /// One finding a door, in the order of `DoorName`.
    package func run() async -> [Finding] {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let guarded = Result { HTTPClient(eventLoopGroupProvider: .singleton, configuration: try prometheus.clientConfiguration()) }
        let findings = await withTaskGroup(of: Finding.self) { group in
            for door in doors {
                group.addTask { await check(door, door == .prometheus ? guarded : .success(client)) }
            }
            var findings: [DoorName: Finding] = [:]
            for await finding in group { findings[finding.door] = finding }
            return DoorName.allCases.compactMap { findings[$0] }
        }
        try? await client.shutdown()
        try? await guarded.get().shutdown()
        return findings
    }

    private func check(_ door: DoorName, _ client: Result<HTTPClient, any Error>) async -> Finding {
        let port = ports[door] ?? door.defaultPort
        let bound = addresses[door] ?? address
        let address = ["0.0.0.0", "::", ""].contains(bound) ? "127.0.0.1" : bound
        let authority = "\(address.contains(":") ? "[\(address)]" : address):\(port)"
        let clock = ContinuousClock()
        let start = clock.now
        let failure: String?
        if door == .otlpGRPC {
            failure = await Self.http2Failure(address, port)
        } else {
            do {
                var request = Self.probe(door, "\(door == .prometheus ? prometheus.scheme : "http")://\(authority)")
                if door == .prometheus { for (name, value) in try prometheus.headers() { request.headers.add(name: name, value: value) } }
                failure = await Self.httpFailure(try client.get(), request)
            } catch {
                failure = "\(error)"
            }
        }
        let elapsed = clock.now - start
        let millis = Double(elapsed.components.seconds) * 1e3 + Double(elapsed.components.attoseconds) / 1e15
        return Finding(door: door, authority: authority, isHealthy: failure == nil, state: failure ?? "healthy", latencyMillis: millis)
    }

    /// A request whose answer only a working door gives. OTLP's is an empty export, which the protocol answers with success.
    private static func probe(_ door: DoorName, _ base: String) -> HTTPClientRequest {
        let path: String =
            switch door {
            case .prometheus, .pushgateway: "/-/ready"
            case .otlpHTTP: "/v1/traces"
            case .jaeger: "/api/services"
            case .grafana: "/api/health"
            case .collectorMetrics: "/metrics"
            case .health, .otlpGRPC: "/"
            }
        var request = HTTPClientRequest(url: base + path)
        if door == .otlpHTTP {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-protobuf")
            request.body = .bytes(ByteBuffer())
        }
        return request
    }

    private static func httpFailure(_ client: HTTPClient, _ request: HTTPClientRequest) async -> String? {
        do {
            let response = try await client.execute(request, timeout: .seconds(timeoutSeconds))
            _ = try await response.body.collect(upTo: 1 << 20)
            return response.status.code == 200 ? nil : "answered \(response.status.code)" + (response.status.code == 401 ? ": it wants a password (--http.config.file)" : "")
        } catch let error as HTTPClientError {
            return error == .connectTimeout || error == .deadlineExceeded ? "did not answer within \(timeoutSeconds) s" : "\(error)"
        } catch let error as NIOSSLError {
            return "refused TLS: \(TLSFailure.sentence(error))"
        } catch {
            return "not reachable"
        }
    }

    /// The probe blocks, so it has a thread of its own.
    private static func http2Failure(_ address: String, _ port: Int) async -> String? {
        let probe = HTTP2Probe(address: address, port: port, timeoutSeconds: Int(timeoutSeconds))
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: probe.failure()) }
        }
    }
}
