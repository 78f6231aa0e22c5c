/// What of a batch was not taken although the rest was. Sending the rejected items again would not help.
package struct PartialSuccess: Hashable, Sendable {
    package private(set) var rejected = 0
    /// Why, for the sender; "" when all was taken.
    package private(set) var message = ""

    package init() {}

    package init(rejected: Int, message: String) {
        self.rejected = rejected
        self.message = message
    }

    /// Adds what a further step rejected.
    package mutating func add(_ other: PartialSuccess) {
        rejected += other.rejected
        if !other.message.isEmpty { message += (message.isEmpty ? "" : "; ") + other.message }
    }
}
