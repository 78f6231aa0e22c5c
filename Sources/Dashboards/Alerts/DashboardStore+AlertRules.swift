import Bytes
import GRDB

extension DashboardStore {
    /// Every alert rule, in the order in which they were made.
    package func alertRules() async throws(DashboardsError) -> [AlertRule] {
        try await read { try Row.fetchAll($0, sql: "SELECT * FROM alertRule ORDER BY id").map { try Self.alertRule($0) } }
    }

    /// The rule with this uid, or with this number. Throws `alertRuleNotFound`.
    package func alertRule(_ name: String) async throws(DashboardsError) -> AlertRule { try await read { try Self.alertRule(named: name, $0) } }

    /// Makes a rule; throws for a uid, or a title in its folder, that another has.
    package func createAlertRule(_ rule: AlertRule, author: String) async throws(DashboardsError) -> AlertRule {
        let options = options
        return try await write { database in
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM alertRule") ?? 0
            guard count < options.alertRulesMax else { throw DashboardsError.tooMany("alert rules", limit: options.alertRulesMax) }
            var rule = rule
            if rule.uid.isEmpty { rule.uid = RandomToken.uid() }
            guard try Int.fetchOne(database, sql: "SELECT 1 FROM alertRule WHERE uid = ?", arguments: [rule.uid]) == nil else { throw DashboardsError.alertRuleUIDTaken(rule.uid) }
            try Self.checkPlace(of: rule, database)
            let now = options.now()
            try database.execute(
                sql: """
                    INSERT INTO alertRule (uid, title, folderUID, ruleGroup, expression, intervalMillis, holdMillis, keepFiringMillis, labels, annotations, isPaused, document,
                        version, createdMillis, createdBy, updatedMillis, updatedBy) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)
                    """, arguments: StatementArguments([rule.uid]) + Self.content(rule) + [now, author, now, author])
            return try Self.alertRule(named: rule.uid, database)
        }
    }

    /// Replaces the rule with the same uid. Throws `alertRuleNotFound`.
    package func updateAlertRule(_ rule: AlertRule, author: String) async throws(DashboardsError) -> AlertRule {
        let options = options
        return try await write { database in
            var rule = rule
            rule.id = try Self.alertRule(named: rule.uid, database).id
            try Self.checkPlace(of: rule, database)
            try database.execute(
                sql: """
                    UPDATE alertRule SET title = ?, folderUID = ?, ruleGroup = ?, expression = ?, intervalMillis = ?, holdMillis = ?, keepFiringMillis = ?, labels = ?,
                        annotations = ?, isPaused = ?, document = ?, version = version + 1, updatedMillis = ?, updatedBy = ? WHERE id = ?
                    """, arguments: Self.content(rule) + [options.now(), author, rule.id])
            return try Self.alertRule(named: rule.uid, database)
        }
    }

    /// Removes the rule with this uid or number, and returns it. Throws `alertRuleNotFound`.
    package func deleteAlertRule(_ name: String) async throws(DashboardsError) -> AlertRule {
        try await write { database in
            let rule = try Self.alertRule(named: name, database)
            try database.execute(sql: "DELETE FROM alertRule WHERE id = ?", arguments: [rule.id])
            return rule
        }
    }

    private static func alertRule(named name: String, _ database: Database) throws -> AlertRule {
        // A uid of digits goes before the number.
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM alertRule WHERE uid = ?", arguments: [name])
            ?? Int64(name).flatMap({ try Row.fetchOne(database, sql: "SELECT * FROM alertRule WHERE id = ?", arguments: [$0]) })
        else { throw DashboardsError.alertRuleNotFound(name) }
        return try alertRule(row)
    }

    /// The folder must be there, and no other rule in it may have the title.
    private static func checkPlace(of rule: AlertRule, _ database: Database) throws {
        if !rule.folderUID.isEmpty, rule.folderUID != "general", try Int.fetchOne(database, sql: "SELECT 1 FROM folder WHERE uid = ?", arguments: [rule.folderUID]) == nil {
            throw DashboardsError.folderNotFound(uid: rule.folderUID)
        }
        let other = try Int.fetchOne(database, sql: "SELECT 1 FROM alertRule WHERE folderUID = ? AND title = ? AND id != ?", arguments: [rule.folderUID, rule.title, rule.id])
        guard other == nil else { throw DashboardsError.alertRuleTitleTaken(rule.title) }
    }

    /// The columns from `title` to `document`.
    private static func content(_ rule: AlertRule) -> StatementArguments {
        [
            rule.title, rule.folderUID, rule.group, rule.expression, rule.intervalMillis, rule.holdMillis, rule.keepFiringMillis, text(rule.labels), text(rule.annotations),
            rule.isPaused, String(decoding: rule.document.encoded, as: UTF8.self),
        ]
    }

    private static func text(_ pairs: [String: String]) -> String {
        String(decoding: JSONValue.object(pairs.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }).encoded, as: UTF8.self)
    }

    private static func alertRule(_ row: Row) throws -> AlertRule {
        func json(_ column: String) throws -> JSONValue {
            do { return try JSONParser.parse(Array((row[column] as String).utf8)) } catch {
                throw DashboardsError.database(reason: "an alert rule's \(column) is not JSON: \(error.reason)", isDiskFull: false)
            }
        }
        func pairs(_ column: String) throws -> [String: String] {
            Dictionary((try json(column).object ?? []).map { ($0.key, $0.value.string ?? "") }) { $1 }
        }
        var rule = AlertRule(title: row["title"], group: row["ruleGroup"], expression: row["expression"], document: try json("document"))
        rule.id = row["id"]
        rule.uid = row["uid"]
        rule.folderUID = row["folderUID"]
        rule.intervalMillis = row["intervalMillis"]
        rule.holdMillis = row["holdMillis"]
        rule.keepFiringMillis = row["keepFiringMillis"]
        rule.labels = try pairs("labels")
        rule.annotations = try pairs("annotations")
        rule.isPaused = row["isPaused"]
        rule.version = row["version"]
        rule.createdMillis = row["createdMillis"]
        rule.createdBy = row["createdBy"]
        rule.updatedMillis = row["updatedMillis"]
        rule.updatedBy = row["updatedBy"]
        return rule
    }
}
