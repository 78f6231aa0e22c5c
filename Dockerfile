# ObservabilityStack in one container. `docker build -t observability-stack .`; docker-compose.observability.yml does it by itself.

FROM swift:6.2-bookworm AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libre2-dev libsnappy-dev libzstd-dev zlib1g-dev libsqlite3-dev libcrypt-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Package.swift ./
# Dashboards and alerts are embedded; in Sources there are links to them.
COPY config config
COPY Examples Examples
COPY Sources Sources
COPY Tests Tests
# The Swift runtime goes into the binary, so that the image below needs none.
RUN swift build -c release --product obstack --static-swift-stdlib && strip -o /usr/local/bin/obstack .build/release/obstack

FROM debian:bookworm-slim
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends ca-certificates libsqlite3-0 libstdc++6 zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/obstack /usr/local/bin/obstack
COPY config /etc/obstack
COPY config/container/prometheus.yml /etc/obstack/prometheus.yml
# The number that Prometheus's own image runs as, so that a volume of its data can be read and written.
RUN mkdir -p /data/metrics && chown -R 65534:65534 /data
USER 65534:65534
WORKDIR /data
VOLUME ["/data", "/data/metrics"]
EXPOSE 9090 9091 4317 4318 16686 3000 8888 13133
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["obstack", "check", "--data", "/data"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["obstack"]
# Only what the machine publishes can be reached from outside: within the container every door must be open.
CMD ["serve", "--config", "/etc/obstack", "--data", "/data", "--listen-address", "0.0.0.0"]
