import AsyncHTTPClient
import Bytes
import Dispatch
import NIOCore

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
    private static let timeoutSeconds: Int64 = 3

    /// `address` is where the stack listens; a wildcard is asked on the loopback.
    package init(address: String, ports: [DoorName: Int]) {
        self.address = ["0.0.0.0", "::", ""].contains(address) ? "127.0.0.1" : address
        self.ports = ports
    }

    /// One finding a door, in the order of `DoorName`.
    package func run() async -> [Finding] {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let findings = await withTaskGroup(of: Finding.self) { group in
            for door in DoorName.allCases {
                group.addTask { await check(door, client) }
            }
            var findings: [DoorName: Finding] = [:]
            for await finding in group { findings[finding.door] = finding }
            return DoorName.allCases.compactMap { findings[$0] }
        }
        try? await client.shutdown()
        return findings
    }

    private func check(_ door: DoorName, _ client: HTTPClient) async -> Finding {
        let port = ports[door] ?? door.defaultPort
        let authority = "\(address.contains(":") ? "[\(address)]" : address):\(port)"
        let clock = ContinuousClock()
        let start = clock.now
        let failure: String?
        if door == .otlpGRPC {
            failure = await Self.http2Failure(address, port)
        } else {
            failure = await Self.httpFailure(client, Self.probe(door, authority))
        }
        let elapsed = clock.now - start
        let millis = Double(elapsed.components.seconds) * 1e3 + Double(elapsed.components.attoseconds) / 1e15
        return Finding(door: door, authority: authority, isHealthy: failure == nil, state: failure ?? "healthy", latencyMillis: millis)
    }

    /// A request whose answer only a working door gives. OTLP's is an empty export, which the protocol answers with success.
    private static func probe(_ door: DoorName, _ authority: String) -> HTTPClientRequest {
        let path: String =
            switch door {
            case .prometheus, .pushgateway: "/-/ready"
            case .otlpHTTP: "/v1/traces"
            case .jaeger: "/api/services"
            case .grafana: "/api/health"
            case .collectorMetrics: "/metrics"
            case .health, .otlpGRPC: "/"
            }
        var request = HTTPClientRequest(url: "http://\(authority)\(path)")
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
            return response.status.code == 200 ? nil : "answered \(response.status.code)"
        } catch let error as HTTPClientError {
            return error == .connectTimeout || error == .deadlineExceeded ? "did not answer within \(timeoutSeconds) s" : "\(error)"
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
