#!/usr/bin/env bash
# Ends the stack that runs on the data folder: drains, and waits until it is gone. Nothing that was kept is removed.
source "$(dirname "$0")/lib.sh"
pid=$(running_pid)
[ -n "$pid" ] || { say "The stack is not running."; exit 0; }
kill -TERM "$pid"
for _ in $(seq 300); do
    kill -0 "$pid" 2>/dev/null || { say "Stopped."; exit 0; }
    sleep 0.1
done
fail "Process $pid is still draining after 30 s; a second 'kill $pid' ends it at once."
