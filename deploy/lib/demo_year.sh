# shellcheck shell=bash
# deploy/lib/demo_year.sh - twelve months of Qingcheng (621021), 2024, on a moved clock: rules of the cadence, leaders and groups, then month by month visits, meetings,
# refinements and reports, some of them left out on purpose (deploy/data/demo/year/qingcheng_2024.csv). Sourced after demo_clock.sh and registry_data.sh.

YEAR=2024
SEED_FROM=2023-01-01 # accounts' units, posts and holders are there since
YEAR_DIVISION=621021000000
YEAR_PLAN=$DEMO/year/qingcheng_2024.csv
# What is done towards the end of a month, and its reports on the first work day behind it: what is late is told on that day, over the leap day and the holidays of May and October.
YEAR_DAYS=(01-26 02-27 03-27 04-26 05-29 06-26 07-29 08-28 09-26 10-29 11-27 12-27)
YEAR_REPORT_DAYS=(2024-02-01 2024-03-01 2024-04-01 2024-05-06 2024-06-03 2024-07-01 2024-08-01 2024-09-02 2024-10-08 2024-11-01 2024-12-02 2025-01-02)
YEAR_VILLAGES=(621021101200 621021102200 621021103200 621021104200)
YEAR_GROUPS=(产业振兴工作专班 人才振兴工作专班 文化振兴工作专班 生态振兴工作专班 组织振兴工作专班 粮食安全专责工作组 防止返贫专责工作组 基础设施专责工作组 公共服务专责工作组
    和美乡村专责工作组 农村改革专责工作组 城乡融合专责工作组 要素保障专责工作组 共同富裕专责工作组 强县富民专责工作组 党建引领专责工作组 综合协调专责工作组)

# As seed_rows has them: who accepts the county's reports, five leaders, five groups that report. Every role but the first is that of a department in the whole county.
year_rows() {
    local n titles=(县委副书记 常务副县长 副县长（农业农村） 副县长（教育卫生） 县委常委、宣传部部长) people=(姚甲 邵乙 汪丙 祁丁 毛戊)
    local units=('中共庆城县委员会|party_committee' '庆城县人民政府|government' '庆城县人民政府|government' '庆城县人民政府|government' '中共庆城县委员会|party_committee')
    printf '%s\n' 'qingyang_office|person|庆阳市委农村工作领导小组办公室|work_group||621000000000|{6210}||市农办业务岗|阳经办甲|prefecture_office'
    for n in 1 2 3 4 5; do
        printf '%s\n' "leader_$n|person|${units[n - 1]}||$YEAR_DIVISION|{621021}||${titles[n - 1]}|${people[n - 1]}|department_office|contact_leader"
        printf '%s\n' "group_$n|person|庆城县${YEAR_GROUPS[n - 1]}|work_group||$YEAR_DIVISION|{621021}||联络岗|联络员$n|department_office"
    done
}

omitted() { # MONTH WHAT WHO: prints how
    awk -F, -v month="$1" -v what="$2" -v who="$3" '$1 == month && $2 == what && $3 == who { print $4 }' "$YEAR_PLAN"
}

month_day() { printf '%s-%02d-%02d' "$YEAR" "$1" "$2"; }

# ---- what the year stands on --------------------------------------------------------------------------------------------

# Divisions are loaded before the clock is moved: who may do that has a second factor, whose codes go by the clock.
year_divisions() {
    { printf 'code,name\n' && gzip -dc "$ROOT/deploy/data/divisions.csv.gz" | grep -E '^(620000000000|621000000000|621021[0-9]{6}),'; } >"$WORK/year_divisions.csv"
    import_division_table "$WORK/year_divisions.csv"
}

import_division_table() { # FILE
    call system_admin '200|201' POST "/registry/divisions:import?valid_from=2023-06-30" -H 'Content-Type: text/csv' --data-binary "@$1"
}

year_units() {
    local n unit
    : >"$WORK/year_units.csv"
    printf 'owner_division,name,kind,line\n%s,庆城县委农村工作领导小组,work_group,\n' "$YEAR_DIVISION" >"$WORK/year_units.csv"
    for ((n = 5; n < 17; n++)); do printf '%s,庆城县%s,work_group,\n' "$YEAR_DIVISION" "${YEAR_GROUPS[n]}" >>"$WORK/year_units.csv"; done
    import_csv qingcheng_office /registry/organisations:import "$WORK/year_units.csv"
    printf '%s\n' 'organisation_division,organisation,title,duty,person,starts_on' "$YEAR_DIVISION,中共庆城县委员会,县委书记,first_responsible,臧己,2023-01-01" \
        "$YEAR_DIVISION,庆城县人民政府,县长,first_responsible,计庚,2023-01-01" >"$WORK/year_posts.csv"
    import_csv qingcheng_office /identity/posts:import "$WORK/year_posts.csv"
    call qingcheng_office 200 GET "/registry/organisations?limit=500"
    jq -r '.items[] | [.name, .id, .owner_division] | @tsv' "$WORK/answer" >"$WORK/organisations.tsv"
    : >"$WORK/year_post_ids.tsv"
    for unit in 中共庆城县委员会 庆城县人民政府; do
        call qingcheng_office 200 GET "/identity/posts?organisation_id=$(organisation_id "$unit")&limit=100"
        jq -r '.items[] | [.title, .id] | @tsv' "$WORK/answer" >>"$WORK/year_post_ids.tsv"
    done
}

year_post() { awk -F '\t' -v title="$1" '$1 == title { print $2; exit }' "$WORK/year_post_ids.tsv"; }

leader_post() { # N
    local titles=(县委副书记 常务副县长 副县长（农业农村） 副县长（教育卫生） 县委常委、宣传部部长)
    year_post "${titles[$1 - 1]}"
}

year_groups() {
    local n kind head
    head=$(year_post 县长)
    send qingcheng_office 201 POST /registry/groups "$(jq -cn --arg id "$(fixed_id "year group 0")" --arg unit "$(organisation_id 庆城县委农村工作领导小组)" \
        --arg a "$(year_post 县委书记)" --arg b "$head" '{id: $id, organisation_id: $unit, kind: "leading_group", title: "庆城县委农村工作领导小组", head_post_ids: [$a, $b], starts_on: "2024-01-01"}')"
    for ((n = 1; n <= 17; n++)); do
        kind=duty_group
        if [ "$n" -le 5 ]; then kind=special_group; fi
        send qingcheng_office 201 POST /registry/groups "$(jq -cn --arg id "$(fixed_id "year group $n")" --arg unit "$(organisation_id "庆城县${YEAR_GROUPS[n - 1]}")" \
            --arg kind "$kind" --arg title "庆城县${YEAR_GROUPS[n - 1]}" --arg head "$(leader_post $(((n - 1) % 5 + 1)))" --arg parent "$(fixed_id "year group 0")" \
            '{id: $id, organisation_id: $unit, kind: $kind, title: $title, parent_id: $parent, head_post_ids: [$head], starts_on: "2024-01-01"}')"
    done
}

# Four leaders have a village each; the fifth takes one over in May.
year_contacts() {
    local n
    for n in 1 2 3 4; do
        send qingcheng_office 201 POST /registry/contacts "$(jq -cn --arg id "$(fixed_id "year contact $n")" --arg division "${YEAR_VILLAGES[n - 1]}" --arg post "$(leader_post "$n")" \
            '{id: $id, owner_division: $division, kind: "charge", post_id: $post, starts_on: "2024-01-01"}')"
    done
}

# The rules of the cadence that the county keeps: models of the calendar taken over, with what it says otherwise.
year_rules() {
    local code more
    while IFS='|' read -r code more; do
        send qingcheng_office 201 POST /registry/cadence_rules "$(jq -cn --arg code "$code" --arg division "$YEAR_DIVISION" --argjson more "$more" \
            '{owner_division: $division, code: $code, valid_from: "2024-01-01", valid_to: "2025-01-01"} + $more')"
    done <<'RULES'
group_list|{"subject_codes":["special_group"]}
leader_visit|{}
group_dispatch|{}
group_refinement|{"subject_codes":["special_group"]}
group_month_report|{"subject_codes":["special_group"],"grace_work_days":3}
county_month_report|{"title":"县级月报告","subject":"division","levels":["3"],"action":"periodic_report","action_codes":["county_month_report"],"period":"month","grace_work_days":3,"source":"庆城县八项机制：月报告"}
leader_check|{}
group_check|{"subject_codes":["special_group"]}
leading_group_meeting|{}
leader_research|{}
quarter_analysis|{"grace_work_days":3}
half_year_summary|{"grace_work_days":3}
year_summary|{"grace_work_days":3}
annual_report|{"levels":["3"],"grace_work_days":3}
model_villages|{}
RULES
}

# Forms: a group reports to the county, the county to the city; what is counted by the system fills itself, each report is composed of the accepted ones of the shorter period.
year_forms() {
    local clause figures said trained
    clause=$(registry_clause_id qingcheng_office qingcheng_mechanisms 二)
    [ -n "$clause" ] || die "the clause on regular dispatch is not there"
    figures='[{"code":"visits","label":"走访次数","kind":"figure","figure":"visits"},{"code":"meetings","label":"会议次数","kind":"figure","figure":"meetings"},
        {"code":"obligations","label":"到期的应办事项","kind":"figure","figure":"obligations"},{"code":"obligations_met","label":"已办的到期应办事项","kind":"figure","figure":"obligations_met"}]'
    said='[{"code":"said","label":"工作情况","kind":"text","required":true}]'
    trained='[{"code":"trained","label":"培训人数","kind":"number","data_item":"people_trained","required":true}]'
    year_form qingcheng_office group_month_report 专班月报告 month "$clause" "$(jq -cn --argjson a "${figures}" --argjson b "$said" '$a[:2] + $b')" ''
    year_form qingyang_office county_month_report 县级月报告 month "$clause" "$(jq -cn --argjson a "$figures" --argjson b "$trained" --argjson c "$said" '$a + $b + $c')" ''
    year_form qingyang_office quarter_analysis 季度分析 quarter "$clause" "$(jq -cn --argjson a "$figures" --argjson b "$said" '$a + $b')" county_month_report
    year_form qingyang_office half_year_summary 半年小结 half_year "$clause" "$(jq -cn --argjson a "$figures" --argjson b "$said" '$a + $b')" quarter_analysis
    year_form qingyang_office year_summary 全年总结 year "$clause" "$(jq -cn --argjson a "$figures" --argjson b "$said" '$a + $b')" half_year_summary
    year_form qingyang_office annual_report 年度报告 year "$clause" "$(jq -cn --argjson a "$figures" --argjson b "$said" '$a + $b')" half_year_summary
}

year_form() { # ACCOUNT CODE TITLE PERIOD CLAUSE FIELDS COMPOSES
    send "$1" 201 POST /registry/report_forms "$(jq -cn --arg id "$(fixed_id "year form $2")" --arg code "$2" --arg title "$3" --arg period "$4" --arg clause "$5" --argjson fields "$6" \
        --arg composes "${7:+$(fixed_id "year form $7")}" '{id: $id, code: $code, title: $title, period: $period, level: 3, clause_id: $clause, fields: $fields,
         valid_from: "2024-01-01", assumed: true} + (if $composes == "" then {} else {composes_form_id: $composes} end)')"
}

# The list of a group: one task of one item, whose month is refined; approved and filed.
year_list() { # N
    local list task unit version=1 verb
    list=$(fixed_id "year list $1") task=$(fixed_id "year task $1") unit=$(organisation_id "庆城县${YEAR_GROUPS[$1 - 1]}")
    send qingcheng_office 201 POST /registry/duty_lists "$(jq -cn --arg id "$list" --arg division "$YEAR_DIVISION" --arg unit "$unit" --arg title "庆城县${YEAR_GROUPS[$1 - 1]}2024年任务清单" \
        '{id: $id, owner_division: $division, organisation_id: $unit, year: 2024, title: $title}')"
    send qingcheng_office 201 POST /registry/tasks "$(jq -cn --arg id "$task" --arg list "$list" '{id: $id, duty_list_id: $list, number: "01", title: "完成年度任务"}')"
    send qingcheng_office 201 POST /registry/items "$(jq -cn --arg id "$(fixed_id "year item $1")" --arg task "$task" --arg unit "$unit" '{id: $id, task_id: $task, title: "按月推进年度任务",
        lead_organisation_id: $unit, starts_on: "2024-01-02", due_on: "2024-12-31", measure: "value", target: "12", unit_of_measure: "月"}')"
    for verb in approve file bring_into_force; do
        call qingcheng_office 200 GET "/registry/duty_lists/$list"
        version=$(jq -r .version "$WORK/answer")
        call qingcheng_office 200 POST "/registry/duty_lists/$list:$verb" -H "If-Match: \"$version\""
    done
}

# ---- what is done -------------------------------------------------------------------------------------------------------

visit() { # ACCOUNT DIVISION DAY PURPOSE
    send "$1" 201 POST /registry/visits "$(jq -cn --arg division "$2" --arg day "$3" --arg purpose "$4" '{owner_division: $division, visited_on: $day, purpose: $purpose}')"
}

meet() { # GROUP-NUMBER DAY KIND SUBJECT
    send qingcheng_office 201 POST /registry/meetings "$(jq -cn --arg group "$(fixed_id "year group $1")" --arg day "$2" --arg kind "$3" --arg subject "$4" \
        '{group_id: $group, kind: $kind, held_on: $day, subject: $subject}')"
}

month_visits() { # MONTH
    local n who
    for n in 1 2 3 4; do
        who=leader_$n
        if [ -n "$(omitted "$1" visit "$who")" ]; then continue; fi
        if [ "$n" = 2 ] && [ "$1" = 5 ]; then continue; fi # the month of the hand-over is told apart
        if [ "$n" = 2 ] && [ "$1" -gt 5 ]; then who=leader_5; fi
        visit "$who" "${YEAR_VILLAGES[n - 1]}" "$(month_day "$1" $((10 + n)))" contact
    done
}

# Every two months a look unannounced, every quarter a thorough one, not in the linked village: what counts for one does not count for the other.
round_visits() { # MONTH
    local n
    for n in 1 2 3 4 5; do
        if [ $(($1 % 2)) = 0 ]; then
            if [ -z "$(omitted "$1" check "leader_$n")" ]; then visit "leader_$n" 621021105000 "$(month_day "$1" 18)" secret_check; fi
            visit "group_$n" 621021106000 "$(month_day "$1" 19)" secret_check
        fi
        if [ $(($1 % 3)) = 2 ]; then visit "leader_$n" 621021107000 "$(month_day "$1" 20)" research; fi
    done
}

month_meetings() { # MONTH
    local n
    for ((n = 1; n <= 17; n++)); do
        if [ -z "$(omitted "$1" meeting "group_$n")" ]; then meet "$n" "$(month_day "$1" $((5 + n % 15)))" dispatch "$1月调度会"; fi
    done
    if [ $(($1 % 3)) = 0 ] && [ -z "$(omitted "$1" meeting leading_group)" ]; then meet 0 "$(month_day "$1" 22)" group "第$(($1 / 3))季度领导小组会议"; fi
}

month_refinements() { # MONTH
    local n
    for n in 1 2 3 4 5; do
        if [ -n "$(omitted "$1" refinement "group_$n")$(omitted "$1" list "group_$n")" ]; then continue; fi
        send "group_$n" 201 POST "/registry/items/$(fixed_id "year item $n")/refinements" "{\"month\":\"$(month_day "$1" 1)\",\"content\":\"$1月任务细化到周\"}"
    done
}

# In December the groups report their year's item done, and the office confirms it.
year_items() {
    local n id
    for n in 1 2 3 4 5; do
        id=$(fixed_id "year report $n")
        send "group_$n" 201 POST "/registry/items/$(fixed_id "year item $n")/reports" "{\"id\":\"$id\",\"reported_on\":\"2024-12-18\",\"value\":\"12\",\"note\":\"全年任务完成\"}"
        send qingcheng_office 200 POST "/registry/reports/$id:confirm" '{}' -H 'If-Match: "1"'
    done
}

year_models() { # fifteen villages become models in October
    local n=0 code
    while read -r code && [ "$n" -lt 15 ]; do
        n=$((n + 1))
        send qingcheng_office 201 POST /registry/village_kinds "{\"owner_division\":\"$code\",\"kind\":\"model_county\",\"valid_from\":\"2024-10-20\"}"
    done < <(awk -F, '$1 ~ /^6210211.*[1-9]..$/ && $2 ~ /村/ { print $1 }' "$WORK/year_divisions.csv")
}

# ---- reports ------------------------------------------------------------------------------------------------------------

# Draws a report up, submits it, has it accepted; leaves its id in REPORT.
report_period() { # ACCOUNT ACCEPTING-ACCOUNT FORM FIRST-DAY [returned]
    local version numbers='{}'
    if [ "$3" = county_month_report ]; then numbers='{"trained":"120"}'; fi
    send "$1" 201 POST /registry/periodic_reports "$(jq -cn --arg form "$(fixed_id "year form $3")" --arg day "$4" --argjson numbers "$numbers" \
        '{form_id: $form, period_start: $day, numbers: $numbers, texts: {said: "按计划推进，问题已列入整改。"}}')"
    REPORT=$(jq -r .id "$WORK/answer")
    report_step "$1" submit '{}'
    if [ "${5:-}" = returned ]; then
        report_step "$2" return '{"decision_note":"请补充产业发展情况"}'
        version=$(jq -r .version "$WORK/answer")
        call "$1" 200 PATCH "/registry/periodic_reports/$REPORT" -H 'Content-Type: application/merge-patch+json' -H "If-Match: \"$version\"" \
            --data-binary '{"texts":{"said":"按计划推进，产业项目开工十二个。"}}'
        report_step "$1" submit '{}'
    fi
    report_step "$2" accept '{"decision_note":"同意"}'
}

report_step() { # ACCOUNT VERB BODY: on the report of the answer at hand
    local version
    version=$(jq -r .version "$WORK/answer")
    if [ "$3" = '{}' ]; then
        call "$1" 200 POST "/registry/periodic_reports/$REPORT:$2" -H "If-Match: \"$version\""
    else
        send "$1" 200 POST "/registry/periodic_reports/$REPORT:$2" "$3" -H "If-Match: \"$version\""
    fi
}

group_reports() { # MONTH: those of the month before that were late come with them
    local n
    for n in 1 2 3 4 5; do
        if [ "$(omitted $(($1 - 1)) group_month_report "group_$n")" = late ]; then report_period "group_$n" qingcheng_office group_month_report "$(month_day $(($1 - 1)) 1)"; fi
        if [ -z "$(omitted "$1" group_month_report "group_$n")" ]; then report_period "group_$n" qingcheng_office group_month_report "$(month_day "$1" 1)"; fi
    done
}

county_reports() { # MONTH
    report_period qingcheng_office qingyang_office county_month_report "$(month_day "$1" 1)" "$(omitted "$1" county_month_report county)"
    if [ $(($1 % 3)) = 0 ]; then report_period qingcheng_office qingyang_office quarter_analysis "$(month_day $(($1 - 2)) 1)"; fi
    if [ $(($1 % 6)) = 0 ]; then report_period qingcheng_office qingyang_office half_year_summary "$(month_day $(($1 - 5)) 1)"; fi
    if [ "$1" = 12 ]; then
        report_period qingcheng_office qingyang_office year_summary 2024-01-01
        report_period qingcheng_office qingyang_office annual_report 2024-01-01
        printf '%s\n' "$REPORT" | write_file "$STATE/annual_report.id" 644
    fi
}

# ---- late ones: told, urged, answered --------------------------------------------------------------------------------------

obligations() { # QUERY
    call qingcheng_office 200 GET "/registry/obligations?division=$YEAR_DIVISION&limit=500&$1"
}

# The worker makes what is owed and tells what is late within seconds of a new day.
await_obligations() { # QUERY JQ-CONDITION WHAT
    local deadline=$((SECONDS + 60))
    while true; do
        obligations "$1"
        if [ "$(jq "$2" "$WORK/answer")" = true ]; then return 0; fi
        [ "$SECONDS" -lt "$deadline" ] || die "after a minute the worker has not $3: see the log registry_worker in $LOG"
        sleep 0.3
    done
}

urge() { # RULE ANSWERING-ACCOUNT MATTER ANSWER: on what is late of that rule
    local id urging version
    obligations "state=late&rule=$1"
    id=$(jq -r '.items[-1].id // empty' "$WORK/answer")
    [ -n "$id" ] || die "nothing of $1 is late on $TODAY"
    send qingcheng_office 201 POST /registry/urgings "$(jq -cn --arg id "$id" --arg matter "$3" '{obligation_id: $id, matter: $matter, answer_work_days: 5}')"
    urging=$(jq -r .id "$WORK/answer") version=$(jq -r .version "$WORK/answer")
    send "$2" 200 POST "/registry/urgings/$urging:answer" "$(jq -cn --arg answer "$4" '{answer: $answer}')" -H "If-Match: \"$version\""
    version=$(jq -r .version "$WORK/answer")
    send qingcheng_office 200 POST "/registry/urgings/$urging:accept" '{"decision_note":"已说明，下月补足"}' -H "If-Match: \"$version\""
}

# ---- the months -----------------------------------------------------------------------------------------------------------

# In May the second leader hands his village over to the fifth: what either does outside his own days counts for nothing.
hand_over() {
    local id
    id=$(fixed_id "year contact 2")
    set_clock 2024-05-16
    visit leader_5 "${YEAR_VILLAGES[1]}" 2024-05-14 contact
    call qingcheng_office 200 GET "/registry/contacts/$id"
    send qingcheng_office 200 POST "/registry/contacts/$id:hand_over" "$(jq -cn --arg post "$(leader_post 5)" '{post_id: $post, on: "2024-05-16", note: "分工调整"}')" \
        -H "If-Match: \"$(jq -r .version "$WORK/answer")\""
}

after_hand_over() {
    visit leader_2 "${YEAR_VILLAGES[1]}" 2024-05-21 contact
    visit leader_5 "${YEAR_VILLAGES[1]}" 2024-05-23 contact
}

year_month() { # MONTH
    local first last
    first=$(month_day "$1" 1) last=$(date -d "$first +1 month -1 day" +%F)
    if [ "$1" = 5 ]; then hand_over; fi
    set_clock "$YEAR-${YEAR_DAYS[$1 - 1]}"
    await_obligations "rule=group_dispatch&due_from=$first&due_until=$last" '.items | length == 17' "made what is owed in month $1"
    if [ "$1" = 1 ]; then for n in 1 2 3 5; do year_list "$n"; done; fi
    month_visits "$1"
    if [ "$1" = 5 ]; then after_hand_over; fi
    round_visits "$1"
    month_meetings "$1"
    month_refinements "$1"
    if [ "$1" = 10 ]; then year_models; fi
    if [ "$1" = 12 ]; then year_items; fi
    set_clock "${YEAR_REPORT_DAYS[$1 - 1]}"
    if [ "$1" = 1 ]; then year_list 4; fi
    group_reports "$1"
    county_reports "$1"
    await_obligations "state=late&due_from=$first&due_until=$last" '.items | all(.late_told_on != null)' "told what is late in month $1"
    if [ "$1" = 2 ]; then urge leader_visit leader_3 请说明二月未到联系村走访的原因 当月外出培训，已安排三月两次走访; fi
    if [ "$1" = 11 ]; then urge group_refinement group_5 请说明十一月任务未细化的原因 人员调整，已补报十二月细化; fi
    show_month "$1" "$first" "$last"
}

load_year() {
    local month
    clock_stack reset
    rm -f "$RUN"/loaded.*
    say "making a stack of its own in $STATE"
    clock_stack up
    load_ports
    { registry_writer_rows && year_rows; } | seed_accounts seeded.year 201
    year_divisions
    set_clock 2024-01-02
    load_document qingcheng_mechanisms
    year_units
    year_groups
    year_contacts
    year_rules
    year_forms
    show_rules
    for month in {1..12}; do year_month "$month"; done
}

year() {
    local digest base
    stack_paths
    base=$STATE
    # shellcheck disable=SC2034
    ZEREN_STACK_DIR=$base-year ZEREN_SEED_FROM=$SEED_FROM
    stack_paths
    choose_user
    clock_build
    digest=$(cat "$YEAR_PLAN" "$ROOT"/deploy/lib/demo_{year,clock}.sh "$REGISTRY_DATA/documents/qingcheng_mechanisms.json" | sha256sum | cut -c1-32)
    # Whatever happens, nothing is left running; the state stays to be looked at.
    trap 'clock_stack down; rm -rf "$WORK"' EXIT
    if marked year "$digest"; then
        clock_stack up
        load_ports
        say "the year was run before: what it left in $STATE"
    else
        load_year
        mark year "$digest"
    fi
    show_year
}
