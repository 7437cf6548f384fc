# shellcheck shell=bash
# tests/full/common.sh - what the scans of a running stack share: their packages, counting, the stack that tests/run started.
# Sourced with ROOT set; starts nothing.
PASSED=0 FAILED=0
WORK=$(mktemp -d /tmp/zeren-scan-XXXXXX)
BACKGROUND=()
trap 'for job in "${BACKGROUND[@]}"; do kill "$job" 2>/dev/null; done; rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM HUP

ok() {
    PASSED=$((PASSED + 1))
    printf 'ok      %s\n' "$*"
}

fail() {
    FAILED=$((FAILED + 1))
    printf 'FAILED  %s\n' "$*"
}

check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then ok "$what"; else fail "$what"; fi
}

finish() {
    printf '%s passed, %s failed\n' "$PASSED" "$FAILED"
    exit $((FAILED > 0))
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null && return 0
    { as_root apt-get -qq -o DPkg::Lock::Timeout=300 update && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$2"; } >"$WORK/apt.log" 2>&1 </dev/null && return 0
    tail -n 3 "$WORK/apt.log"
    fail "$2 cannot be installed"
    finish
}

need_stack() {
    [ -n "${ZEREN_TEST_HTTP:-}" ] && [ -n "${ZEREN_STACK_DIR:-}" ] && return 0
    fail "no stack: this is started by tests/run"
    finish
}
