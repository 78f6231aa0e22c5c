/// What produced telemetry: a process, told by its attributes.
package struct Resource: Hashable, Sendable {
    package var attributes: [Attribute]
    package var droppedAttributesCount: UInt32

    package init(attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0) {
        self.attributes = attributes
        self.droppedAttributesCount = droppedAttributesCount
    }

    /// `service.name`; nil when absent or not text.
    package var serviceName: String? {
        if case .string(let name)? = attributes["service.name"], !name.isEmpty { name } else { nil }
    }

    /// The service's name, or what Jaeger files spans under whose resource has none (`internal/jptrace/sanitizer`).
    package var serviceNameOrPlaceholder: String {
        switch attributes["service.name"] {
        case nil: "missing-service-name"
        case .string("")?: "empty-service-name"
        case .string(let name)?: name
        case _?: "service-name-wrong-type"
        }
    }
}

/// The library that made the telemetry.
package struct InstrumentationScope: Hashable, Sendable {
    package var name: String
    package var version: String
    package var attributes: [Attribute]
    package var droppedAttributesCount: UInt32

    package init(name: String = "", version: String = "", attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0) {
        self.name = name
        self.version = version
        self.attributes = attributes
        self.droppedAttributesCount = droppedAttributesCount
    }
}
