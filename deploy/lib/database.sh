# shellcheck shell=bash
# deploy/lib/database.sh - backups of a stack's database, files and audit anchors; a stack made of one, of a moment between two, or of another that it followed.
# Knows no key: they have a backup of their own (deploy/keys). Sourced after common.sh, services.sh, postgres.sh and running.sh.

# A backup is a directory: database/ (as pg_basebackup wrote it), files/ (the stores), anchors/, `backup` (KEY=VALUE lines), `stored` (names of the files),
# `sums` over the last three and the database's manifest.

pg_tool() { env -i PATH="$PG_BIN:/usr/bin:/bin" LC_ALL=C.UTF-8 "$PG_BIN/$1" "${@:2}"; }
value_of() { sed -n "s/^$2=//p" "$1"; } # FILE KEY
moment() { superuser_psql -Atqc "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"; }
own_all() { if [ "$(id -u)" = 0 ]; then chown -R "$RUN_AS:$RUN_AS" "$@"; fi; }

# The names of the keys that sealed fields, sessions and seals may be under; a name opens nothing.
key_names() {
    sed -nE 's/^([0-9a-f]{8}) ([a-z]+) .*/\2 \1/p' "$KEYS"/{field,session,seal}.keys 2>/dev/null | sort
}

# ---- backup ---------------------------------------------------------------------------------------------------------

# What is removed meanwhile was recorded by nothing any more.
copy_files() { # FROM TO: the stores; what is still being uploaded begins anew
    local store status
    for store in "$1"/*/store; do
        [ -d "$store" ] || continue
        mkdir -p "$2/${store#"$1"/}"
        tar -C "$store" --exclude='*.new.*' -cf - . 2>>"$LOG/database.log" | tar -C "$2/${store#"$1"/}" -xf - --no-same-owner --no-same-permissions
        status=("${PIPESTATUS[@]}")
        [ "${status[0]}" -le 1 ] && [ "${status[1]}" = 0 ] || die_step "copying the files of $store" "$LOG/database.log"
    done
}

copy_anchors() { # FROM TO: heads first, for anchors may be further than they, never the other way round
    local file
    mkdir -p "$2"
    for file in "$1"/*.head "$1"/*.anchors; do
        if [ -f "$file" ]; then cp "$file" "$2/" || die_step "copying $file"; fi
    done
}

stored_files() { (cd "$1" && find . -type f -path './*/store/*' -printf '%P\n' | sort); }

describe_backup() { # DIR BEGUN ENDED
    printf 'format=1\nbegun=%s\nended=%s\narchive=%s\n' "$2" "$3" "$(archive_dir)"
    printf 'first_wal=%s\n' "$(sed -nE 's/^START WAL LOCATION: .*\(file ([0-9A-F]{24})\)$/\1/p' "$1/database/backup_label")"
    key_names | sed 's/^/key=/'
}

archive_dir() {
    local ARCHIVE_DIR=''
    # shellcheck source=/dev/null
    if [ -r "$CONF/archive.local" ]; then . "$CONF/archive.local"; fi
    printf '%s' "$ARCHIVE_DIR"
}

base_backup() { # TO WORDS...
    local to=$1
    shift
    pg_tool pg_basebackup -h "$SOCKET_DIR" -p "$PG_PORT" -U postgres -D "$to" -X stream -c fast --manifest-checksums=SHA256 "$@" >>"$LOG/database.log" 2>&1 ||
        die_step "copying the database" "$LOG/database.log"
}

# The files come behind the database, so that whatever it speaks of is there; the anchors before it, so that they are not ahead of it.
backup() { # DIR
    local to begun ended
    to=$(realpath -m -- "$1")
    [ ! -e "$to" ] || die "$to exists already: a backup is a new directory"
    [ ! -e "$to.new" ] || die "$to.new is in the way: left by a backup that was broken off"
    postgres_answers || die "PostgreSQL does not answer: deploy/stack up"
    umask 077
    : >"$LOG/database.log"
    mkdir -p "$to.new" || die_step "creating $to.new"
    begun=$(moment)
    copy_anchors "$STATE/anchors" "$to.new/anchors"
    base_backup "$to.new/database"
    ended=$(moment)
    copy_files "$STATE/files" "$to.new/files"
    mkdir -p "$to.new/files"
    stored_files "$to.new/files" >"$to.new/stored"
    describe_backup "$to.new" "$begun" "$ended" >"$to.new/backup"
    (cd "$to.new" && find backup stored anchors database/backup_manifest -type f -print0 | sort -z | xargs -0 sha256sum >sums) || die_step "writing sums"
    sync -f "$to.new" && mv "$to.new" "$to" || die_step "finishing $to"
    say "backup    $to, $(du -sh "$to" | cut -f1)"
    say "holds     everything up to $begun, nothing of after $ended"
    say "The keys are not in it: deploy/keys backup FILE. Nor are settings ($CONF/*.local) and the passwords of demonstration accounts ($SECRET)."
}

# ---- verify ---------------------------------------------------------------------------------------------------------

verify_files() { # DIR: each file of a store is named by the digest of what it holds
    (cd "$1" && find . -type f -path './*/store/*' -print0 | xargs -0 -r sha256sum) |
        awk '{ n = split($2, part, "/"); if ($1 != part[n]) { print $2; bad = 1 } } END { exit bad }'
}

verify_backup() { # DIR
    local changed
    [ "$(value_of "$1/backup" format 2>/dev/null)" = 1 ] || die "$1 is not a backup that deploy/database made"
    changed=$(cd "$1" && sha256sum --quiet -c sums 2>/dev/null) || die "the backup was changed: ${changed//$'\n'/, }"
    changed=$(pg_tool pg_verifybackup -q "$1/database" 2>&1) || die "the backup's database was changed: $changed"
    changed=$(verify_files "$1/files") || die "files of the backup were changed: ${changed//$'\n'/, }"
    changed=$(diff "$1/stored" <(stored_files "$1/files")) || die "files of the backup are missing, or too many: ${changed//$'\n'/, }"
}

verify() {
    local dir
    dir=$(realpath -e -- "$1") || exit 1
    verify_backup "$dir"
    say "good      $dir: everything up to $(value_of "$dir/backup" begun), $(wc -l <"$dir/stored") files"
}

# ---- restore --------------------------------------------------------------------------------------------------------

check_keys() { # FILE: with lines key=PURPOSE KID
    local missing
    missing=$(comm -23 <(sed -n 's/^key=//p' "$1" | sort) <(key_names))
    [ -z "$missing" ] ||
        die "keys that this data is under are not in $KEYS (${missing//$'\n'/, }): first put them there with deploy/keys restore FILE"
}

check_reason() {
    if [ -z "$1" ] || [ ${#1} -gt 300 ]; then die "--reason TEXT (300 characters at most): it stays among the anchors of the audit for good"; fi
}

# With its zone, so that nobody restores to an hour that he does not mean.
in_utc() { # TIME
    [[ $1 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}[T\ ][0-9:.]+\ ?(Z|[+-][0-9]{2}:?[0-9]{2})$ ]] && date -u -d "$1" '+%Y-%m-%d %H:%M:%S.%6N+00' 2>/dev/null
}

# Where recovery ends: with the backup itself, with the archive, or behind the last change of before a moment.
recovery_conf() { # TO ARCHIVE
    printf 'hot_standby = off\narchive_mode = off\n'
    if [ -z "$1" ]; then
        printf "restore_command = 'false'\nrecovery_target = 'immediate'\n"
    else
        printf "restore_command = 'test -f %s/wal/%%f.gz && gzip -dc %s/wal/%%f.gz >%%p'\n" "$2" "$2"
        if [ "$1" != latest ]; then printf "recovery_target_time = '%s'\n" "$1"; fi
    fi
    printf "recovery_target_action = 'promote'\n"
}

# The data directory stands beside its place until all is done, so a killed run leaves nothing that looks whole.
lay_out() { # BACKUP TO ARCHIVE ANCHORS
    local room=$STATE/restoring
    rm -rf "$room"
    install -d -m 700 "$room"
    cp -R --reflink=auto "$1/database" "$room/postgres" || die_step "copying the database"
    chmod 700 "$room/postgres"
    rm -f "$room"/postgres/{postmaster.pid,standby.signal}
    { postgres_conf; recovery_conf "$2" "$3"; } >"$room/postgres/postgresql.conf"
    touch "$room/postgres/recovery.signal"
    mkdir -p "$room/files"
    copy_files "$1/files" "$room/files"
    if [ -n "$3" ]; then copy_files "$3/files" "$room/files"; fi
    copy_anchors "$4" "$room/anchors"
    fit_files "$room/files"
    chmod 700 "$room/anchors" "$room"
    own_all "$room"
}

fit_files() { # DIR: as the services keep them
    find "$1" -type d -exec chmod 750 {} + -o -type f -exec chmod 440 {} +
}

start_restored() {
    touch "$LOG/restore.log" && own_all "$LOG/restore.log"
    trap stop_restored EXIT
    : >"$LOG/restore.log"
    as_user "$PG_BIN/pg_ctl" -D "$PGDATA_DIR" -l "$LOG/restore.log" -s -w -t 604800 start 8>&- 9>&- && wait_for 604800 recovery_over && recovered && return 0
    if grep -q 'recovery ended before configured recovery target' "$LOG/restore.log"; then
        die "the archive ends before that moment: its last change is of $(sed -nE 's/.*last completed transaction was at log time //p' "$LOG/restore.log" | tail -n 1); --to latest takes all of it"
    fi
    die_step "recovering the database" "$LOG/restore.log"
}

recovered() { [ "$(superuser_psql -d postgres -Atqc 'SELECT pg_is_in_recovery()' 2>/dev/null)" = f ]; }
recovery_over() { recovered || [ ! -e "$PGDATA_DIR/postmaster.pid" ]; }

stop_restored() {
    trap - EXIT
    [ ! -e "$PGDATA_DIR/postmaster.pid" ] || as_user "$PG_BIN/pg_ctl" -D "$PGDATA_DIR" -s -w -t 600 -m fast stop
}

# Files that the database knows and the stores do not have: of a moment that the backup or the archive of files does not reach.
missing_files() { # DIR
    local service
    for service in $(superuser_psql -Atqc "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'blob' AND c.relkind = 'r'"); do
        comm -23 <(superuser_psql -Atqc "SELECT sha256 COLLATE \"C\" FROM $service.blob ORDER BY 1") \
            <(cd "$1/$service/store" 2>/dev/null && find . -type f -printf '%f\n' | LC_ALL=C sort)
    done
}

# What makes a database that was put back one that may serve: another history for clients, a chain of audit that goes on by a word of its administrator.
settle() { # REASON ANCHORS FILES: 1 with a warning when the audit is not clean
    local settings missing clean=0
    superuser_psql -q -1 -v ON_ERROR_STOP=1 -f "$ROOT/deploy/postgres/restored.sql" >"$LOG/database.log" 2>&1 || die_step "beginning another history" "$LOG/database.log"
    mapfile -t settings < <(audit_settings)
    as_user "${settings[@]}" ZEREN_ANCHOR_DIR="$2" "$BIN/zeren-audit" reanchor --reason "$1" || die "the chain of audit does not go on with these keys and anchors"
    as_user "${settings[@]}" ZEREN_ANCHOR_DIR="$2" "$BIN/zeren-audit" verify --pending-max 864000 || clean=1
    missing=$(missing_files "$3" | wc -l)
    [ "$missing" = 0 ] || warn "$missing files are recorded whose content is nowhere: give the store that has them (README), or the worker tells them as lost"
    [ $clean = 0 ] || warn "the audit log does not verify: see above, and keep the backup"
    return $clean
}

empty_here() {
    supervisor_pid >/dev/null && die "the stack runs: deploy/stack down, and reset or another ZEREN_STACK_DIR"
    [ ! -e "$PGDATA_DIR" ] || die "$STATE has a database: restore into an empty stack directory (deploy/stack reset removes this one, keys included)"
    [ -e "$STATE/restoring" ] || [ -z "$(find "$STATE/files" -type f -print -quit 2>/dev/null)" ] || die "$STATE/files is not empty: move it away, or give it as --archive has it"
}

restore() { # DIR TO ARCHIVE ANCHORS REASON
    local dir to='' archive='' anchors at clean=0
    dir=$(realpath -e -- "$1") || exit 1
    check_reason "$5"
    empty_here
    verify_backup "$dir"
    if [ -n "$2" ]; then
        archive=$(realpath -m -- "${3:-$(value_of "$dir/backup" archive)}")
        [ -d "$archive/wal" ] || die "a moment behind the backup needs its archive: --archive DIR"
        to=latest
        if [ "$2" != latest ]; then to=$(in_utc "$2") || die "--to takes latest, or a time with its zone, as 2026-03-01T09:30:00+08:00"; fi
        if [[ $to < $(in_utc "$(value_of "$dir/backup" ended)") ]]; then die "the backup holds no state before $(value_of "$dir/backup" ended): take an earlier one"; fi
    fi
    anchors=${4:-$dir/anchors}
    if [ -z "$4" ] && [ -n "$archive" ]; then anchors=$archive/anchors; fi
    check_keys "$dir/backup"
    lock
    empty_here # still, after the wait
    make_dirs
    install_binaries
    lay_out "$dir" "$to" "$archive" "$anchors"
    PGDATA_DIR=$STATE/restoring/postgres
    start_restored
    at=$(superuser_psql -Atqc "SELECT coalesce(to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '-')")
    if [ "$at" = - ]; then at=$(value_of "$dir/backup" ended); fi
    settle "$5" "$STATE/restoring/anchors" "$STATE/restoring/files" || clean=3
    stop_restored
    put_in_place
    say "restored  $STATE; its last change is of $at"
    say "Next: deploy/stack up, and a backup. Everybody logs in anew; who was locked out, or whose token was revoked after that moment, is to be again."
    return $clean
}

put_in_place() {
    rm -rf "$STATE/files" "$STATE/anchors"
    mv -T "$STATE/restoring/files" "$STATE/files" && mv -T "$STATE/restoring/anchors" "$STATE/anchors" && mv -T "$STATE/restoring/postgres" "$STATE/postgres" ||
        die_step "putting what was restored in its place"
    rm -rf "$STATE/restoring"
}

# ---- a standby ------------------------------------------------------------------------------------------------------

# Follows a stack on this machine, of the same user; a slot there keeps what it has not had yet, 8 GB of it at most. Called again, it goes on with what stood still.
standby() { # STATE-OF-THE-PRIMARY
    local from
    from=$(realpath -e -- "$1") || exit 1
    is_standby || empty_here
    lock
    if is_standby; then
        grep -qxF "FOLLOWS='$from'" "$CONF/standby.local" || die "$STATE follows another stack: $(cat "$CONF/standby.local")"
        [ -e "$PGDATA_DIR/standby.signal" ] || die "a promotion was begun here: run deploy/database promote again"
        make_slot "$from" || warn "the stack in $from does not answer: this one follows when it does"
    else
        empty_here # still, after the wait
        copy_primary "$from"
    fi
    note_keys "$from"
    postgres_configure
    supervisor_pid >/dev/null || start_supervisor
    wait_for 600 postgres_answers || die_step "waiting for the standby" "$LOG/postgres.log"
    say "standby   $STATE follows $from; deploy/database lag tells how far it is behind"
}

# The copy has a slot that ends with it, whatever ends it; the one that stays is made behind it.
copy_primary() { # STATE-OF-THE-PRIMARY
    local from=$1
    make_dirs
    install_binaries
    rm -rf "$PGDATA_DIR.new"
    own_dir "$PGDATA_DIR.new" 700
    : >"$LOG/database.log"
    drop_slot "$from" || die_step "asking the stack in $from" "$LOG/database.log"
    if ! (SOCKET_DIR=$(STATE=$from socket_dir) base_backup "$PGDATA_DIR.new" -R); then
        rm -rf "$PGDATA_DIR.new"
        exit 1
    fi
    # shellcheck disable=SC2064
    trap "drop_slot ${from@Q}" EXIT # which slot that is, is known now
    make_slot "$from" || die_step "making a slot in $from" "$LOG/database.log"
    printf "primary_slot_name = '%s'\n" "$(slot_name)" >>"$PGDATA_DIR.new/postgresql.auto.conf" || die_step "writing what it follows"
    own_all "$PGDATA_DIR.new"
    printf "FOLLOWS='%s'\n" "$from" | write_file "$CONF/standby.local" 644
    mv -T "$PGDATA_DIR.new" "$PGDATA_DIR" || die_step "putting the copy in its place"
    trap - EXIT
}

slot_name() { printf 'standby_%s' "$(printf '%s' "$STATE" | sha256sum | cut -c1-12)"; }

ask_first() { # STATE-OF-THE-PRIMARY SQL
    superuser_psql -h "$(STATE=$1 socket_dir)" -d postgres -v ON_ERROR_STOP=1 -Atqc "$2" >>"$LOG/database.log" 2>&1
}

make_slot() { # STATE-OF-THE-PRIMARY
    ask_first "$1" "SELECT pg_create_physical_replication_slot('$(slot_name)', true) WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '$(slot_name)')"
}

drop_slot() { # STATE-OF-THE-PRIMARY
    ask_first "$1" "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '$(slot_name)' AND NOT active"
}

# Which keys the first has now: it makes others while it is followed. Where they cannot be read any more, those that were seen last.
note_keys() { # STATE-OF-THE-PRIMARY
    local name
    for name in field session seal; do
        if [ ! -r "$1/keys/$name.keys" ] || [ ! -s "$1/keys/$name.keys" ]; then return 0; fi
    done
    KEYS=$1/keys key_names | sed 's/^/key=/' | write_file "$CONF/standby.keys" 644
}

is_standby() { [ -r "$CONF/standby.local" ] && [ -e "$PGDATA_DIR/PG_VERSION" ]; }

lag() {
    local FOLLOWS=''
    is_standby || die "$STATE is no standby"
    # shellcheck source=/dev/null
    . "$CONF/standby.local"
    note_keys "$FOLLOWS"
    superuser_psql -d postgres -Atqc "SELECT format('streaming %s, behind %s bytes, last change %s', coalesce((SELECT status FROM pg_stat_wal_receiver), 'no'),
      pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), coalesce(pg_last_xact_replay_timestamp()::text, '-'))"
}

# The one before must be gone for good: two that serve are two histories.
promote() { # REASON FILES ANCHORS
    local FOLLOWS='' from files anchors clean=0
    check_reason "$1"
    is_standby || die "$STATE is no standby: deploy/database standby makes one"
    # shellcheck source=/dev/null
    . "$CONF/standby.local"
    if "$PG_BIN/pg_isready" -q -h "$(STATE=$FOLLOWS socket_dir)" -p "$PG_PORT" -d postgres; then die "the stack in $FOLLOWS still serves: stop it for good first (deploy/stack down)"; fi
    files=${2:-$FOLLOWS/files} anchors=${3:-$FOLLOWS/anchors}
    [ -d "$files" ] || die "the files of $FOLLOWS are not there: give them with --files DIR (files/ of an archive or of a backup)"
    [ -d "$anchors" ] || die "the anchors of $FOLLOWS are not there: give them with --anchors DIR"
    note_keys "$FOLLOWS"
    check_keys "$CONF/standby.keys"
    lock
    supervisor_pid >/dev/null || start_supervisor
    wait_for 600 postgres_answers || die_step "waiting for the standby" "$LOG/postgres.log"
    mkdir -p "$STATE/files" "$STATE/anchors"
    copy_files "$files" "$STATE/files"
    fit_files "$STATE/files"
    copy_anchors "$anchors" "$STATE/anchors"
    chmod 700 "$STATE/anchors"
    own_all "$STATE/files" "$STATE/anchors"
    recovered || superuser_psql -d postgres -Atqc 'SELECT pg_promote(true, 600)' | grep -qx t || die_step "promoting the standby" "$LOG/postgres.log"
    settle "$1" "$STATE/anchors" "$STATE/files" || clean=3
    stop
    rm -f "$CONF/standby.local" "$CONF/standby.keys"
    say "promoted  $STATE. Next: deploy/stack up, and a backup. Everybody logs in anew."
    return $clean
}
