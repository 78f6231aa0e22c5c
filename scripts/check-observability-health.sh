#!/usr/bin/env bash
# One line a service; exit status 0 only when all are healthy. Arguments go to `obstack check`.
source "$(dirname "$0")/lib.sh"
[ -x "$OBSTACK" ] || fail "obstack is not built yet: run ./scripts/setup-observability.sh first."
exec "$OBSTACK" check --data "$DATA" "$@"
