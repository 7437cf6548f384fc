#!/bin/bash
# deploy/container/db.sh - PostgreSQL in its container: makes the cluster once, brings roles and their passwords up to date
# before anyone can connect, then becomes the server. Log-ins come over TCP with SCRAM; the superuser only over the socket.
# shellcheck disable=SC1091,SC2034
set -euo pipefail
PROGRAM=db STATE=/var/lib/postgresql/data RUN=/tmp CONF=/tmp SOCKET_DIR=/tmp RUN_AS=postgres
PGDATA_DIR=$STATE/cluster
. /usr/local/lib/zeren/common.sh
. /usr/local/lib/zeren/services.sh
. /usr/local/lib/zeren/postgres.sh
SERVER=("$PG_BIN/postgres" -D "$PGDATA_DIR")

passwords() {
    local role
    for role in "${PG_LOGINS[@]}"; do
        [ "$role" = postgres ] || printf "ALTER ROLE %s PASSWORD '%s';\n" "$role" "$(cat "/run/secrets/$role")"
    done
}

configure() {
    postgres_conf | sed "s/^listen_addresses = .*/listen_addresses = '*'/" | write_file "$PGDATA_DIR/postgresql.conf" 600
    printf 'local all postgres peer\nhost zeren all samenet scram-sha-256\nhost zeren all 127.0.0.1/32 scram-sha-256\n' |
        write_file "$PGDATA_DIR/pg_hba.conf" 600
}

prepare() {
    "${SERVER[@]}" -c listen_addresses='' &
    wait_for 60 postgres_answers
    if [ -z "$(superuser_psql -d postgres -Atqc "SELECT 1 FROM pg_database WHERE datname = 'zeren'")" ]; then
        superuser_psql -d postgres -qc "CREATE DATABASE zeren TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
    fi
    superuser_psql -q -v ON_ERROR_STOP=1 -1 -f /usr/local/share/zeren/roles.sql
    passwords | superuser_psql -q -v ON_ERROR_STOP=1 -1
    kill -INT "$!"
    wait "$!" || true
}

postgres_init
configure
prepare
exec "${SERVER[@]}"
