#!/usr/bin/env bash
# Fetches the originals that tests and benchmarks compare with, as packages of Debian's "forky" suite, and unpacks them into
# $PEERS (default ~/.cache/observability-peers) beside nothing else: Prometheus 3.5, promtool, Pushgateway, Alertmanager,
# VictoriaMetrics, node_exporter. Nothing is installed system-wide. Prints the folder.
set -euo pipefail
PEERS=${PEERS:-$HOME/.cache/observability-peers}
packages=(prometheus promtool prometheus-pushgateway prometheus-alertmanager prometheus-node-exporter victoria-metrics)
if [ -x "$PEERS/usr/bin/prometheus" ] && [ -x "$PEERS/usr/bin/victoria-metrics" ] && [ -x "$PEERS/usr/bin/prometheus-node-exporter" ] &&
    [ -x "$PEERS/usr/bin/prometheus-pushgateway" ]; then
    echo "$PEERS"
    exit 0
fi
command -v apt-get >/dev/null || { echo "get-peers.sh: the peers come as Debian packages, and this machine has no apt-get" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$PEERS" "$work/lists/partial" "$work/cache/archives/partial"
mirror=$(grep -rhsE '^(URIs:|deb )' /etc/apt/sources.list /etc/apt/sources.list.d | grep -oE 'https?://[^ ]+/debian/?( |$)' | sort -u | head -n 1 || true)
[ -n "$mirror" ] || { echo "get-peers.sh: no Debian mirror in this machine's apt sources" >&2; exit 1; }
echo "deb [trusted=yes] $mirror forky main" > "$work/sources.list"
apt=(apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache")
"${apt[@]}" update >&2
(
    cd "$work"
    for package in "${packages[@]}"; do "${apt[@]}" download "$package/forky" >&2; done
    for deb in ./*.deb; do dpkg -x "$deb" "$PEERS"; done
)
echo "$PEERS"
