#!/usr/bin/env bash
# One command on a fresh machine: installs what is missing, builds, starts the stack in the background, waits until it is
# ready and says where everything is. Running it again is harmless. Arguments go to `obstack serve`, and so do the variables
# that it knows: PROMETHEUS_PORT, GRAFANA_PORT, …, PROMETHEUS_RETENTION, TRACE_RETENTION, GRAFANA_ADMIN_PASSWORD.
source "$(dirname "$0")/lib.sh"

build_obstack
start_in_background "$@"
show_doors
"$OBSTACK" check --data "$DATA"
say
say "Log:    $LOG        (follow it: ./scripts/start-observability.sh --follow)"
say "Try:    $OBSTACK demo        (a live workload; then open the dashboard)"
say "Backup: ./scripts/backup-observability.sh"
say "Stop:   ./scripts/stop-observability.sh"
