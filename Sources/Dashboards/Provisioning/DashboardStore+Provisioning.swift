import Bytes
import FoundationEssentials
import GRDB

extension DashboardStore {
    private static let provisioner = "provisioning"

    /// Makes the provisioned dashboards be what the providers hold now. Call it at start and at every reload.
    ///
    /// A file that is wrong is reported and its dashboard stays as it was. Of two sources with one uid the earlier provider wins; for
    /// embedded ones that is no problem: a file of the user's replaces them. What was changed here is overwritten only when its file
    /// changes, and stays (as an ordinary dashboard) when its file goes.
    package func provision(_ providers: [DashboardProvider]) async -> ProvisioningReport {
        var report = ProvisioningReport()
        var claimed: [String: String] = [:]
        for provider in providers { await provision(provider, claimed: &claimed, report: &report) }
        return report
    }

    private struct Candidate: Sendable {
        let source: String
        let document: DashboardDocument
        let text: String
        let digest: Data
    }

    private func provision(_ provider: DashboardProvider, claimed: inout [String: String], report: inout ProvisioningReport) async {
        var found = DashboardFiles()
        var isEmbedded = false
        switch provider.origin {
        case .directory(let directory): found = await DashboardFiles.read(directory: directory, fileBytesMax: options.documentBytesMax)
        case .embedded(let dashboards):
            isEmbedded = true
            found.files = dashboards.map { DashboardFiles.File(source: "embedded:" + $0.name, bytes: $0.bytes) }
        }
        report.problems += found.problems
        let present = found.unread.union(found.files.map(\.source))
        do {
            let candidates = try await candidates(found.files, provider: provider, isEmbedded: isEmbedded, claimed: &claimed, report: &report)
            let options = options
            let isComplete = found.isComplete
            let outcome = try await write { database in
                var outcome = ProvisioningReport()
                if isComplete { outcome.removed = try Self.removeOrphans(of: provider, present: present, database: database) }
                for candidate in candidates { try Self.store(candidate, provider: provider, options: options, outcome: &outcome, database: database) }
                return outcome
            }
            report.saved += outcome.saved
            report.unchanged += outcome.unchanged
            report.removed += outcome.removed
        } catch {
            report.problems.append(error)
        }
    }

    /// Reads the files, gives those without a uid one that stays the same from start to start, and drops those whose uid is taken.
    private func candidates(
        _ files: [DashboardFiles.File], provider: DashboardProvider, isEmbedded: Bool, claimed: inout [String: String], report: inout ProvisioningReport
    ) async throws(DashboardsError) -> [Candidate] {
        let known: [String: String] = try await read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT p.source, d.uid FROM provisionedDashboard p JOIN dashboard d ON d.id = p.dashboardID")
            return Dictionary(rows.map { ($0["source"], $0["uid"]) }, uniquingKeysWith: { first, _ in first })
        }
        var candidates: [Candidate] = []
        for file in files {
            do throws(DashboardsError) {
                let document = try DashboardDocument(bytes: file.bytes, file: file.source)
                let uid = document.uid.isEmpty ? known[file.source] ?? Self.uid(of: file.source) : document.uid
                if let other = claimed[uid] {
                    guard !isEmbedded else { continue }
                    throw .invalidDocument(file: file.source, key: "uid", reason: "\"\(uid)\" is also the uid of \(other)")
                }
                claimed[uid] = file.source
                let digest = SHA256.digest(file.bytes + [0] + Array(provider.folderTitle.utf8))
                candidates.append(Candidate(source: file.source, document: document.identified(by: uid), text: try encode(document.json), digest: Data(digest)))
            } catch {
                report.problems.append(error)
            }
        }
        return candidates
    }

    private static func uid(of source: String) -> String {
        let digits = Array("0123456789abcdefghijklmnopqrstuv")
        return "p" + String(SHA256.digest(Array(source.utf8)).prefix(13).map { digits[Int($0 & 31)] })
    }

    private static func removeOrphans(of provider: DashboardProvider, present: Set<String>, database: Database) throws -> [String] {
        var removed: [String] = []
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT p.source, d.id, d.uid, d.updatedBy FROM provisionedDashboard p JOIN dashboard d ON d.id = p.dashboardID WHERE p.provider = ?", arguments: [provider.name])
        for row in rows where !present.contains(row["source"]) {
            try database.execute(sql: "DELETE FROM provisionedDashboard WHERE source = ?", arguments: [row["source"] as String])
            guard !provider.keepsOrphans, row["updatedBy"] as String == provisioner else { continue }
            try database.execute(sql: "DELETE FROM dashboard WHERE id = ?", arguments: [row["id"] as Int64])
            removed.append(row["uid"])
        }
        return removed
    }

    private static func store(_ candidate: Candidate, provider: DashboardProvider, options: Options, outcome: inout ProvisioningReport, database: Database) throws {
        let known = try Row.fetchOne(database, sql: "SELECT digest, dashboardID FROM provisionedDashboard WHERE source = ?", arguments: [candidate.source])
        if let known, known["digest"] as Data == candidate.digest {
            try database.execute(sql: "UPDATE provisionedDashboard SET provider = ?, allowsUpdates = ? WHERE source = ?", arguments: [provider.name, provider.allowsUpdates, candidate.source])
            outcome.unchanged += 1
            return
        }
        var save = DashboardSave(candidate.document, message: "provisioned from \(candidate.source)", overwrite: true, author: provisioner)
        save.message = String(save.message.prefix(500))
        let receipt = try Self.save(save, text: candidate.text, provisioned: true, options: options, database: database)
        let folderID = try folderID(title: provider.folderTitle, author: provisioner, now: options.now(), database: database)
        try database.execute(sql: "UPDATE dashboard SET folderID = ? WHERE id = ?", arguments: [folderID, receipt.id])
        if let previous = known?["dashboardID"] as Int64?, previous != receipt.id { try database.execute(sql: "DELETE FROM dashboard WHERE id = ?", arguments: [previous]) }
        try database.execute(sql: "DELETE FROM provisionedDashboard WHERE dashboardID = ? OR source = ?", arguments: [receipt.id, candidate.source])
        try database.execute(
            sql: "INSERT INTO provisionedDashboard (source, provider, dashboardID, digest, allowsUpdates) VALUES (?, ?, ?, ?, ?)",
            arguments: [candidate.source, provider.name, receipt.id, candidate.digest, provider.allowsUpdates])
        outcome.saved.append(receipt.uid)
    }
}
