#!/usr/bin/env bash
# Puts a backup back as the data folder, after verifying every file of it: scripts/restore-observability.sh DIR. The stack must not run, and the
# data folder must be missing or empty: move the old one away first.
source "$(dirname "$0")/lib.sh"
[ -x "$OBSTACK" ] || fail "obstack is not built yet: run ./scripts/setup-observability.sh first."
[ $# = 1 ] || fail "Which backup? ./scripts/restore-observability.sh DIR"
[ -z "$(running_pid)" ] || fail "The stack is running (process $(running_pid)): ./scripts/stop-observability.sh first, and move $DATA away."
exec "$OBSTACK" restore --data "$DATA" "$1"
