#!/bin/bash
# deploy/lib/archive.sh STATE ARCHIVE PATH NAME - keeps one piece of the write-ahead log outside the stack, and before it the files and the ends of
# the audit chains that it may speak of: whatever moment the archive reaches, its files are there. PostgreSQL runs it from its copy in
# the state directory, and again until it succeeds.
set -euo pipefail
umask 077
STATE=$1 ARCHIVE=$2 SEGMENT=$3 NAME=$4

# Written beside, synced, renamed: a killed run leaves nothing that looks whole.
keep() { # TO COMMAND...: what the command writes, if it ends well
    local to=$1 new=$1.new.$$
    shift
    if "$@" >"$new" && sync "$new" && mv -f "$new" "$to"; then
        sync "$(dirname "$to")"
    else
        rm -f "$new"
        return 1
    fi
}

# A file of the store never changes, and its directory does when one comes. Two seconds back: what comes while they are looked through has an equal time.
keep_files() {
    local dir file stamp=$ARCHIVE/files.stamp
    touch -d '2 seconds ago' "$stamp.new"
    if [ ! -e "$stamp" ]; then touch -d @0 "$stamp"; fi
    [ ! -d "$STATE/files" ] || cd "$STATE/files"
    while IFS= read -r -d '' dir; do
        mkdir -p "$ARCHIVE/files/$dir"
        for file in "$dir"/*; do
            if [ -f "$file" ] && [ ! -e "$ARCHIVE/files/$file" ]; then keep "$ARCHIVE/files/$file" cat "$file" || [ ! -e "$file" ]; fi
        done
    done < <(find . -mindepth 3 -maxdepth 3 -type d -path './*/store/*' -newer "$stamp" -printf '%P\0' 2>/dev/null)
    mv -f "$stamp.new" "$stamp"
}

# The head first: anchors may be further than it, never the other way round.
keep_anchors() {
    local file
    for file in "$STATE"/anchors/*.head "$STATE"/anchors/*.anchors; do
        if [ -f "$file" ]; then keep "$ARCHIVE/anchors/${file##*/}" cat "$file"; fi
    done
}

if ! cmp -s "$ARCHIVE/id" "$STATE/archive.id"; then
    printf 'archive: %s is not the archive of this database, or its disk is not there\n' "$ARCHIVE" >&2
    exit 1
fi
mkdir -p "$ARCHIVE/wal" "$ARCHIVE/anchors" "$ARCHIVE/files"
case $SEGMENT in /*) ;; *) SEGMENT=$PWD/$SEGMENT ;; esac
if [ -e "$ARCHIVE/wal/$NAME.gz" ]; then
    cmp -s "$SEGMENT" <(gzip -dc "$ARCHIVE/wal/$NAME.gz") && exit 0
    printf 'archive: %s is there already and holds something else: two databases write into %s\n' "$NAME" "$ARCHIVE" >&2
    exit 1
fi
keep_files
keep_anchors
keep "$ARCHIVE/wal/$NAME.gz" gzip -1 -c "$SEGMENT"
