#!/usr/bin/env bash
# Runs the stack in the foreground with its log on the terminal and in $DATA/obstack.log. Ctrl-C drains and ends it. With --follow as the first
# argument it runs in the background, started if need be, and its log is shown as it grows; Ctrl-C ends the showing alone. Further arguments,
# and the variables that it knows, go to `obstack serve`.
source "$(dirname "$0")/lib.sh"
follow=""
if [ "${1:-}" = --follow ]; then
    follow=yes
    shift
fi
if [ -z "$(running_pid)" ]; then build_obstack; fi
if [ -n "$follow" ]; then
    start_in_background "$@"
    say "Log: $LOG (Ctrl-C ends showing it; ./scripts/stop-observability.sh ends the stack)"
    exec tail -n +1 -F "$LOG"
fi
[ -z "$(running_pid)" ] || fail "The stack is already running (process $(running_pid)). Its log: ./scripts/start-observability.sh --follow"
mkdir -p "$DATA"
say "Log: this terminal, and $LOG"
# What writes the log down lives through Ctrl-C, so that it has the last line, too.
exec "$OBSTACK" serve --data "$DATA" "$@" > >(trap '' INT; exec tee "$LOG") 2>&1
