#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import ObservabilityIntegration

/// One of several ways, chosen by a function: the route that it names, or the default where there is none of that name.
///
///     let router = RouterPrimitive(routes: ["fast": smallModel, "quality": largeModel], default: "fast") { prompt, _ in
///         prompt.count > 1_000 ? "quality" : "fast"
///     }
///
/// The last hundred choices stand in the context's `state["routing_history"]`, as `[RouterPrimitive.Choice]`.
public struct RouterPrimitive<Input: Sendable, Output: Sendable>: WorkflowPrimitive {
    public struct Choice: Sendable, Equatable {
        public let route: String
        public let usedDefault: Bool
        public let time: Date
    }

    public let name: String?
    public let routes: [String: any WorkflowPrimitive<Input, Output>]
    public let defaultRoute: String?
    private let router: @Sendable (Input, WorkflowContext) async throws -> String

    /// There is at least one route, and the default is one of them.
    public init(
        routes: [String: any WorkflowPrimitive<Input, Output>], default defaultRoute: String? = nil, name: String? = nil,
        router: @escaping @Sendable (Input, WorkflowContext) async throws -> String
    ) {
        precondition(!routes.isEmpty, "RouterPrimitive needs at least one route")
        precondition(defaultRoute.map { routes[$0] != nil } ?? true, "the default route '\(defaultRoute ?? "")' is none of \(routes.keys.sorted())")
        (self.routes, self.defaultRoute, self.name, self.router) = (routes, defaultRoute, name, router)
    }

    /// Throws `RouteError` where there is no such route and no default.
    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output {
        let chosen = try await router(input, context)
        guard let route = routes[chosen] == nil ? defaultRoute : chosen, let primitive = routes[route] else { throw RouteError(chosen: chosen, routes: routes.keys.sorted()) }
        annotate("router.route", .string(route))
        context.noteInState("routing_history", Choice(route: route, usedDefault: route != chosen, time: Date()))
        return try await primitive.execute(input, context)
    }
}

/// A router named a route that there is not, and there is no default.
public struct RouteError: Error, Equatable, CustomStringConvertible {
    public let chosen: String
    public let routes: [String]

    public init(chosen: String, routes: [String]) { (self.chosen, self.routes) = (chosen, routes) }

    public var description: String { "there is no route '\(chosen)' and no default; the routes are \(routes.map { "'\($0)'" }.joined(separator: ", "))" }
}
