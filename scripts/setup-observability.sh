#!/usr/bin/env bash
# One command on a fresh machine: installs what is missing, builds, starts the stack in the background, waits until it is
# ready and says where everything is. Running it again is harmless. Arguments go to `obstack serve`.
source "$(dirname "$0")/lib.sh"

build_obstack
if [ -n "$(running_pid)" ]; then
    say "The stack is already running (process $(running_pid))."
else
    mkdir -p "$DATA"
    nohup "$OBSTACK" serve --data "$DATA" "$@" > "$LOG" 2>&1 < /dev/null &
    pid=$!
    start=$SECONDS
    until grep -q '^obstack is ready' "$LOG"; do
        kill -0 $pid 2>/dev/null || { cat "$LOG" >&2; fail "The stack did not start."; }
        [ $((SECONDS - start)) -lt 600 ] || fail "The stack is not ready after ten minutes; its log is $LOG."
        sleep 0.1
    done
fi
sed -n '/^obstack is ready/,$p' "$LOG" | sed -n '1,/^$/p'
"$OBSTACK" check --data "$DATA"
say
say "Log:   $LOG"
say "Try:   $OBSTACK demo        (a live workload; then open the dashboard)"
say "Stop:  ./scripts/stop-observability.sh"
