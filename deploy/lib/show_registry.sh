# shellcheck shell=bash disable=SC2016
# deploy/lib/show_registry.sh - the figures of a county's responsibilities and chains of responsibility, printed from the API's answers. Sourced after show.sh.

# What a topic is called, as JSON: by the dictionary.
topic_names() {
    if [ ! -s "$WORK/topics.json" ]; then
        call "$1" 200 GET /registry/dictionaries/topic
        jq -c '[.items[] | {key: .code, value: .label}] | from_entries' "$WORK/answer" >"$WORK/topics.json" || die "the dictionary of topics is not as it was"
    fi
}

show_figures() {
    topic_names county_office
    say ""
    say "娄星区（$DEMO_DIVISION）责任体系，截至 $DEMO_DAY："
    call county_office 200 GET "/registry/contacts?within=$DEMO_DIVISION&kind=station&as_of=$DEMO_DAY&limit=500"
    show '"领导挂点    \([.items[].post_id] | unique | length) 名区级领导 → \([.items[].owner_division] | unique | length) 个村"'
    call county_office 200 GET "/registry/team_coverage?division=$DEMO_DIVISION&as_of=$DEMO_DAY"
    show '"驻村工作队  \(.teams) 支，\(.members) 人 → \(.villages_served) 个村；应派 \(.villages_needing) 个村，已派 \(.villages_covered) 个，重复派驻 \(.villages_doubly_served) 个"'
    call county_office 200 GET "/registry/items?duty_list_id=$LIST&limit=500"
    show '"责任清单    \([.items[].task_id] | unique | length) 项任务 → \(.items | length) 项分解，\([.items[].lead_organisation_id] | unique | length) 个牵头单位；\([.items[] | select(.weight != null)] | length) 项有权重"'
    call county_office 200 GET "/registry/tasks?duty_list_id=$LIST&limit=500"
    show '"任务领域    " + ([.items[].topic // ""] | group_by(.) | map("\($topics[0][.[0]] // "未定") \(length)") | join("，"))' --slurpfile topics "$WORK/topics.json"
    call county_office 200 GET "/registry/groups?division=$DEMO_DIVISION&as_of=$DEMO_DAY&limit=500"
    show '[.items[].kind] as $k | "工作组      " + ([["leading_group", "领导小组"], ["special_group", "专班"], ["duty_group", "专责组"]] | map(. as [$c, $w] | "\($w) \([$k[] | select(. == $c)] | length)") | join("，"))'
    call county_office 200 GET "/registry/documents?limit=500"
    show '"文件        \(.items | length) 件（本区和上级）"'
    call county_office 200 GET "/registry/duties?division=$DEMO_DIVISION&limit=500"
    show '"职责        \(.items | length) 项"'
}

show_gaps() {
    local day
    call county_office 200 GET "/registry/team_gaps?division=$DEMO_DIVISION&as_of=$DEMO_DAY&limit=500"
    say ""
    show '"驻村缺口（\($day)）：\(.items | length) 处", (.items[] | "  \(.division_name)：\(.words)")' --arg day "$DEMO_DAY"
    call county_office 200 GET "/registry/leaves/$(fixed_id "leave $LEAVE_VILLAGE")"
    day=$(jq -r .starts_on "$WORK/answer")
    call county_office 200 GET "/registry/team_gaps?division=$DEMO_DIVISION&as_of=$day&limit=500"
    show '"驻村缺口（\($day)）：\(.items | length) 处", (.items[] | "  \(.division_name)：\(.words)")' --arg day "$day"
    call county_office 200 GET "/registry/team_gaps?division=$DEMO_DIVISION&as_of=2028-01-10&limit=500"
    show '"驻村缺口（2028-01-10，任期届满次日）：" + (.items | group_by(.kind) | map("\({village_without_team: "应驻未驻", double_cover: "重复派驻", team_without_member: "队无人员",
        vacant_post: "岗位空缺", term_over: "任期已满", leave_without_cover: "请假无人顶岗"}[.[0].kind]) \(length) 处") | join("，"))'
}

# Level by level, from the division upward.
CHAIN_JQ='def duty: {first_responsible: "第一责任人", direct: "直接责任人", specific: "具体责任人"}[.] // .;
def link: {hook: "挂钩", charge: "包抓", station: "挂点", liaison: "定点联系", assist: "帮扶"}[.] // .;
def role: {first_secretary: "第一书记", team_leader: "队长", team_member: "队员"}[.] // .;
def fact: {visit: "走访", meeting: "会议", duty_list: "清单备案", refinement: "逐月细化", periodic_report: "定期报告", milestone: "完成节点", model: "示范创建", report: "进展报告",
    work_order: "办结指令"}[.] // .;
def who: .holder // (if .vacant then "（空缺）" else "（不详）" end);
def some(n): .[:n] + (if length > n then ["等 \(length) 项"] else [] end);
"责任链：\(.name)（\(.division)），\(.as_of)" + (if .asked != .division then "，按 \(.asked) 查询" else "" end) + (if .topic != null then "，领域 \($topics[0][.topic])" else "" end),
(.levels[] | "  \({"1": "省", "2": "市", "3": "县", "4": "乡", "5": "村"}["\(.level)"])级 \(.name)（\(.division)）" + (if .relation == "area" then "——功能区" else "" end),
  (.posts[] | "      \(.duty | duty)  \(.organisation)\(.title)  \(who)" + (if .since then "，自 \(.since)" else "" end)),
  (.contacts[] | "      \(.kind | link)  \(.who)  \(.holder // "")，自 \(.since)"),
  (.groups | if length > 0 then "      工作组  " + (map("\(.title)（组长 \(.holder // "空缺")）") | some(3) | join("；")) else empty end),
  (.teams[] | "      工作队  \(.name)，自 \(.since)：" + (.members | map("\(.role | role) \(.holder // "空缺")") | join("、"))),
  (.duties | if length > 0 then "      职责  " + (map("\(.title)（《\(.document)》\(.clause)）") | some(2) | join("；")) else empty end),
  (.tasks | if length > 0 then "      任务  " + (map("\(.number) \(.title)：\(.items | map(.lead_organisation) | join("、"))") | some(2) | join("；")) else empty end),
  (if .last_action then "      最近履职  \(.last_action.on_day) \(.last_action.kind | fact)" else empty end),
  (if .next_due then "      下一期限  \(.next_due.due_on) \(.next_due.title)" else empty end)),
(if .gaps == [] then "  没有缺口" else "  缺口：" + (.gaps | map(.words) | join("；")) end)'

show_chain() { # ACCOUNT DIVISION DAY [TOPIC]
    topic_names "$1"
    call "$1" 200 GET "/registry/chain?division=$2&as_of=$3${4:+&topic=$4}"
    say ""
    show "$CHAIN_JQ" --slurpfile topics "$WORK/topics.json"
}

show_chains() {
    show_chain county_office "$LEAVE_VILLAGE" "$(TZ=Asia/Shanghai date +%F)" poverty_prevention
    say ""
    say "功能区：郑屯镇由兴义市和义龙新区管理"
    show_chain qianxinan_office 522301112000 2026-06-30
    show_chain qianxinan_office 522301112000 2025-06-30
    say ""
    say "2025年7月1日换了乡镇的村：按新旧代码查，答案是当天的乡镇"
    show_chain qingcheng_office 621021100299 2026-06-30
    show_chain qingcheng_office 621021100299 2025-06-30
    say ""
    say "当天岗位空缺"
    show_chain qingcheng_office 621021205201 2025-09-15
}
