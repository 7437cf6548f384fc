# shellcheck shell=bash
# deploy/lib/demo_archive.sh - a town's archive through the API: a workbook with faults imported, put right and imported again, a household that moves to another county, a batch that is taken back.
# What was made is kept under $RUN, so that a second run prints the same. Sourced after demo.sh and demo_tables.sh.

# shellcheck disable=SC2034
TABLES_OF=monitoring
DEMO_ARCHIVE=$DEMO/archive
ARCHIVE_TOWN=431302006000
MOVED_TO=431321001001 # a village of the other county
MADE=$RUN/archive

made() { cat "$MADE.$1" 2>/dev/null; }
made_now() { # NAME VALUE
    printf '%s\n' "$2" | write_file "$MADE.$1" 644
}

batch_of() { call "$1" 200 GET "/monitoring/batches/$2"; }

stage_archive() { # ACCOUNT TITLE JSON-OF-FILES: leaves the id in BATCH
    send "$1" 202 POST /monitoring/batches "$(jq -c --arg title "$2" '{kind: "archive", title: $title} + .' <<<"$3")"
    BATCH=$(jq -r .result.batch_id "$WORK/answer")
    await_job "$1" "$(jq -r .id "$WORK/answer")"
}

step_batch() { # ACCOUNT BATCH apply|undo REASON
    batch_of "$1" "$2"
    send "$1" 202 POST "/monitoring/batches/$2:$3" "$(jq -cn --arg reason "$4" '{reason: $reason}')" -H "If-Match: \"$(jq -r .version "$WORK/answer")\""
    await_job "$1" "$(jq -r .id "$WORK/answer")"
    batch_of "$1" "$2"
}

# The error file of one part: 1 households, 2 members.
error_file() { # ACCOUNT BATCH PART FILE
    send "$1" 202 POST "/monitoring/batches/$2:error_file" "{\"part\":$3}"
    await_job "$1" "$(jq -r .id "$WORK/answer")"
    call "$1" 200 GET "/monitoring/files/$(jq -r .result.file_id "$WORK/answer")/content"
    cp "$WORK/answer" "$4" || die_step "writing $4"
}

import_town() {
    send_file town_office "$DEMO_ARCHIVE/lianbin.xlsx" 涟滨街道农户.xlsx
    stage_archive town_office 涟滨街道农户档案 "{\"file_id\":\"$SENT_FILE\"}"
    made_now first "$BATCH"
    step_batch monitoring_office "$BATCH" apply 核对无误，有错误的户退回更正
}

# What the town's office does by hand: the marked cells are filled in, the file goes back.
import_mended() {
    local home=$STATE/archive_errors_households.xlsx member=$STATE/archive_errors_members.xlsx file
    error_file town_office "$(made first)" 1 "$home"
    error_file town_office "$(made first)" 2 "$member"
    cp "$home" "$WORK/households.xlsx" || die_step "copying the households' error file"
    cp "$member" "$WORK/members.xlsx" || die_step "copying the members' error file"
    perl "$ROOT/deploy/lib/mend_workbook.pl" 户 "$DEMO_ARCHIVE/mends.csv" "$WORK/households.xlsx" || die_step "correcting the households"
    perl "$ROOT/deploy/lib/mend_workbook.pl" 成员 "$DEMO_ARCHIVE/mends.csv" "$WORK/members.xlsx" || die_step "correcting the members"
    send_file town_office "$WORK/households.xlsx" 涟滨街道农户（更正）.xlsx
    file=$SENT_FILE
    send_file town_office "$WORK/members.xlsx" 涟滨街道成员（更正）.xlsx
    stage_archive town_office 涟滨街道农户档案（更正） "{\"file_id\":\"$file\",\"member_file_id\":\"$SENT_FILE\"}"
    made_now second "$BATCH"
    step_batch monitoring_office "$BATCH" apply 更正后核对无误
}

# The first household of the town by its number, and of the others the one that moves and those that a batch changes.
choose_households() {
    call town_office 200 GET "/monitoring/households?division=431302006003&limit=20"
    made_now town "$(jq -c '.items | sort_by(.household_number)' "$WORK/answer")"
    made_now looked_at "$(made town | jq -r '.[0].id')"
    made_now moving "$(made town | jq -r '.[1].id')"
}

# Would the transfer be taken? The other side has work days to answer in: it is refused where the work calendar ends before (R-035).
may_move() { # BODY
    send monitoring_office "200|422" POST "/monitoring/transfers?validate_only=true" "$1"
    [ "$STATUS" = 200 ] || [[ $(problem_line) == *calendar* ]] || die "a transfer was refused: $(problem_line)"
    [ "$STATUS" = 200 ]
}

# Offered by the county that has it, accepted by the other one; where the calendar ends, once a further year is loaded.
move_household() {
    local transfer body
    if [ -n "$(made accepted)" ]; then return 0; fi
    body=$(jq -cn --arg household "$(made moving)" --arg to "$MOVED_TO" '{household_id: $household, to_division: $to, reason: "整户搬迁至双峰县"}')
    may_move "$body" || return 0
    send monitoring_office 201 POST /monitoring/transfers "$body"
    made_now offered "$(jq -r .id "$WORK/answer")"
    call other_monitoring_office 200 GET "/monitoring/transfers?status=requested&side=receiving&limit=100"
    transfer=$(jq -r --arg from 431302 '[.items[] | select((.from_division // "") | startswith($from))] | last | .id // empty' "$WORK/answer")
    [ -n "$transfer" ] || die "the other county has no transfer to decide"
    send other_monitoring_office 200 POST "/monitoring/transfers/$transfer:accept" '{"decision_note":"同意接收"}' -H 'If-Match: "1"'
    made_now accepted "$transfer"
}

# A table of addresses that should not have been sent: applied, then taken back.
undo_table() {
    made town | jq -r '["户编号,行政村代码,家庭住址"] + [.[2:7][] | "\(.household_number),\(.owner_division),误填地址"] | .[]' >"$WORK/wrong.csv"
    send_file town_office "$WORK/wrong.csv" 误报.csv
    printf '户编号,姓名\r\n' >"$WORK/nobody.csv"
    local file=$SENT_FILE
    send_file town_office "$WORK/nobody.csv" 无成员.csv
    stage_archive town_office 误报的住址 "{\"file_id\":\"$file\",\"member_file_id\":\"$SENT_FILE\"}"
    made_now wrong "$BATCH"
    step_batch monitoring_office "$BATCH" apply 未仔细核对
    step_batch monitoring_office "$BATCH" undo 住址填错，全部退回
}

# Each step leaves a mark, so that a run that was broken off goes on where it was.
once() { # STEP
    [ -e "$MADE.$1.done" ] && return 0
    "$1"
    made_now "$1.done" 1
}

load_archive() {
    local digest step
    digest=$(digest "$DEMO_ARCHIVE"/* "$ROOT/deploy/lib/demo_archive.sh")
    if ! marked archive "$digest"; then rm -f "${MADE:?}".*; fi
    mark archive "$digest"
    for step in import_town import_mended choose_households; do once "$step"; done
    move_household
    once undo_table
}
