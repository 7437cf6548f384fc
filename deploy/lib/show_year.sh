# shellcheck shell=bash disable=SC2016
# deploy/lib/show_year.sh - what a county owed in a year and what became of it, printed from the API's answers. Sourced after show_registry.sh and demo_year.sh.

STATE_JQ='def state: {open: "未到期", met: "按时", met_late: "迟办", late: "逾期", released: "解除"}[.] // .;'

show_rules() {
    call qingcheng_office 200 GET "/registry/cadence_rules?division=$YEAR_DIVISION&limit=100"
    say ""
    show '"庆城县（621021000000）2024年：周期规则 \(.items | length) 条，包抓领导 5 名，专班 5 个，专责组 12 个"'
}

show_month() { # MONTH FIRST LAST
    obligations "due_from=$2&due_until=$3"
    show "$STATE_JQ"'"\($month)  应履职 \(.items | length | left(3))：" + (.items | group_by(.state) | map("\(.[0].state | state) \(length)") | join("，"))
        + ([.items[] | select(.state == "late" or .state == "met_late") | "\(.state | state) \(.title)（\(.subject_name)）"] | if length > 0 then "；" + (.[:3] | join("、")) + (if length > 3 then "等" else "" end) else "" end)' \
        --arg month "${2:0:7}"
}

show_year() {
    show_year_rules
    show_year_late
    show_answers
    show_hand_over
    show_annual_report
    say ""
    say "当年的责任链：交接前后各一天，最近履职和下一期限也是当天的"
    show_chain qingcheng_office "${YEAR_VILLAGES[1]}" 2024-05-15
    show_chain qingcheng_office "${YEAR_VILLAGES[1]}" 2024-06-20
}

show_year_rules() {
    local from until
    : >"$WORK/year.json"
    for from in 2024-01-01 2024-04-01 2024-07-01 2024-10-01; do
        until=$(date -d "$from +3 months -1 day" +%F)
        obligations "due_from=$from&due_until=$until"
        [ "$(jq -r .next_cursor "$WORK/answer")" = null ] || die "more than 500 obligations from $from on"
        jq -c '.items[]' "$WORK/answer" >>"$WORK/year.json"
    done
    say ""
    say "2024年各项周期                                  应履职  按时  迟办  逾期  解除"
    jq -rs "$SHOW_JQ"'def n(s): [.[] | select(.state == s)] | length | left(6);
        (group_by(.rule)[] | (.[0].title | cell(46)) + " " + (length | left(7)) + n("met") + n("met_late") + n("late") + n("released")),
        ("合计" | cell(46)) + " " + (length | left(7)) + n("met") + n("met_late") + n("late") + n("released")' "$WORK/year.json"
}

show_year_late() {
    say ""
    say "逾期和迟办：期限 → 告知逾期的日子（节假日不算工作日）"
    jq -rs "$STATE_JQ"'sort_by(.due_on, .title)[] | select(.state == "late" or .state == "met_late")
        | "  \(.due_on) → \(.late_told_on // "（宽限内）")  \(.state | state)  \(.title)（\(.subject_name)）" + (if .met_on then "，办于 \(.met_on)" else "" end)' "$WORK/year.json"
    call qingcheng_office 200 GET "/registry/escalations?limit=500"
    show '"逐级上报 \(.items | length) 次：", (.items | group_by([.due_on, .title])[] | "  \(.[0].due_on) \(.[0].title)：" + (sort_by(.step) | map("第\(.step)步 \(.on_day) → \(.to_division)") | join("，")))'
}

show_answers() {
    call qingcheng_office 200 GET "/registry/urgings?limit=100"
    say ""
    show '"督办 \(.items | length) 件：", (.items[] | "  \(.issued_on) \(.addressee)：\(.matter)；答复（\(.status)）：\(.answer)")'
}

show_hand_over() {
    local thread
    thread=$(fixed_id "year contact 2")
    say ""
    say "月中交接（${YEAR_VILLAGES[1]}，2024-05-16 由常务副县长交县委常委、宣传部部长）："
    call qingcheng_office 200 GET "/registry/obligations?subject_id=$thread&limit=100"
    show '.items | sort_by(.period_start) | "  全年 \(length) 项，\([.[].period_start] | unique | length) 个月各一项；按时 \([.[] | select(.state == "met")] | length) 项"'
    call qingcheng_office 200 GET "/registry/obligations/$(jq -r '.items[] | select(.period_start == "2024-05-01") | .id' "$WORK/answer")"
    show '"  五月：应 \(.needed) 次，计 \(.done) 次：" + (.facts | map("\(.on_day)") | join("、")) + "（接任者 05-14、交接者 05-21 的走访不在各自任内，不计）"'
}

show_annual_report() {
    local report file path=$STATE/annual_report_2024.pdf
    report=$(cat "$STATE/annual_report.id")
    call qingcheng_office 200 GET "/registry/periodic_reports/$report"
    say ""
    show '"年度报告：\(.form)，\(.period_start) 至 \(.period_end)，\({accepted: "已审核"}[.status] // .status)，由 \(.part_ids | length) 份已审核的半年小结汇成，缺 \(.missing | length) 份",
        (.figures[] | "  \(.label) \(.value)\(.unit_of_measure)（重新统计 \(.recount)）"), "  两数不同处：各月报告以当月末为准，月末以后才记下的重新统计才有", "  摘要 \(.digest)"'
    call qingcheng_office 200 GET "/registry/papers?record_id=$report&limit=10"
    if [ "$(jq '.items | length' "$WORK/answer")" = 0 ]; then
        send qingcheng_office 201 POST /registry/papers "{\"template\":\"periodic_report\",\"record_id\":\"$report\"}"
    else
        jq '.items[0]' "$WORK/answer" >"$WORK/paper" && mv "$WORK/paper" "$WORK/answer"
    fi
    say "文号 $(jq -r '"\(.number)，\(.pages) 页"' "$WORK/answer")"
    file=$(jq -r .file_id "$WORK/answer")
    call qingcheng_office 200 GET "/registry/files/$file/content"
    [ "$(head -c 5 "$WORK/answer")" = '%PDF-' ] || die "the paper is no PDF"
    cp "$WORK/answer" "$path" || die_step "writing $path"
    say "文件 $path，$(stat -c %s "$path") 字节（GET /files/$file/content）"
}
