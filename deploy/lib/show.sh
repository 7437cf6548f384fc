# shellcheck shell=bash disable=SC2016
# deploy/lib/show.sh - what an office wants to see of its list, printed from the API's answers. Sourced after demo.sh.

# A Chinese character takes two columns of a terminal.
SHOW_JQ='def width: explode | map(if . >= 11904 then 2 else 1 end) | add // 0;
def pad(n): . + (" " * ([n - width, 0] | max));
def short(n): if width <= n then . else reduce (split("")[]) as $c (""; if ((. + $c) | width) <= n - 1 then . + $c else . end) + "…" end;
def cell(n): short(n) | pad(n);
def left(n): tostring | (" " * ([n - length, 0] | max)) + .;'

show() { jq -r "${@:2}" "$SHOW_JQ$1" "$WORK/answer"; }

show_list() {
    call county_office 200 GET "/registry/duty_lists/$LIST"
    say ""
    show '"\(.title)（第 \(.edition) 版，\({draft: "草稿", approved: "已审定", filed: "已备案", in_force: "执行中", superseded: "已被替代", closed: "已结束"}[.status] // .status)\(if .assumed then "，内容为假定" else "" end)）"'
    call county_office 200 GET "/registry/items?duty_list_id=$LIST&limit=500"
    show '.items | group_by(.task_number)[] | .[0].task_number + " " + (.[0].task_title | cell(46)) + " "
        + (map("\(.lead_organisation) \(.completion | sub("\\.?0+$"; ""))%") | join("，"))'
}

show_units() {
    call county_office 200 GET "/registry/duty_lists/$LIST/completion?by=unit&as_of=$DEMO_DAY"
    say ""
    say "各单位（截至 $DEMO_DAY）              事项  完成  逾期     进度"
    show '.groups[] | (.name | cell(34)) + " " + (.items | left(6)) + (.done | left(6)) + (.late | left(6)) + ("\(.completion)%" | left(9))'
}

show_late() {
    call county_office 200 GET "/registry/overdue_items?as_of=$DEMO_DAY&duty_list_id=$LIST&limit=500"
    say ""
    show '"逾期事项 \(.items | length) 项（截至 '"$DEMO_DAY"'）：任务 单位 期限 逾期工作日 责任人"'
    show '.items | sort_by(.task_number)[] | .task_number + " " + (.lead_organisation | cell(28)) + " " + .due_on + (.late_work_days | left(5)) + " 天  "
        + (.answers_for_it | map("\(.title) \(.holder // "（空缺）")") | join("；"))'
}

show_end() {
    local stack='deploy/stack' ca=var/ca.pem base=https://localhost:$PORT_TLS/api/v1 auth
    if [ -n "${ZEREN_STACK_DIR:-}" ]; then
        stack="ZEREN_STACK_DIR=$STATE deploy/stack" ca=$CA_PEM
    fi
    auth="-H \"Authorization: Bearer \$($stack token county_office)\""
    say ""
    say "Zeren is up: https://localhost:$PORT_TLS (pages: /docs/) and http://127.0.0.1:$PORT_HTTP; state in $STATE"
    say "accounts, one a role, token by $stack token ROLE: ${ROLES[*]}"
    say "try, from $ROOT:"
    say "curl -s --cacert $ca $auth '$base/registry/overdue_items?as_of=$DEMO_DAY&duty_list_id=$LIST'"
    say "curl -s --cacert $ca $auth '$base/registry/duty_lists/$LIST/completion?by=unit&as_of=$DEMO_DAY'"
    say "curl -s --cacert $ca $auth '$base/registry/divisions?parent_code=$DEMO_DIVISION'"
}
