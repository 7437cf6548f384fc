# shellcheck shell=bash
# deploy/lib/demo_clock.sh - a stack whose civil date is moved: a build of its own (a release refuses ZEREN_TODAY, charter D17), a state directory of its own.
# Sourced after demo.sh.

# Where its binaries are: ZEREN_CLOCK_BUILD, or build/clock, which is made.
clock_build() {
    local log=$WORK/build.log
    BUILD_CLOCK=${ZEREN_CLOCK_BUILD:-$ROOT/build/clock}
    case $BUILD_CLOCK in /*) ;; *) BUILD_CLOCK=$ROOT/$BUILD_CLOCK ;; esac
    if [ -n "${ZEREN_CLOCK_BUILD:-}" ]; then return 0; fi
    say "a release cannot move its clock: building build/clock, which can (ZEREN_CLOCK_BUILD names one that is there)"
    (cmake -S "$ROOT" -B "$BUILD_CLOCK" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DZEREN_TESTS=OFF -DZEREN_TEST_CLOCK=ON &&
        cmake --build "$BUILD_CLOCK" --target "${SERVICES[@]}" migrate zeren-audit) >"$log" 2>&1 ||
        die "the build failed: $(grep -m 1 -iE 'error|fatal' "$log")"
}

clock_stack() { # up, down or reset of that stack
    ZEREN_STACK_DIR=$STATE ZEREN_TLS_PORT=0 ZEREN_HTTP_PORT=0 ZEREN_BUILD=$BUILD_CLOCK ZEREN_SEED_FROM=$SEED_FROM \
        "$ROOT/deploy/stack" "$1" >"$WORK/stack.log" 2>&1 || die "deploy/stack $1: $(tail -n 1 "$WORK/stack.log")"
}

# Every process of the stack at that day: started anew by the supervisor, all at once. Whoever was logged in logs in again.
set_clock() { # DAY
    local name pid pids=()
    for name in "${SERVICES[@]}" "${WORKERS[@]}"; do
        printf "export ZEREN_TODAY='%s'\n" "$1" | renew_file "$CONF/$name.local" 644
    done
    configure_services
    for name in "${SERVICES[@]}" "${WORKERS[@]}"; do
        pid=$(child_pid "$name") && pids+=("$pid") && kill -s TERM "$pid"
    done
    for pid in "${pids[@]}"; do wait_for 20 gone "$pid" || die "process $pid does not stop"; done
    for name in "${SERVICES[@]}" "${WORKERS[@]}"; do
        wait_for 30 service_ready "$name" || die "$name is not ready on $1: see $LOG/$name.log"
    done
    find "$SECRET" -name 'token.*' -delete
    rm -f "$WORK"/token.*
    # shellcheck disable=SC2034
    TODAY=$1
}

gone() { ! kill -0 "$1" 2>/dev/null; }
