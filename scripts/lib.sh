# Shared by the scripts beside it: where things are, what the machine has, how to build. Sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
DATA=${OBSTACK_DATA:-./data}
BUILD=(swift build -c release)
# Whoever has a binary names it in OBSTACK, and nothing is built.
HAS_OBSTACK=${OBSTACK:+yes}
OBSTACK=${OBSTACK:-.build/release/obstack}
LOG=$DATA/obstack.log

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# The C libraries that the binary is linked with, by package manager.
install_libraries() {
    local header missing=()
    for header in re2/re2.h snappy-c.h zstd.h zlib.h sqlite3.h crypt.h; do
        [ -e "/usr/include/$header" ] || [ -e "/usr/local/include/$header" ] || [ -e "/opt/homebrew/include/$header" ] || missing+=("$header")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    if command -v apt-get >/dev/null; then
        say "Installing system libraries (apt-get)…"
        $sudo apt-get update -qq
        $sudo apt-get install -y -qq libre2-dev libsnappy-dev libzstd-dev zlib1g-dev libsqlite3-dev libcrypt-dev pkg-config >/dev/null
    elif command -v dnf >/dev/null; then
        fail "Missing: ${missing[*]}. The binary links RE2, snappy, zstd and zlib statically, and Fedora ships no static libraries of all of them: build on Debian or Ubuntu."
    elif command -v brew >/dev/null; then
        brew install re2 snappy zstd sqlite
    else
        fail "Missing: ${missing[*]}. Install the development packages of RE2, snappy, zstd, zlib, SQLite and libxcrypt (Debian: libre2-dev libsnappy-dev libzstd-dev zlib1g-dev libsqlite3-dev libcrypt-dev), then run this again."
    fi
}

need_swift() {
    command -v swift >/dev/null || fail "Swift 6.2 or later is needed: https://www.swift.org/install, then run this again."
}

# One line a compiled module while building; everything else only when it fails.
build() {
    local out status=0
    out=$(mktemp)
    "${BUILD[@]}" "$@" > "$out" 2>&1 &
    local pid=$!
    while kill -0 $pid 2>/dev/null; do
        if [ -t 1 ]; then printf '\r\033[K%s' "$(grep -aoE '^\[[0-9]+/[0-9]+\] .*' "$out" | tail -n 1 | cut -c1-100 || true)"; fi
        sleep 1
    done
    wait $pid || status=$?
    if [ -t 1 ]; then printf '\r\033[K'; fi
    [ $status = 0 ] || { grep -aE 'error:' "$out" | head -n 40 >&2; tail -n 20 "$out" >&2; rm -f "$out"; fail "The build failed."; }
    rm -f "$out"
}

build_obstack() {
    if [ -n "$HAS_OBSTACK" ]; then
        [ -x "$OBSTACK" ] || fail "OBSTACK: \"$OBSTACK\" is not a program."
        return 0
    fi
    install_libraries
    need_swift
    local start=$SECONDS
    say "Building obstack (the first build takes about fifteen minutes on two cores, later ones seconds)…"
    build --product obstack
    say "Built in $((SECONDS - start)) s."
}

# The process id of the stack that runs on the data folder, or nothing.
running_pid() {
    [ -f "$DATA/run.json" ] || return 0
    local pid
    pid=$(sed -nE 's/.*"pid":([0-9]+).*/\1/p' "$DATA/run.json")
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then echo "$pid"; fi
}

# Starts the stack in the background with the arguments given, its log in $LOG, and waits until it is ready. Harmless when it runs.
start_in_background() {
    if [ -n "$(running_pid)" ]; then
        say "The stack is already running (process $(running_pid))."
        return 0
    fi
    mkdir -p "$DATA"
    # Emptied here, for the background may come to it late, and what an earlier stack wrote must not be taken for this one's.
    : > "$LOG"
    nohup "$OBSTACK" serve --data "$DATA" "$@" >> "$LOG" 2>&1 < /dev/null &
    local pid=$! start=$SECONDS
    until grep -q '^obstack is ready' "$LOG"; do
        kill -0 $pid 2>/dev/null || { cat "$LOG" >&2; fail "The stack did not start."; }
        [ $((SECONDS - start)) -lt 600 ] || fail "The stack is not ready after ten minutes; its log is $LOG."
        sleep 0.1
    done
}

# Where every door is, as the stack said when it was ready.
show_doors() { sed -n '/^obstack is ready/,$p' "$LOG" 2>/dev/null | sed -n '1,/^$/p'; }
