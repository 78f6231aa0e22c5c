import ServiceLifecycle

/// Tells the service group to drain; the group is known only after its services are built.
actor Ending {
    private var group: ServiceGroup?

    func attach(_ group: ServiceGroup) { self.group = group }
    func begin() async { await group?.triggerGracefulShutdown() }
}
