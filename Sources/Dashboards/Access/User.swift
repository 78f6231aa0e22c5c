import GRDB

/// Somebody who can log in.
package struct User: Sendable, Equatable {
    package let id: Int64
    package let login: String
    package let email: String
    package let name: String
    /// "Viewer", "Editor" or "Admin".
    package let role: String
    /// May administer the whole server.
    package let isAdmin: Bool
    package let createdMillis: Int64
    package let updatedMillis: Int64
    package let seenMillis: Int64

    init(_ row: Row) {
        id = row["id"]
        login = row["login"]
        email = row["email"]
        name = row["name"]
        role = row["role"]
        isAdmin = row["isAdmin"]
        createdMillis = row["createdMillis"]
        updatedMillis = row["updatedMillis"]
        seenMillis = row["seenMillis"]
    }
}
