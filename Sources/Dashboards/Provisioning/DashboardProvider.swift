/// A place that dashboards come from by themselves.
package struct DashboardProvider: Sendable {
    /// Names the place in the database; what was provisioned under a name is compared with what is there now.
    package var name: String
    /// The title of the folder they go to; "" for "General".
    package var folderTitle = ""
    /// Whether they may be changed and kept here too, until their file changes.
    package var allowsUpdates = true
    /// Keep a dashboard whose file has gone.
    package var keepsOrphans = false
    package var origin: Origin

    package enum Origin: Sendable {
        /// Every `*.json` below a folder. A folder that does not exist changes nothing.
        case directory(String)
        /// Part of the binary: name and bytes.
        case embedded([(name: String, bytes: [UInt8])])
    }

    package init(name: String, folderTitle: String = "", allowsUpdates: Bool = true, keepsOrphans: Bool = false, origin: Origin) {
        self.name = name
        self.folderTitle = folderTitle
        self.allowsUpdates = allowsUpdates
        self.keepsOrphans = keepsOrphans
        self.origin = origin
    }
}

/// What provisioning did.
package struct ProvisioningReport: Sendable {
    /// uids that are new or changed.
    package var saved: [String] = []
    package var unchanged = 0
    /// uids whose file has gone.
    package var removed: [String] = []
    /// One a file that was left as it was before; each names its file and key.
    package var problems: [DashboardsError] = []

    package init() {}
}
