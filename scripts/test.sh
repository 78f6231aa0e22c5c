#!/usr/bin/env bash
# Sets up and passes all tests: installs the libraries, builds the binary and the tests (one configuration, one folder), brings
# the real clients (Python SDKs, a browser) and the peers, and runs everything. Arguments go to `swift test`, for example
# `--filter PromQLTests`. What cannot be had on this machine is said, and the tests that need it say that they were skipped.
source "$(dirname "$0")/lib.sh"
start=$SECONDS
build_obstack

say "Building the tests…"
build --build-tests

say "Bringing the real clients…"
venv=.build/clients
if [ ! -x $venv/bin/python ] || ! cmp -s Tests/Clients/requirements.txt $venv/requirements.txt; then
    if command -v python3 >/dev/null && python3 -m venv $venv && $venv/bin/pip install --quiet --disable-pip-version-check -r Tests/Clients/requirements.txt; then
        cp Tests/Clients/requirements.txt $venv/requirements.txt
    else
        say "No Python clients (python3 with venv and the packages of Tests/Clients/requirements.txt): their tests will be skipped."
        rm -rf $venv
    fi
fi
if ! { command -v chromium && command -v chromedriver; } >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq || true
    apt-get install -y -qq chromium chromium-driver >/dev/null || say "No headless Chromium: the browser test will be skipped."
fi
if ! { command -v docker-compose && command -v nginx && command -v openssl && command -v jq; } >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    # Installing a server is not to start it.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap 'rm -f $policy' EXIT
        printf '#!/bin/sh\nexit 101\n' > $policy && chmod +x $policy
    fi
    apt-get update -qq || true
    for program in docker-compose nginx openssl jq; do command -v $program >/dev/null || apt-get install -y -qq $program >/dev/null || true; done
fi
command -v docker-compose >/dev/null || say "No docker-compose (Debian: docker-compose): the test of the container files will be skipped in part."
{ command -v nginx && command -v openssl; } >/dev/null || say "No nginx, or no openssl: the test of the reverse proxy will be skipped."
if ! command -v openssl >/dev/null; then
    { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] && apt-get install -y -qq openssl >/dev/null; } || say "No openssl: the tests of TLS will be skipped."
fi
command -v jq >/dev/null || say "No jq: the test of the guide's lines for dashboards will be skipped."
./scripts/get-peers.sh >/dev/null || say "No peers: the side-by-side tests will be skipped."

say "Set up in $((SECONDS - start)) s. Testing…"
# What failed is said once more before the runner's closing line, where it is seen.
status=0
"${BUILD[@]/build/test}" --skip-build --disable-xctest "$@" 2>&1 | {
    failures="" closing=""
    while IFS= read -r line; do
        if [[ $line == *"Test run with "*" after "* ]]; then closing=$line; continue; fi
        printf '%s\n' "$line"
        if [[ $line == "✘ "* ]]; then failures+=$line$'\n'; fi
    done
    if [ -n "$failures" ]; then printf '\nFailed:\n%s' "$failures"; fi
    if [ -n "$closing" ]; then printf '%s\n' "$closing"; fi
} || status=$?
exit $status
