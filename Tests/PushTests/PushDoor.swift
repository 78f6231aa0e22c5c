import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MetricModel
import NIOCore
import Platform
import PushGroups
import PushgatewayAPI

/// The Pushgateway's port over groups on a simulated disk, without a socket.
final class PushDoor: Sendable {
    struct Answer {
        var status: Int
        var headers: HTTPFields
        var text: String
    }

    let disk = SimulatedDisk()
    let clock = ManualClock(unixMillis: 1_700_000_000_000)
    private let pool: BlockingPool
    private let groups: PushGroups
    private let application: Application<RouterResponder<SurfaceContext>>

    init(isAdminEnabled: Bool = false) throws {
        pool = try BlockingPool(threads: 1)
        let own: @Sendable () -> [MetricFamily] = { [.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", 1)] }
        groups = try PushGroups.open("/push", on: disk, own: PushgatewayAPI.ownKinds(own()), pool: pool, clock: clock).groups
        let router = SurfaceRouter.make()
        let flags = [(name: "web.enable-admin-api", value: String(isAdminEnabled))]
        let server = PushgatewayAPI.Server(version: "1", startMillis: clock.unixMillis, flags: flags, isAdminEnabled: isAdminEnabled, processFamilies: own)
        PushgatewayAPI(groups: groups, server: server, clock: clock).addRoutes(to: router)
        SurfaceRouter.closeMethods(of: router)
        application = Application(router: router)
    }

    func close() {
        groups.close()
        pool.close()
    }

    func send(_ method: HTTPRequest.Method, _ uri: String, _ body: String = "", headers: HTTPFields = [:]) async throws -> Answer {
        try await application.test(.router) { client in
            try await client.execute(uri: uri, method: method, headers: headers, body: ByteBuffer(string: body)) { response in
                Answer(status: response.status.code, headers: response.headers, text: String(decoding: response.body.readableBytesView, as: UTF8.self))
            }
        }
    }
}
