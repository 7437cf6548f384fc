# shellcheck shell=bash
# deploy/lib/running.sh - the supervisor of a stack: started with PostgreSQL alone, told, stopped; and the lock of whoever changes a stack.
# Sourced after common.sh.

# One command at a time changes a stack. The lock is never handed on to what is started.
lock() {
    mkdir -p "$STATE" || die_step "creating $STATE"
    exec 9>"$STATE/lock" || die_step "locking $STATE"
    flock -w 120 9 || die "another deploy/stack is at work on $STATE"
}

signal_supervisor() {
    local pid
    pid=$(supervisor_pid) && kill -s "$1" "$pid"
}

start_supervisor() {
    local fd
    printf '%s\n' postgres | write_file "$RUN/want" 644
    (
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            if [ "$fd" -gt 2 ] && [ "$fd" != 255 ]; then eval "exec $fd>&-" 2>/dev/null; fi
        done
        cd / && exec setsid env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
            /bin/bash "$BIN/supervise" "$STATE" </dev/null >>"$LOG/supervisor.log" 2>&1
    ) &
    wait_for 5 supervisor_pid >/dev/null || die_step "starting the supervisor" "$LOG/supervisor.log"
}

gone() { ! kill -0 "$1" 2>/dev/null; }

stop() {
    local pid
    pid=$(supervisor_pid) || return 0
    kill -s TERM "$pid"
    wait_for 60 gone "$pid" || die "the supervisor (process $pid) does not stop"
}
