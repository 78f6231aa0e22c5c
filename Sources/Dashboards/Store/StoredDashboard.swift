import Bytes

/// Where a dashboard lives.
package struct FolderReference: Sendable, Equatable {
    package let id: Int64
    package let uid: String
    package let title: String
    /// `/dashboards/f/UID/SLUG`
    package var url: String { "/dashboards/f/\(uid)/\(DashboardDocument.slug(of: title))" }
}

/// A dashboard as it lies in the database.
package struct StoredDashboard: Sendable {
    package let id: Int64
    package let uid: String
    package let title: String
    package let slug: String
    package let version: Int
    /// nil for "General".
    package let folder: FolderReference?
    /// What its author sent, unchanged.
    package let document: JSONValue
    package let createdMillis: Int64
    package let createdBy: String
    package let updatedMillis: Int64
    package let updatedBy: String
    package let isStarred: Bool
    /// Where it was provisioned from, nil for a dashboard that was saved.
    package let provisioning: ProvisionedFrom?

    /// `/d/UID/SLUG`
    package var url: String { DashboardHit.url(uid: uid, slug: slug) }

    /// The document under the store's own `id`, `uid` and `version`; all else as its author sent it.
    package var presented: JSONValue {
        var json = document
        json["id"] = JSONValue(Int(id))
        json["uid"] = .string(uid)
        json["version"] = JSONValue(version)
        return json
    }
}

/// A provisioned dashboard's file or embedded name, and whether it may be changed and deleted here.
package struct ProvisionedFrom: Sendable, Equatable {
    package let source: String
    package let allowsUpdates: Bool
}

/// A save, as `POST /api/dashboards/db` asks for it.
package struct DashboardSave: Sendable {
    package var document: DashboardDocument
    /// nil leaves an existing dashboard where it is; "" and "general" mean "General".
    package var folderUID: String?
    package var message = ""
    /// Replace whatever version is stored.
    package var overwrite = false
    /// The login of who saves.
    package var author: String

    package init(_ document: DashboardDocument, folderUID: String? = nil, message: String = "", overwrite: Bool = false, author: String) {
        self.document = document
        self.folderUID = folderUID
        self.message = message
        self.overwrite = overwrite
        self.author = author
    }
}

/// What a save made.
package struct DashboardReceipt: Sendable, Equatable {
    package let id: Int64
    package let uid: String
    package let slug: String
    package let title: String
    package let version: Int
    package let folderUID: String
    package var url: String { DashboardHit.url(uid: uid, slug: slug) }

    package init(id: Int64, uid: String, slug: String, title: String, version: Int, folderUID: String) {
        self.id = id
        self.uid = uid
        self.slug = slug
        self.title = title
        self.version = version
        self.folderUID = folderUID
    }
}

/// One version of a dashboard.
package struct DashboardVersion: Sendable {
    package let dashboardID: Int64
    package let version: Int
    package let parentVersion: Int
    package let message: String
    package let createdMillis: Int64
    package let createdBy: String
    /// Only when one version was asked for.
    package let document: JSONValue?
}
