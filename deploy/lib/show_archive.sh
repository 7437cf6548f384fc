# shellcheck shell=bash disable=SC2016
# deploy/lib/show_archive.sh - what became of a town's archive, printed from the API's answers. Sourced after show.sh and demo_archive.sh.

show_batch() { # BATCH
    batch_of monitoring_office "$1"
    say ""
    show '"\(.title)：\(.rows) 行，新增 \(.inserts)，更新 \(.updates)，不变 \(.unchanged)，有错误 \(.failed)；已应用 \(.applied) 行"
        + (if .undone > 0 then "，已撤销 \(.undone) 行，保留 \(.not_undone) 行（\(.reason)）" else "" end)'
}

# By sheet, row and column; rows that wait for others of their household are counted.
show_faults() { # BATCH
    call town_office 200 GET /registry/dictionaries/row_fault
    jq -c '[.items[] | {key: .code, value: .label}] | from_entries' "$WORK/answer" >"$WORK/faults.json"
    call town_office 200 GET "/monitoring/batches/$1/rows?action=failed&limit=500"
    show '[.items[] | select(any(.faults[]; .code != "bundle_failed"))][] as $r | $r.faults[] | select(.code != "bundle_failed")
        | "  表《\(if $r.part == 1 then "户" else "成员" end)》第 \($r.row) 行  \(if .column == "" then "（整行）" else .column end | cell(28)) \($words[0][.code] // .code)"' --slurpfile words "$WORK/faults.json"
    show '"  同户的其他 \([.items[] | select(all(.faults[]; .code == "bundle_failed"))] | length) 行一并退回"'
}

HOUSEHOLD_JQ='"  \(.household_number // .id)  \(.head_name)  \(.member_count) 人  \(.address // "")（\(.owner_division)）"'

show_found() { # WORDS PATH
    call monitoring_office 200 GET "/monitoring/$2"
    show '"\($words)：\(.items | length) 户\(if .next_cursor then "以上" else "" end)", (.items[:2][] | '"$HOUSEHOLD_JQ"')' --arg words "$1"
}

show_finding() {
    local number name
    call monitoring_office 200 GET "/monitoring/households/$(made looked_at)"
    number=$(jq -r .household_number "$WORK/answer") name=$(jq -r '.head_name[:1] | @uri' "$WORK/answer")
    call monitoring_office 200 GET "/monitoring/households/$(made looked_at)/members?limit=20"
    jq -r '[.items[] | select(.relation == "head")][0].id' "$WORK/answer" >"$WORK/head"
    say ""
    show_found "按户编号 $number" "households?household_number=$number&limit=2"
    show_found "按户主姓名前缀 $(printf '%b' "${name//%/\\x}")" "households?within=$ARCHIVE_TOWN&name_prefix=$name&limit=2"
    show_found "按住址或姓名中的字 大屋组" "households?within=$ARCHIVE_TOWN&text=$(jq -rn '"大屋组" | @uri')&limit=2"
}

# A number in full is given with a reason, which is kept; then the person is found by it.
show_unmasked() {
    local head
    head=$(cat "$WORK/head")
    call town_office 200 GET "/monitoring/members/$head"
    show '"户主（乡镇看到的）：\(.name)  \(.id_number)  \(.phone // "无电话")"'
    send monitoring_office 200 POST "/monitoring/members/$head:unmask" '{"fields":["id_number"],"reason":"入户核对身份证号码"}'
    show '"户主（区监测机构，写明事由）：\(.name)  \(.id_number)"'
    jq -c '{id_number}' "$WORK/answer" >"$WORK/number"
    send monitoring_office 200 POST /monitoring/members:find "$(cat "$WORK/number")"
    show '"按身份证号码查找：\(.items | length) 人，\(.items[0].name)"'
}

show_moved() {
    local here there
    if [ -z "$(made accepted)" ]; then
        call monitoring_office 200 GET /registry/calendar
        say ""
        show '"迁移：从略。工作日历只到 \(.last_day)，导入下一年的放假安排后再运行一次"'
        return 0
    fi
    call monitoring_office '200|404' GET "/monitoring/households/$(made moving)"
    here=$STATUS
    call other_monitoring_office '200|404' GET "/monitoring/households/$(made moving)"
    there=$STATUS
    say ""
    say "迁移：娄星区查询 $here，双峰县查询 $there"
    show "$HOUSEHOLD_JQ"
    call other_monitoring_office 200 GET "/monitoring/transfers/$(made accepted)"
    show '"  \(.from_division) → \(.to_division)：\(.reason)；\(.decision_note)（\({accepted: "已接收"}[.status] // .status)）"'
}

# A figure is a minute behind at most.
show_counts() {
    local deadline=$((SECONDS + 60)) want=$1
    while true; do
        call monitoring_office 200 GET "/monitoring/archive_figures?division=$ARCHIVE_TOWN&by=division"
        if [ "$(jq -r .totals.households "$WORK/answer")" = "$want" ] || [ "$SECONDS" -ge "$deadline" ]; then break; fi
        sleep 1
    done
    say ""
    show '"涟滨街道：\(.totals.households) 户 \(.totals.members) 人，监测对象 \(.totals.monitored) 户", (.groups[] | "  \(.name | cell(16)) \(.households | left(5)) 户 \(.members | left(5)) 人")'
    call monitoring_office 200 GET "/monitoring/archive_figures?division=$ARCHIVE_TOWN&by=household_type"
    show '.groups[] | "  \(.name | cell(16)) \(.households | left(5)) 户 \(.members | left(5)) 人"'
}

show_archive() {
    show_batch "$(made first)"
    show_faults "$(made first)"
    say "  错误文件：$STATE/archive_errors_households.xlsx、$STATE/archive_errors_members.xlsx"
    show_batch "$(made second)"
    show_finding
    show_unmasked
    show_moved
    show_batch "$(made wrong)"
    if [ -n "$(made accepted)" ]; then show_counts 149; else show_counts 150; fi
}
