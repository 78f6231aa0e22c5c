#!/usr/bin/env bash
# Copies everything that is kept, consistent while the stack runs, into a new folder: scripts/backup-observability.sh [DIR]. Without DIR the folder is
# named by the time, in ./backups. Every file's SHA-256 is in its manifest.json; scripts/restore-observability.sh puts it back.
source "$(dirname "$0")/lib.sh"
[ -x "$OBSTACK" ] || fail "obstack is not built yet: run ./scripts/setup-observability.sh first."
target=${1:-./backups/$(date -u +%Y%m%dT%H%M%SZ)}
exec "$OBSTACK" backup --data "$DATA" "$target"
