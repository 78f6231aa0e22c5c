/// Why a backup was not made or not put back, in one line for a person: which file, what is wrong, what would be right.
package struct BackupFailure: Error, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }

    /// Runs `body` and tells of what refuses there in its own words.
    static func telling<T>(_ body: () throws -> T) throws(BackupFailure) -> T {
        do { return try body() } catch { throw error as? BackupFailure ?? BackupFailure("\(error)") }
    }
}
