import Fuzzing
import Platform
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

// libFuzzer's own loop, which an ordinary `main` may call; linked by `scripts/fuzz.sh` alone.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `obstack-fuzz seeds DECODER FOLDER [DATA_DIRECTORY…]` writes inputs to begin with; `obstack-fuzz DECODER …` hands the rest to libFuzzer.
@main enum FuzzDriver {
    // SAFETY: written once, before libFuzzer's loop begins; that has one thread.
    nonisolated(unsafe) private static var decoder = Decoder.chunk

    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count >= 4, arguments[1] == "seeds", let decoder = Decoder(rawValue: arguments[2]) {
            return try await write(decoder, arguments[3], Array(arguments[4...]))
        }
        guard arguments.count >= 2, let decoder = Decoder(rawValue: arguments[1]) else {
            print("usage: obstack-fuzz [seeds] \(Decoder.allCases.map(\.rawValue).joined(separator: "|")) …")
            exit(2)
        }
        Self.decoder = decoder
        var list: [UnsafeMutablePointer<CChar>?] = ([arguments[0]] + arguments[2...]).map { strdup($0) } + [nil]
        var count = CInt(list.count - 1)
        let status = list.withUnsafeMutableBufferPointer { list in
            var base = list.baseAddress
            return runDriver(&count, &base) { bytes, count in
                FuzzDriver.decoder.decode(Array(UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            }
        }
        exit(status)
    }

    private static func write(_ decoder: Decoder, _ folder: String, _ directories: [String]) async throws {
        var seeds = try await Seeds.ours()
        for directory in directories { try seeds.add(Disk(), directory) }
        try Disk().makeDirectory(folder)
        let inputs = seeds.inputs[decoder] ?? []
        for (number, input) in inputs.enumerated() { try Disk().publish("\(folder)/seed-\(number)", input) }
        print("\(inputs.count) inputs to begin with")
    }
}
