# shellcheck shell=bash
# deploy/lib/demo_tables.sh - tables through the API as an office sends them: a file, a batch that is staged, looked at and applied by another account; imports in
# one call; jobs waited for. Sourced after demo.sh.

TABLES_OF=registry # the service that tables go to

# Waits for a job; the answer is the job when it has ended.
await_job() { # ACCOUNT JOB
    local deadline=$((SECONDS + 60))
    while true; do
        call "$1" 200 GET "/$TABLES_OF/jobs/$2"
        if [ "$(jq -r .ended_at "$WORK/answer")" != null ]; then break; fi
        [ "$SECONDS" -lt "$deadline" ] || die "job $2 has not ended after a minute: see deploy/stack logs ${TABLES_OF}_worker"
        sleep 0.2
    done
    [ "$(jq -r .status "$WORK/answer")" = 'done' ] || die "job $2 ended as $(jq -r '"\(.status): \(.error_detail // .error_code // "")"' "$WORK/answer")"
}

send_file() { # ACCOUNT FILE NAME: leaves the id of the ready file in SENT_FILE
    send "$1" 201 POST "/$TABLES_OF/files" "$(jq -cn --arg name "$3" --argjson size "$(stat -c %s "$2")" --arg sum "$(sha256sum <"$2" | cut -d' ' -f1)" \
        '{name: $name, size: $size, sha256: $sum}')"
    SENT_FILE=$(jq -r .id "$WORK/answer")
    call "$1" 200 PATCH "/$TABLES_OF/files/$SENT_FILE/content" -H 'Content-Type: application/offset+octet-stream' -H 'Upload-Offset: 0' --data-binary "@$2"
}

# Stages a table as one account and has another one apply it; a row that cannot be taken ends the run and says why.
load_table() { # KIND FILE TITLE
    local batch version
    send_file county_office "$2" "$3.csv"
    send county_office 202 POST /registry/batches "$(jq -cn --arg kind "$1" --arg title "$3" --arg file "$SENT_FILE" '{kind: $kind, title: $title, file_id: $file}')"
    batch=$(jq -r .result.batch_id "$WORK/answer")
    await_job county_office "$(jq -r .id "$WORK/answer")"
    call county_office 200 GET "/registry/batches/$batch"
    if [ "$(jq -r .failed "$WORK/answer")" != 0 ]; then
        call county_office 200 GET "/registry/batches/$batch/rows?action=failed&limit=1"
        die "$3: row $(jq -r '.items[0] | "\(.row): " + ([.faults[] | "\(.column) \(.code)"] | join(", "))' "$WORK/answer")"
    fi
    say "$(jq -r --arg title "$3" '"\($title): \(.rows) rows, \(.inserts) new, \(.unchanged) there already"' "$WORK/answer")"
    if [ "$(jq -r '.inserts + .updates' "$WORK/answer")" = 0 ]; then return 0; fi
    version=$(jq -r .version "$WORK/answer")
    send prefecture_office 202 POST "/registry/batches/$batch:apply" '{"reason":"核对无误"}' -H "If-Match: \"$version\""
    await_job prefecture_office "$(jq -r .id "$WORK/answer")"
}

import_csv() { # ACCOUNT PATH FILE
    call "$1" 200 POST "$2" -H 'Content-Type: text/csv' --data-binary "@$3"
}

# The rows of a table of divisions that one account keeps, with the heading: by the beginning of the code in the first column.
rows_of() { # FILE PREFIX
    awk -F, -v prefix="$2" 'NR == 1 || index($1, prefix) == 1' "$1"
}
