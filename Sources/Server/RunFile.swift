import Bytes
import Glibc

/// `run.json` in the data folder: who runs on it and behind which doors. Written when ready, removed on the way out, so that
/// `obstack check`, the scripts and a curious person find a stack whose ports were moved.
package struct RunFile: Sendable {
    package var processID: Int32
    package var address: String
    package var ports: [DoorName: Int]

    package init(processID: Int32, address: String, ports: [DoorName: Int]) {
        self.processID = processID
        self.address = address
        self.ports = ports
    }

    static func path(in dataDirectory: String) -> String { dataDirectory + "/run.json" }

    func write(in dataDirectory: String) throws {
        var json = JSONWriter()
        json.object { json in
            json.member("pid", processID)
            json.member("address", address)
            json.key("ports")
            json.object { json in for door in DoorName.allCases { if let port = ports[door] { json.member(door.rawValue, port) } } }
        }
        let bytes = json.finish() + [UInt8(ascii: "\n")]
        let path = Self.path(in: dataDirectory)
        guard let file = fopen(path, "w") else { throw StartFailure("cannot write \(path): \(String(cString: strerror(errno)))") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw StartFailure("cannot write \(path): \(String(cString: strerror(errno)))") }
    }

    static func remove(in dataDirectory: String) { unlink(path(in: dataDirectory)) }

    /// Reads what a running stack left; nil when there is none or it is not readable.
    package static func read(in dataDirectory: String) -> RunFile? {
        guard let file = fopen(path(in: dataDirectory), "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = fread(&buffer, 1, buffer.count, file)
        guard let document = try? JSONParser.parse(Array(buffer[..<count])), let pid = document["pid"]?.int, let address = document["address"]?.string else { return nil }
        var ports: [DoorName: Int] = [:]
        for door in DoorName.allCases { ports[door] = document["ports"]?[door.rawValue]?.int }
        return RunFile(processID: Int32(truncatingIfNeeded: pid), address: address, ports: ports)
    }
}
