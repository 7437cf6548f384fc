#!/bin/bash
# deploy/lib/supervise.sh STATE - starts the processes named in STATE/run/want, in that order, starts again
# what ends, and stops all in reverse order on TERM. Runs from its copy in the state directory; knows
# nothing of databases, keys or migrations. USR1: read the list again.
set -u
STATE=$1
RUN=$STATE/run
LOG=$STATE/log
LOG_MAX=$((64 * 1024 * 1024)) # a longer log is set aside as NAME.log.1
declare -A pid_of=() started_at=() delay_of=() due_at=()
stopping=
nap=

note() { printf '{"time":"%(%FT%T%z)T","supervisor":"%s","process":"%s"%s}\n' -1 "$1" "$2" "${3:-}"; }
now_ms() { local t=${EPOCHREALTIME/[.,]/}; printf '%s' "$((t / 1000))"; }
wanted() { cat "$RUN/want" 2>/dev/null; }

# The kernel ends the children if this process is killed outright: nothing is left running unwatched. Each is a process
# group of its own, so that what a killed one leaves behind (nginx's workers keep the port) can be ended, too.
launch() { # NAME
    local name=$1 stop=TERM drop=()
    [ "$name" != postgres ] || stop=INT
    if [ "$(id -u)" = 0 ]; then drop=(--reuid zeren --regid zeren --init-groups --no-new-privs); fi
    setsid setpriv "${drop[@]}" --pdeathsig "$stop" env -i /bin/sh "$STATE/conf/$name.start" \
        </dev/null >>"$LOG/$name.log" 2>&1 {nap}>&- &
    pid_of[$name]=$!
    started_at[$name]=$(now_ms)
    unset "due_at[$name]"
    printf '%s\n' "$!" >"$RUN/$name.pid"
    note started "$name" ",\"pid\":$!"
}

# First back at once; one that keeps ending waits twice as long each time, one second at most.
schedule() { # NAME
    local name=$1 lived delay
    lived=$(($(now_ms) - started_at[$name]))
    delay=${delay_of[$name]:-0}
    if [ "$lived" -gt 5000 ]; then delay=0; else delay=$((delay == 0 ? 100 : delay * 2)); fi
    delay_of[$name]=$((delay > 1000 ? 1000 : delay))
    due_at[$name]=$(($(now_ms) + delay_of[$name]))
}

# Bash reaps a child at once and keeps its status, so a look at each pid is enough, and no wait can miss one.
reap() {
    local name pid status
    for name in "${!pid_of[@]}"; do
        pid=${pid_of[$name]}
        if kill -0 "$pid" 2>/dev/null; then continue; fi
        wait "$pid" 2>/dev/null
        status=$?
        unset "pid_of[$name]"
        rm -f "$RUN/$name.pid"
        kill -s KILL -- "-$pid" 2>/dev/null
        note ended "$name" ",\"pid\":$pid,\"status\":$status"
        schedule "$name"
    done
}

start_due() {
    local name
    for name in $(wanted); do
        if [ -z "${pid_of[$name]:-}" ] && [ "$(now_ms)" -ge "${due_at[$name]:-0}" ]; then launch "$name"; fi
    done
}

trim_logs() {
    local file
    for file in "$LOG"/*.log; do
        [ "$(stat -c %s "$file" 2>/dev/null || echo 0)" -gt "$LOG_MAX" ] || continue
        cp "$file" "$file.1" && : >"$file"
    done
}

stop_one() { # NAME SIGNAL SECONDS
    local name=$1 pid=${pid_of[$1]:-} n
    [ -n "$pid" ] || return 0
    kill -s "$2" "$pid" 2>/dev/null
    for ((n = 0; n < $3 * 20; n++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    if kill -0 "$pid" 2>/dev/null; then
        note killed "$name"
        if [ "$name" = postgres ]; then kill -s QUIT "$pid" 2>/dev/null; else kill -s KILL "$pid" 2>/dev/null; fi
    fi
    wait "$pid" 2>/dev/null
    rm -f "$RUN/$name.pid"
    note stopped "$name"
}

stop_all() {
    local names=() name i
    for name in $(wanted); do names=("$name" "${names[@]}"); done
    for ((i = 0; i < ${#names[@]}; i++)); do
        case ${names[i]} in
        postgres) stop_one postgres INT 30 ;;
        nginx) stop_one nginx QUIT 3 ;;
        *) stop_one "${names[i]}" TERM 8 ;;
        esac
    done
    rm -f "$RUN/supervisor.pid"
}

main() {
    ulimit -c 0 # the database's memory and the gateway's key go into no core either
    cd / || exit 1
    printf '%s\n' "$$" >"$RUN/supervisor.pid"
    trap 'stopping=1' TERM INT HUP
    trap : USR1
    rm -f "$RUN/nap" && mkfifo "$RUN/nap" && exec {nap}<>"$RUN/nap" || exit 1
    local turn=0
    while [ -z "$stopping" ]; do
        reap
        start_due
        if ((++turn % 100 == 0)); then trim_logs; fi
        read -r -t 0.2 -u "$nap" # nothing is ever written there: a pause without a process
    done
    stop_all
}
main
