/// The `grpc-timeout` header: at most eight digits and a unit.
struct GRPCTimeout: Equatable {
    let duration: Duration

    /// Nil for what is not a timeout.
    init?(_ header: String) {
        guard let unit = header.last, header.utf8.count <= 9, header.utf8.dropLast().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let value = Int64(header.dropLast())
        else { return nil }
        switch unit {
        case "H": duration = .seconds(value * 3600)
        case "M": duration = .seconds(value * 60)
        case "S": duration = .seconds(value)
        case "m": duration = .milliseconds(value)
        case "u": duration = .microseconds(value)
        case "n": duration = .nanoseconds(value)
        default: return nil
        }
    }
}
