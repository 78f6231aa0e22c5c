#!/usr/bin/env bash
# Feeds one decoder of the data directory's files, or the parser of queries, with inputs that libFuzzer makes up, guided by coverage, under address sanitizer, for a
# number of seconds: scripts/fuzz.sh chunk|index|log|record|tombstones|meta|mapped|query SECONDS [DATA_DIRECTORY…]
# It begins with what the store itself writes and what stands in the directories named, for example one that Prometheus wrote. What it
# finds it leaves in .build-fuzz/findings; the figures of the run are its last lines. Linux only; builds in .build-fuzz, about three minutes.
source "$(dirname "$0")/lib.sh"
decoder=${1:?DECODER} seconds=${2:?SECONDS}
shift 2
install_libraries
need_swift
resources=$(swiftc -print-target-info | sed -nE 's/.*"runtimeResourcePath": *"([^"]+)".*/\1/p')
library=$(find "$resources/../clang/" "$resources/clang/" -name "libclang_rt.fuzzer_no_main-$(uname -m).a" 2>/dev/null | head -n 1)
[ -n "$library" ] || fail "This Swift brings no libFuzzer."
export OBSTACK_FUZZER=$library
BUILD+=(--scratch-path .build-fuzz)
build --product obstack-fuzz
fuzzer=.build-fuzz/release/obstack-fuzz
corpus=.build-fuzz/corpus/$decoder
findings=.build-fuzz/findings
mkdir -p "$corpus" "$findings"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:quarantine_size_mb=32:malloc_context_size=8}
"$fuzzer" seeds "$decoder" "$corpus" "$@"
status=0
log=.build-fuzz/$decoder.log
"$fuzzer" "$decoder" "$corpus" "-max_total_time=$seconds" -max_len=36000 -len_control=20 -timeout=20 -rss_limit_mb=3072 -malloc_limit_mb=1024 \
    -print_final_stats=1 "-artifact_prefix=$findings/$decoder-" > "$log" 2>&1 || status=$?
if [ $status = 0 ]; then grep -aE '^(Done|stat::)' "$log"; else tail -n 40 "$log" && say "Found something: the whole log is $log."; fi
exit $status
