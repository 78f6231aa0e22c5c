import Logging
import MetricModel
import PromQL

/// Expands the templates of an alert's labels and annotations for one series of the answer.
struct AlertExpander {
    let rule: Rule
    let sample: InstantSample
    let atMillis: Int64
    let settings: RuleSettings
    let engine: QueryEngine
    let tally: RuleTally
    let logger: Logger

    /// What the template says; what is wrong with it where it cannot be expanded, as upstream does.
    func expand(_ text: String) async -> String {
        guard text.range(of: "{{") != nil else {
            tally.countExpansion(failed: false)
            return text
        }
        do throws(TemplateError) {
            let result = try await expanded(text)
            tally.countExpansion(failed: false)
            return result
        } catch {
            tally.countExpansion(failed: true)
            logger.warning("Expanding alert template failed", metadata: ["alert": "\(rule.name)", "err": "\(error)"])
            return "<error expanding template: \(error)>"
        }
    }

    private func expanded(_ text: String) async throws(TemplateError) -> String {
        let template: Template
        do { template = try Template(alert: rule.name, text) } catch { throw TemplateError("error parsing template __alert_\(rule.name): \(error)") }
        let data = TemplateValue.record([
            "Labels": .labels(Dictionary(sample.labels.pairs.map { ($0.name, $0.value) }) { $1 }), "ExternalLabels": .labels(settings.externalLabels),
            "ExternalURL": .string(settings.externalURL), "Value": TemplateValue.value(of: sample),
        ])
        let context = TemplateFunctions.Context(externalURL: settings.externalURL, atMillis: atMillis)
        do throws(TemplateError) {
            return try await TemplateExecution.run(template, data, context) { [engine, atMillis] query async throws(TemplateError) in
                do throws(RuleError) {
                    return try await GroupEvaluator.answer(engine, query, atMillis: atMillis).map { TemplateValue($0) }
                } catch {
                    throw TemplateError(error.description)
                }
            }
        } catch {
            throw TemplateError("error executing template __alert_\(rule.name): \(error)")
        }
    }
}
