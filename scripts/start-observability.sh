#!/usr/bin/env bash
# Runs the stack in the foreground with its log on the terminal. Arguments go to `obstack serve`. Ctrl-C drains and ends it.
source "$(dirname "$0")/lib.sh"
build_obstack
exec "$OBSTACK" serve --data "$DATA" "$@"
