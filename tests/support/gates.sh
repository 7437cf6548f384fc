#!/bin/bash
# tests/support/gates.sh - rules that no compiler checks: sizes, layers, words that may not be used, numbered rules that code and document
# share. One line a gate: `ok WHAT` or `FAILED WHAT` and what breaks it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

gate() { # WHAT: breaks when standard input has a line
    local found
    found=$(cat)
    if [ -z "$found" ]; then
        printf 'ok %s\n' "$1"
    else
        printf 'FAILED %s\n' "$1"
        head -n 20 <<<"$found" | sed 's/^/    /'
    fi
}

sources() { find common services tests -name "$1" -not -path '*/node_modules/*'; }

longer() { # LINES PATTERN
    sources "$2" | xargs wc -l | awk -v max="$1" '$2 != "total" && $1 > max { print $2 ": " $1 " lines" }'
}
longer 500 '*.c' | gate 'a .c file has at most 500 lines'
longer 200 '*.h' | gate 'a .h file has at most 200 lines'
longer 60 'main.c' | gate 'a main.c has at most 60 lines'

# Lines: 100 columns, in tables (between clang-format fences) 130 and what a summary sentence takes.
for file in $(find common services -name '*.[ch]'); do
    awk -v file="$file" '/clang-format off/ { fenced = 1 } /clang-format on/ { fenced = 0 }
        { n = $0; gsub(/[^\x01-\x7f]/, "", n); if (!fenced && length(n) > 160) print file ":" NR ": " length(n) " columns" }' "$file"
done | gate 'no line outside a table is longer than a screen'

for file in $(sources '*.[ch]') $(sources '*.mjs') $(sources '*.sql') $(find deploy tests -name '*.sh'); do
    head -n 3 "$file" | grep -qE '^(/\*|//|--|#)' || echo "$file"
done | gate 'a file says at its head what it is for'

uses() { # DIRECTORIES PATTERN: #include lines that match
    grep -rnE --include='*.[ch]' "^#include [<\"]$2" $1
}
uses common/core '(keys|db|auth|http|registry|identity|monitoring)/' | gate 'core stands on nothing'
uses common/tables '(keys|db|auth|audit|http|work|feed|jobs|files|papers|batch)/' | gate 'tables stands on core'
uses common/papers '(keys|db|auth|audit|http|work|feed|jobs|files|tables|batch)/' | gate 'papers stands on core'
uses common/files '(auth|audit|http|work|feed|jobs|papers|tables|batch)/' | gate 'files stands on core, keys and db'
uses 'common services' '(archive(_entry)?|expat|xlsxwriter)\.h' | grep -v '^common/tables/' | gate 'libarchive, expat and libxlsxwriter are known to tables alone'
uses common/keys '(db|auth|http)/' | gate 'keys stands on core'
uses common/db '(auth|audit|work|feed|jobs|files|papers|tables|batch|http)/' | gate 'db stands on core and keys'
uses common/work '(auth|audit|feed|jobs|files|papers|tables|batch|http)/' | gate 'work stands on core, keys and db'
uses common/feed '(auth|audit|jobs|files|papers|tables|batch|http)/' | gate 'feed stands on work'
uses common/jobs '(auth|audit|feed|files|papers|tables|batch|http)/' | gate 'jobs stands on work'
uses common/batch '(auth|audit|feed|papers|http)/' | gate 'batch stands on jobs, files and tables'
uses common/auth '(audit|http)/' | gate 'auth stands on core, keys and db'
uses common/audit '(auth|http)/' | gate 'audit stands on core, keys and db'
uses 'common services' 'openssl/' | grep -vE '^common/(keys/openssl\.h|core/)' | gate 'OpenSSL is known by keys/openssl.h alone, above core'
uses 'common services' 'libpq-fe.h' | grep -v '^common/db/' | gate 'libpq is known to db alone'
uses 'common services' '(ulfius|microhttpd)\.h' | grep -v '^common/http/' | gate 'ulfius and libmicrohttpd are known to http alone'
uses 'common services' 'jwt\.h' | grep -v '^common/auth/token\.c' | gate 'libjwt is known to auth/token.c alone'
uses 'common services' 'jansson\.h' | grep -vE '^common/(http/(decode|decode_array|render|sync_merge)|auth/token(_[a-z]+)?|audit/import)\.c' | gate 'jansson is known to decode, render, merge, token and import alone'
uses services/registry '.*(identity|monitoring)' | gate 'registry knows the others by their views only'
uses services/identity '.*(registry|monitoring)' | gate 'identity knows the others by their views only'
uses services/monitoring '.*(registry|identity)' | gate 'monitoring knows the others by their views only'

banned() { # PATTERN DIRECTORIES GLOB
    grep -rnE --include="$3" "$1" $2
}
banned 'PQescape' 'common services' '*.[ch]' | gate 'SQL gets its values as parameters (no PQescape*)'
banned '\bsetlocale *\(' 'common services' '*.[ch]' | grep -v '^common/core/banned.h' | gate 'the locale is not changed'
banned '\b(malloc|calloc|realloc|free|strdup) *\(' services '*.c' | gate 'services take memory from the arena'
banned '\b(strcpy|strcat|sprintf|gets|strtok|atoi|atol|alloca) *\(' 'common services' '*.[ch]' | grep -v '^common/core/banned.h' | gate 'no unbounded string functions'
banned '\bgoto\b' 'common services' '*.[ch]' | grep -v '/\*.*goto' | gate 'no goto'
# A revocation and a key's end are compared with the database's own clock.
banned '\bnow\(\)|\b(CURRENT_(DATE|TIMESTAMP)|LOCALTIME(STAMP)?)\b' 'services/*/sql' '*.sql' | grep -vE '(INSERT INTO|FROM) revocation|retired_at' | gate 'business time is a parameter'
banned '\b(TODO|FIXME|HACK)\b' 'common services deploy tests proto' '*.[chs]*' | grep -v 'gates.sh' | gate 'nothing is left for later'
banned '\bBYPASSRLS|SECURITY DEFINER' 'common/db/migrations services/*/migrations deploy/postgres' '*.sql' | grep -vE 'NOBYPASSRLS|^services/identity/migrations/00(07_use_api_tokens|11_hold_rights_firm|17_tell_rights|18_reach_former_divisions)\.sql|^common/db/migrations/000(3_seal_audit|4_feed)\.sql' | gate 'nobody passes by the row policies'
banned '\b(clock_gettime|gettimeofday|time) *\(' 'common services' '*.c' | grep -vE '^common/core/clock\.c|CLOCK_MONOTONIC' | gate 'the wall clock is read in core/clock.c alone'

# Of the registry R, of identity and audit A, of the feed E, of jobs J, of files F, of batches B, of sync M with one digit, of monitoring M with three.
rules() { grep -rhoE '\b([RAEJFBM]-[0-9]{3}|M-[0-9])\b' "$@" | sort -u; }
comm -23 <(rules services common --include='*.[ch]' --include='*.sql') <(rules proto/*.md) | gate 'every rule cited in code is written down in proto'
comm -13 <(rules services common --include='*.[ch]' --include='*.sql') <(rules proto/*.md) | gate 'every rule written down in proto is cited in code'
comm -13 <(rules tests --include='*.mjs' --include='*.c') <(rules proto/*.md) | gate 'every rule written down in proto is named by a test'

# States: what the document says is what the tables have.
for fsm in services/*/*_fsm.c; do
    sed -nE 's/^ *\{"([a-z_]+)", *"([a-z_]+)", *"([a-z_]+)".*/\1 \2 \3/p' "$fsm"
done | sort >build/tests/fsm.code 2>/dev/null
for pair in $(awk '{ print $1 "/" $2 "/" $3 }' build/tests/fsm.code 2>/dev/null); do
    IFS=/ read -r from verb to <<<"$pair"
    grep -qE "\| $from \| $verb \| $to \||$from → $verb → $to|$verb → $to" proto/*.md || echo "$from $verb $to"
done | gate 'every step of a state table is written down in proto'

for file in $(find deploy tests .ci -type f \( -name '*.sh' -o -path 'deploy/stack' -o -path 'deploy/keys' -o -path 'deploy/database' -o -path 'deploy/quickstart' -o -path 'tests/run' -o -path '.ci/run' \) -not -path '*/node_modules/*'); do
    bash -n "$file" 2>&1
done | gate 'every script parses'
git ls-files -z -- ':!tests/fuzz/corpus' ':!tests/unit/workbooks' 2>/dev/null | xargs -0 -r grep -lIP '\r$' 2>/dev/null | gate 'lines end with LF'
