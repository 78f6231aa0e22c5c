/// The services that the simulated workflows run through, by `service.name`.
enum DemoService: String, CaseIterable {
    case workflowAPI = "workflow-api", router, llmGateway = "llm-gateway", cache
}

/// The primitives whose executions are measured, by the `primitive` label.
enum DemoPrimitive: String {
    case sequential = "SequentialPrimitive", cache = "CachePrimitive", router = "RouterPrimitive", retry = "RetryPrimitive", timeout = "TimeoutPrimitive",
        fallback = "FallbackPrimitive", model = "LambdaPrimitive"
}

/// Why an execution fails, by the `error` label and the exception's type.
enum DemoFailure: String {
    case rateLimited = "RateLimitError", unavailable = "ServiceUnavailableError", timeout = "TimeoutError", invalid = "InvalidRequestError",
        connection = "ConnectionError", exhausted = "AllModelsFailedError"

    var message: String {
        switch self {
        case .rateLimited: "429: too many tokens a minute for this key"
        case .unavailable: "503: the model is overloaded"
        case .timeout: "no answer within 6 s"
        case .invalid: "400: the prompt is longer than the model's context"
        case .connection: "connection reset by peer"
        case .exhausted: "the model and its fallback both failed"
        }
    }
}
