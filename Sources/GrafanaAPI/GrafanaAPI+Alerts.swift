import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    /// Alert rules, in the API of old Grafanas (`/api/alerts`) and in today's (`/api/v1/provisioning/alert-rules`), over the same store; and how they stand.
    func addAlertRoutes(to router: some RouterMethods<SurfaceContext>, _ host: AlertRuleHost) {
        router.get("/api/alerts", use: signedIn { request, _, _ in try await alerts(request, host) })
        router.post("/api/alerts", use: signedIn { request, _, caller in
            let (rule, ignored) = try await reader(host).rule(json(of: request))
            let saved = try await dashboards.createAlertRule(rule, author: editor(caller))
            await host.rulesHaveChanged()
            let body: JSONValue = [
                "id": JSONValue(Int(saved.id)), "uid": .string(saved.uid), "name": .string(saved.title), "expr": .string(saved.expression),
                "message": .string("Alert rule created" + (ignored.isEmpty ? "" : "; without effect: \(ignored.joined(separator: ", "))")),
            ]
            return .json(body.encoded)
        })
        router.get("/api/alerts/{id}", use: signedIn { _, context, _ in
            let rule = try await dashboards.alertRule(context.parameters.require("id"))
            return .json(AlertRuleDocument.legacy(rule, host.statuses()[rule.uid]).encoded)
        })
        router.delete("/api/alerts/{id}", use: signedIn { _, context, caller in
            _ = try editor(caller)
            let rule = try await dashboards.deleteAlertRule(context.parameters.require("id"))
            await host.rulesHaveChanged()
            let body: JSONValue = ["id": JSONValue(Int(rule.id)), "uid": .string(rule.uid), "message": "Alert rule deleted"]
            return .json(body.encoded)
        })
        router.post("/api/alerts/{id}/pause", use: signedIn { request, context, caller in
            guard let isPaused = try await json(of: request)["paused"]?.bool else { throw SurfaceError(.badRequest, "bad request data: paused, true or false, is needed") }
            var rule = try await dashboards.alertRule(context.parameters.require("id"))
            rule.isPaused = isPaused
            rule = try await dashboards.updateAlertRule(rule, author: editor(caller))
            await host.rulesHaveChanged()
            let body: JSONValue = [
                "alertId": JSONValue(Int(rule.id)), "state": isPaused ? "Paused" : "Pending", "message": .string(isPaused ? "Alert paused" : "Alert un-paused"),
            ]
            return .json(body.encoded)
        })
        addProvisioningRoutes(to: router, host)
        router.get("/api/prometheus/grafana/api/v1/rules", use: signedIn { request, _, _ in
            let (rules, folders) = (try await dashboards.alertRules(), try await dashboards.folders())
            return .json(AlertRuleDocument.groups(rules, host.statuses(), folders).encoded, for: request)
        })
    }

    private func addProvisioningRoutes(to router: some RouterMethods<SurfaceContext>, _ host: AlertRuleHost) {
        let path: RouterPath = "/api/v1/provisioning/alert-rules"
        router.get(path, use: signedIn { request, _, _ in
            .json(JSONValue.array(try await dashboards.alertRules().map(AlertRuleDocument.provisioning)).encoded, for: request)
        })
        router.post(path, use: signedIn { request, _, caller in
            let rule = try await reader(host).provisioned(json(of: request))
            let saved = try await dashboards.createAlertRule(rule, author: editor(caller))
            await host.rulesHaveChanged()
            return .json(AlertRuleDocument.provisioning(saved).encoded, status: .created)
        })
        router.get("/api/v1/provisioning/alert-rules/{uid}", use: signedIn { _, context, _ in
            .json(AlertRuleDocument.provisioning(try await dashboards.alertRule(context.parameters.require("uid"))).encoded)
        })
        router.put("/api/v1/provisioning/alert-rules/{uid}", use: signedIn { request, context, caller in
            var rule = try await reader(host).provisioned(json(of: request))
            rule.uid = try context.parameters.require("uid")
            let saved = try await dashboards.updateAlertRule(rule, author: editor(caller))
            await host.rulesHaveChanged()
            return .json(AlertRuleDocument.provisioning(saved).encoded)
        })
        router.delete("/api/v1/provisioning/alert-rules/{uid}", use: signedIn { _, context, caller in
            _ = try editor(caller)
            do {
                _ = try await dashboards.deleteAlertRule(context.parameters.require("uid"))
                await host.rulesHaveChanged()
            } catch DashboardsError.alertRuleNotFound {
                // As upstream: what is not there need not be removed.
            }
            return Response(status: .noContent)
        })
    }

    /// The login of somebody who may change rules; 403 for others.
    private func editor(_ caller: Caller) throws -> String {
        guard caller.user.isAdmin || caller.user.role == "Editor" || caller.user.role == "Admin" else {
            throw SurfaceError(.forbidden, "You'll need additional permissions to perform this action. Permissions needed: alert.rules:write")
        }
        return caller.user.login
    }

    private func reader(_ host: AlertRuleHost) async throws -> AlertRuleReader {
        var reader = AlertRuleReader()
        reader.parser = host.parser
        reader.templateProblem = host.templateProblem
        let sources = try await dashboards.dataSources().filter { $0.type == "prometheus" }
        reader.dataSources = Set(sources.map(\.uid))
        if let interval = sources.first?.scrapeInterval, !interval.isEmpty { reader.scrapeInterval = interval }
        return reader
    }

    private func alerts(_ request: Request, _ host: AlertRuleHost) async throws -> Response {
        let form = FormParameters(query: request.uri.query ?? "")
        let (states, text) = (form.all("state").filter { !$0.isEmpty && $0 != "all" }, (form["query"] ?? "").lowercased())
        let limit = form["limit"].flatMap { Int($0) } ?? .max
        let statuses = host.statuses()
        let documents = try await dashboards.alertRules().filter { text.isEmpty || $0.title.lowercased().contains(text) }
            .map { AlertRuleDocument.legacy($0, statuses[$0.uid]) }
            .filter { states.isEmpty || states.contains($0["state"]?.string ?? "") }
        return .json(JSONValue.array(Array(documents.prefix(max(limit, 0)))).encoded, for: request)
    }
}
