import Bytes
import Glibc

/// Lines of JSON over a connected socket.
enum ControlLine {
    /// The next line, or why there is none.
    static func read(_ descriptor: Int32, bytesMax: Int) throws(BackupFailure) -> JSONValue {
        var line: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while line.last != UInt8(ascii: "\n") {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw BackupFailure(errno == EAGAIN ? "no whole line came in time" : String(cString: strerror(errno))) }
            guard count > 0 else { throw BackupFailure("the connection ended before a whole line had come") }
            line += piece[..<count]
            guard line.count <= bytesMax else { throw BackupFailure("a line may have \(bytesMax) bytes") }
        }
        do throws(JSONParser.Failure) { return try JSONParser.parse(line) } catch { throw BackupFailure("\(error)") }
    }

    /// False when the other side did not take it.
    static func write(_ value: JSONValue, to descriptor: Int32) -> Bool {
        var rest = (value.encoded + [UInt8(ascii: "\n")])[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
