#!/bin/bash
# deploy/container/migrate.sh - brings the database up to date, once it answers; then ends. The password goes by a file that
# libpq accepts: one that nobody else can read.
set -u
umask 077
printf '*:*:*:zeren_migrate:%s\n' "$(cat /run/secrets/zeren_migrate)" >/tmp/password
for _ in {1..60}; do
    migrate --db "$ZEREN_DB passfile=/tmp/password" zeren=/migrations/zeren registry=/migrations/registry monitoring=/migrations/monitoring identity=/migrations/identity
    status=$?
    [ "$status" -eq 3 ] || exit "$status" # 3: cannot be reached, yet
    sleep 1
done
exit 3
