import Acquisition
import Bytes
import MetricModel
import RemoteStores

/// What `prometheus.yml` says under `remote_write`. Source: upstream config/config.go `RemoteWriteConfig`.
enum RemoteWriteConfiguration {
    /// Headers that are not the configuration's to set.
    private static let reservedHeaders: Set<String> = [
        "authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "www-authenticate", "accept-encoding", "x-prometheus-remote-write-version", "x-prometheus-remote-read-version",
        "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
    ]

    static func all(_ sections: [YAMLSection], externalLabels: Labels, _ notServed: inout [String]) throws(ConfigurationError) -> [RemoteWriteOptions] {
        var all: [RemoteWriteOptions] = []
        var unnamed: [String: Int] = [:]
        for var section in sections {
            guard let url = try section.string("url"), !url.isEmpty else { throw section.error("url", "url for remote_write is empty") }
            guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.split(separator: "/").count > 1 else { throw section.error("url", "\"\(url)\" is not an http or https URL") }
            let name: String
            if let given = try section.string("name"), !given.isEmpty { name = given } else {
                let number = unnamed[url, default: 0]
                unnamed[url] = number + 1
                name = SHA256.digest(Array("\(url) \(number)".utf8)).prefix(3).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
            guard !all.contains(where: { $0.name == name }) else { throw section.error("name", "found multiple remote write configs with job name \"\(name)\"") }
            all.append(try one(&section, name: name, url: url, externalLabels, &notServed))
        }
        return all
    }

    private static func one(
        _ section: inout YAMLSection, name: String, url: String, _ externalLabels: Labels, _ notServed: inout [String]
    ) throws(ConfigurationError) -> RemoteWriteOptions {
        var options = RemoteWriteOptions(name: name, http: RemoteHTTPOptions(url: url))
        if let timeout = try section.duration("remote_timeout"), timeout.millis > 0 { options.http.timeoutMillis = timeout.millis }
        for (header, value) in try section.texts("headers") ?? [] {
            guard !reservedHeaders.contains(header.lowercased()) else {
                let advice = header.lowercased() == "authorization" ? "authorization header must be changed via the basic_auth or authorization parameter" : "\(header) is a reserved header. It must not be changed"
                throw section.error("headers", advice)
            }
            options.http.headers.append(.init(header, value))
        }
        options.sendsExemplars = try section.bool("send_exemplars") ?? false
        options.sendsHistograms = try section.bool("send_native_histograms") ?? false
        if let message = try section.string("protobuf_message") {
            switch message {
            case "prometheus.WriteRequest": break
            case "io.prometheus.write.v2.Request": notServed.append("\(section.file): \(section.name(of: "protobuf_message")) \(message): remote write 1.0 is sent instead, which its receivers take, too;")
            default: throw section.error("protobuf_message", "unknown type for remote write protobuf message \"\(message)\", supported: prometheus.WriteRequest, io.prometheus.write.v2.Request")
            }
        }
        let rules = try PrometheusConfiguration.rules(&section, "write_relabel_configs")
        if !rules.isEmpty || !externalLabels.isEmpty {
            let external = externalLabels.pairs
            options.relabel = { labels in
                var set = LabelSet(labels)
                // A series' own label wins.
                for (name, value) in external where set[name].isEmpty { set[name] = value }
                guard RelabelRule.apply(rules, to: &set), !set.isEmpty else { return nil }
                return set.labels
            }
            options.relabelText = "\(externalLabels) \(rules.map(\.options))"
        }
        if var queue = try section.section("queue_config") { options.queue = try self.queue(&queue) }
        if var metadata = try section.section("metadata_config") {
            options.metadata.isSent = try metadata.bool("send") ?? true
            if let interval = try metadata.duration("send_interval"), interval.millis > 0 { options.metadata.intervalMillis = interval.millis }
            options.metadata.samplesPerSendMax = try metadata.positive("max_samples_per_send") ?? options.metadata.samplesPerSendMax
            try metadata.refuseUnknown()
        }
        // The same keys as a scrape's, so the same reader.
        let http = try section.httpOptions(&notServed)
        options.http.use(http)
        for key in ["sigv4", "azuread", "google_iam", "round_robin_dns"] where section.node(key) != nil { notServed.append("\(section.file): \(section.name(of: key))") }
        try section.refuseUnknown()
        return options
    }

    private static func queue(_ section: inout YAMLSection) throws(ConfigurationError) -> RemoteWriteOptions.Queue {
        var queue = RemoteWriteOptions.Queue()
        queue.capacity = try section.positive("capacity") ?? queue.capacity
        queue.shardsMax = try section.positive("max_shards") ?? queue.shardsMax
        queue.shardsMin = try section.positive("min_shards") ?? queue.shardsMin
        guard queue.shardsMin <= queue.shardsMax else { throw section.error("min_shards", "\(queue.shardsMin) is more than max_shards, \(queue.shardsMax)") }
        queue.samplesPerSendMax = try section.positive("max_samples_per_send") ?? queue.samplesPerSendMax
        if let deadline = try section.duration("batch_send_deadline") { queue.batchSendDeadlineMillis = deadline.millis }
        if let backoff = try section.duration("min_backoff") { queue.backoffMinMillis = backoff.millis }
        if let backoff = try section.duration("max_backoff") { queue.backoffMaxMillis = backoff.millis }
        queue.retriesRateLimit = try section.bool("retry_on_http_429") ?? false
        if let age = try section.duration("sample_age_limit") { queue.sampleAgeMaxMillis = age.millis }
        try section.refuseUnknown()
        return queue
    }
}

extension YAMLSection {
    /// A whole number above 0, at most ten million.
    mutating func positive(_ key: String) throws(ConfigurationError) -> Int? {
        guard let value = try int(key) else { return nil }
        guard (1...10_000_000).contains(value) else { throw error(key, "\(value) is not a number from 1 to 10000000") }
        return value
    }
}

extension RemoteHTTPOptions {
    /// Takes over what scraping and sending have in common.
    fileprivate mutating func use(_ options: ScrapeHTTPOptions) {
        func secret(_ secret: ScrapeHTTPOptions.Secret) -> Secret {
            switch secret {
            case .inline(let text): .inline(text)
            case .file(let path): .file(path)
            }
        }
        switch options.authorization {
        case .none: authorization = .none
        case .basic(let username, let password): authorization = .basic(username: secret(username), password: secret(password))
        case .credentials(let type, let credentials): authorization = .credentials(type: type, secret(credentials))
        }
        followsRedirects = options.followsRedirects
        secretHeaders = options.headers.map { .init($0.name, secret($0.value)) }
        proxy = options.proxy.map { .init(host: $0.host, port: $0.port, credentials: $0.credentials) }
        guard let theirs = options.tls else { return }
        var tls = TLS()
        tls.authority = theirs.authority.map(secret)
        tls.certificate = theirs.certificate.map(secret)
        tls.key = theirs.key.map(secret)
        tls.serverName = theirs.serverName
        (tls.minimumVersion, tls.maximumVersion) = (theirs.minimumVersion, theirs.maximumVersion)
        tls.skipsVerification = theirs.skipsVerification
        self.tls = tls
    }
}
