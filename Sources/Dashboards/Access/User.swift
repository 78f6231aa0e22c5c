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

    /// Somebody who is not signed in.
    package static func anonymous(role: String) -> User { User(role: role) }

    private init(role: String) {
        (id, login, email, name, isAdmin) = (0, "", "", "", false)
        (createdMillis, updatedMillis, seenMillis) = (0, 0, 0)
        self.role = role
    }

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
