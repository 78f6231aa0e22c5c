import Bytes
import Glibc

/// `run.json` in the data folder: who runs on it and behind which doors. Written when ready, removed on the way out, so that
/// `obstack check`, the scripts and a curious person find a stack whose ports were moved. Only its owner reads it: it holds the word by which
/// the commands are let in where `web.yml` asks for a password.
package struct RunFile: Sendable {
    package var processID: Int32
    package var address: String
    /// Of the doors that are open.
    package var ports: [DoorName: Int]
    /// Of doors that bind to another address than the others.
    package var addresses: [DoorName: String]
    /// Whether 9090 wants TLS.
    package var usesTLS: Bool
    package var token: String

    package init(processID: Int32, address: String, ports: [DoorName: Int], addresses: [DoorName: String] = [:], usesTLS: Bool = false, token: String = "") {
        self.processID = processID
        self.address = address
        self.ports = ports
        self.addresses = addresses
        self.usesTLS = usesTLS
        self.token = token
    }

    static func path(in dataDirectory: String) -> String { dataDirectory + "/run.json" }

    func write(in dataDirectory: String) throws(StartFailure) {
        var json = JSONWriter()
        json.object { json in
            json.member("pid", processID)
            json.member("address", address)
            json.key("ports")
            json.object { json in for door in DoorName.allCases { if let port = ports[door] { json.member(door.rawValue, port) } } }
            if !addresses.isEmpty {
                json.key("addresses")
                json.object { json in for door in DoorName.allCases { if let address = addresses[door] { json.member(door.rawValue, address) } } }
            }
            json.member("tls", usesTLS)
            json.member("token", token)
        }
        let bytes = json.finish() + [UInt8(ascii: "\n")]
        let path = Self.path(in: dataDirectory)
        func failure() -> StartFailure { StartFailure("cannot write \(path): \(String(cString: strerror(errno)))") }
        // Beside it and over it: who reads sees the old or the new one, whole.
        let draft = path + ".tmp"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        let written = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard written == bytes.count, rename(draft, path) == 0 else { throw failure() }
    }

    static func remove(in dataDirectory: String) { unlink(path(in: dataDirectory)) }

    /// Reads what a running stack left; nil when there is none or it is not readable.
    package static func read(in dataDirectory: String) -> RunFile? {
        guard let file = fopen(path(in: dataDirectory), "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = fread(&buffer, 1, buffer.count, file)
        guard let document = try? JSONParser.parse(Array(buffer[..<count])), let pid = document["pid"]?.int, let address = document["address"]?.string else { return nil }
        var run = RunFile(processID: Int32(truncatingIfNeeded: pid), address: address, ports: [:], usesTLS: document["tls"]?.bool ?? false, token: document["token"]?.string ?? "")
        for door in DoorName.allCases {
            run.ports[door] = document["ports"]?[door.rawValue]?.int
            run.addresses[door] = document["addresses"]?[door.rawValue]?.string
        }
        return run
    }

    /// Whether the process that wrote it is there.
    package var isAlive: Bool { kill(processID, 0) == 0 || errno == EPERM }
}
