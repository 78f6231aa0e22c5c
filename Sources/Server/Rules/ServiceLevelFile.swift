import Rules

/// A file of service levels: one, or a list of them under `slos`.
package enum ServiceLevelFile {
    package static func parse(_ text: String, file: String) throws(ConfigurationError) -> [ServiceLevel] {
        var top = try YAMLSection.document(text, file: file)
        guard var sections = try top.sections("slos") else { return [try level(&top)] }
        try top.refuseUnknown()
        var levels: [ServiceLevel] = []
        for index in sections.indices {
            let level = try level(&sections[index])
            if levels.contains(where: { $0.name == level.name }) { throw sections[index].error("name", "\"\(level.name)\" stands twice") }
            levels.append(level)
        }
        return levels
    }

    private static func level(_ section: inout YAMLSection) throws(ConfigurationError) -> ServiceLevel {
        let objective: ServiceLevel.Objective
        switch (try section.double("threshold_ms"), try section.double("error_rate_threshold")) {
        case (let millis?, nil): objective = .latency(thresholdMillis: millis)
        case (nil, let rate?): objective = .errors(rateThreshold: rate)
        default: throw section.error("threshold_ms", "a service level has either threshold_ms or error_rate_threshold")
        }
        let (name, description) = (try section.string("name") ?? "", try section.string("description") ?? "")
        guard let target = try section.double("target") else { throw section.error("target", "is missing: the share of executions that must be good, such as 0.99") }
        let window = try section.double("window_seconds") ?? 2_592_000
        let (primitive, job) = (try section.string("primitive"), try section.string("job"))
        try section.refuseUnknown()
        do throws(ServiceLevel.Invalid) {
            return try ServiceLevel(name: name, target: target, objective: objective, windowSeconds: window, description: description, primitive: primitive, job: job)
        } catch {
            let parts = error.description.split(separator: ": ", maxSplits: 1)
            throw section.error(String(parts[0]), String(parts[1]))
        }
    }
}
