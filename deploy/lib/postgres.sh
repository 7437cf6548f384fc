# shellcheck shell=bash
# deploy/lib/postgres.sh - the stack's own PostgreSQL cluster: made, configured, asked. Sourced after common.sh.

# Log-in roles that the services' user may take over the Unix socket (peer authentication). Root is the superuser, too.
PG_LOGINS=(postgres zeren_migrate "${SERVICES[@]/%/_service}" "${WORKERS[@]}" zeren_audit)

postgres_present() {
    [ -x "$PG_BIN/postgres" ] || die "PostgreSQL 15 is missing: run deploy/quickstart, or install postgresql-15"
}

# initdb works beside the final place and is renamed, so a killed one leaves nothing that looks whole.
postgres_init() {
    [ -s "$PGDATA_DIR/PG_VERSION" ] && return 0
    rm -rf "$PGDATA_DIR" "$PGDATA_DIR.new"
    own_dir "$PGDATA_DIR.new" 700
    say "making a PostgreSQL cluster in $PGDATA_DIR"
    as_user "$PG_BIN/initdb" -D "$PGDATA_DIR.new" -U postgres -E UTF8 --locale=C.UTF-8 --data-checksums \
        --auth-local=peer --auth-host=reject >"$RUN/initdb.log" 2>&1 || die_step "making the PostgreSQL cluster" "$RUN/initdb.log"
    mv "$PGDATA_DIR.new" "$PGDATA_DIR"
}

# Dynamic shared memory lives in /dev/shm; a bare root may not have it.
shared_memory_type() {
    if as_user test -w /dev/shm 2>/dev/null; then printf posix; else printf mmap; fi
}

# max_connections: deploy/README.md has the sum. Nothing a statement carries may reach the log.
postgres_conf() {
    cat <<CONF
# written by deploy/stack at every start
listen_addresses = ''
port = $PG_PORT
unix_socket_directories = '$SOCKET_DIR'
unix_socket_permissions = 0700
max_connections = 200
superuser_reserved_connections = 3
shared_buffers = 128MB
effective_cache_size = 1GB
dynamic_shared_memory_type = $(shared_memory_type)
work_mem = 8MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = on
max_wal_size = 2GB
checkpoint_completion_target = 0.9
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, ymd'
lc_messages = 'C.UTF-8'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_error_verbosity = terse
log_min_messages = warning
log_min_error_statement = panic
log_statement = 'none'
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_duration_sample = -1
log_transaction_sample_rate = 0
log_checkpoints = off
shared_preload_libraries = ''
session_preload_libraries = ''
ssl = off
client_connection_check_interval = '1s'
max_slot_wal_keep_size = '8GB'
idle_in_transaction_session_timeout = '60s'
CONF
}

# An archive is of one database, as DIR/id and STATE/archive.id say alike: another one would write other pieces under the same names. Where it was and is no more,
# its disk may not be there.
own_archive() { # DIR
    local mine=$STATE/archive.id
    if [ -e "$1/id" ]; then
        cmp -s "$1/id" "$mine" || die "$1 is the archive of another database: one that was restored, or made anew, takes another ARCHIVE_DIR"
        return 0
    fi
    if [ "$(cut -d' ' -f2 "$mine" 2>/dev/null)" = "$1" ]; then die "the archive $1 is not there: is its disk mounted?"; fi
    [ -z "$(ls -A "$1" 2>/dev/null)" ] || die "$1 is neither empty nor an archive: choose another ARCHIVE_DIR"
    own_dir "$1" 700
    printf '%s %s\n' "$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')" "$1" | write_file "$mine" 644
    write_file "$1/id" 644 "$RUN_AS" <"$mine"
}

# Every piece of the write-ahead log is kept outside, too, once ARCHIVE_DIR says where (conf/archive.local); ARCHIVE_SECONDS: what may be lost of a machine at most.
archive_conf() {
    local ARCHIVE_DIR='' ARCHIVE_SECONDS=60
    # shellcheck source=/dev/null
    if [ -r "$CONF/archive.local" ]; then . "$CONF/archive.local"; fi
    [ -n "$ARCHIVE_DIR" ] || return 0
    [[ $ARCHIVE_DIR =~ ^/[A-Za-z0-9/._-]+$ && $ARCHIVE_SECONDS =~ ^[0-9]+$ ]] ||
        die "ARCHIVE_DIR is an absolute path of letters, digits and / . _ -, ARCHIVE_SECONDS a number: $CONF/archive.local"
    own_archive "$ARCHIVE_DIR"
    as_user test -w "$ARCHIVE_DIR" || die "user $RUN_AS cannot write to $ARCHIVE_DIR: choose another ARCHIVE_DIR"
    install_file "$ROOT/deploy/lib/archive.sh" "$BIN/archive" 755
    cat <<CONF
archive_mode = on
archive_command = '/bin/bash $BIN/archive $STATE $ARCHIVE_DIR %p %f'
archive_timeout = $ARCHIVE_SECONDS
CONF
}

postgres_configure() {
    local role archive
    archive=$(archive_conf) || exit 1
    { postgres_conf; printf '%s\n' "$archive"; } | renew_file "$PGDATA_DIR/postgresql.conf" 600 "$RUN_AS"
    printf 'local all all peer map=zeren\nlocal replication postgres peer map=zeren\n' | renew_file "$PGDATA_DIR/pg_hba.conf" 600 "$RUN_AS"
    {
        for role in "${PG_LOGINS[@]}"; do printf 'zeren %s %s\n' "$RUN_AS" "$role"; done
        [ "$RUN_AS" = root ] || printf 'zeren root postgres\n'
    } | renew_file "$PGDATA_DIR/pg_ident.conf" 600 "$RUN_AS"
    start_file postgres "exec $PG_BIN/postgres -D $PGDATA_DIR"
}

# psql as the cluster's superuser, on zeren unless the arguments say otherwise.
superuser_psql() {
    local name
    for name in ${!PG*}; do
        case $name in PG_* | PGDATA_DIR) ;; *) unset "$name" ;; esac
    done
    LC_ALL=C.UTF-8 "$PG_BIN/psql" -X -h "$SOCKET_DIR" -p "$PG_PORT" -U postgres -d zeren "$@"
}

postgres_answers() { "$PG_BIN/pg_isready" -q -h "$SOCKET_DIR" -p "$PG_PORT" -U postgres -d postgres; }

# Database, roles, schema: each step does nothing when it is done already.
postgres_prepare() {
    local log=$RUN/migrate.log
    if [ -z "$(superuser_psql -d postgres -Atqc "SELECT 1 FROM pg_database WHERE datname = 'zeren'" 2>"$log")" ]; then
        superuser_psql -d postgres -qc "CREATE DATABASE zeren TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'" \
            >"$log" 2>&1 || die_step "creating database zeren" "$log"
    fi
    PGOPTIONS='' superuser_psql -q -v ON_ERROR_STOP=1 -1 -f "$SHARE/roles.sql" >"$log" 2>&1 || die_step "creating roles" "$log"
    as_user "$BIN/migrate" --db "host=$SOCKET_DIR port=$PG_PORT dbname=zeren user=zeren_migrate" \
        "zeren=$SHARE/migrations/zeren" "registry=$SHARE/migrations/registry" "monitoring=$SHARE/migrations/monitoring" \
        "identity=$SHARE/migrations/identity" \
        >"$log" 2>&1 || die_step "migrating the database" "$log"
}

# The migrations go where the processes' user can read them.
share_migrations() {
    local pair
    rm -rf "$SHARE/migrations.new"
    for pair in zeren=common/db registry=services/registry monitoring=services/monitoring identity=services/identity; do
        install -d -m 755 "$SHARE/migrations.new" "$SHARE/migrations.new/${pair%%=*}"
        install -m 644 "$ROOT/${pair#*=}"/migrations/*.sql "$SHARE/migrations.new/${pair%%=*}/" || die_step "copying migrations"
    done
    rm -rf "$SHARE/migrations"
    mv "$SHARE/migrations.new" "$SHARE/migrations"
    install -m 644 "$ROOT/deploy/postgres/roles.sql" "$SHARE/roles.sql" || die_step "copying roles.sql"
}
