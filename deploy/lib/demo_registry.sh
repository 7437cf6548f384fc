# shellcheck shell=bash
# deploy/lib/demo_registry.sh - the demonstration county's leaders, work teams, groups and documents, and divisions that are no plain case, loaded through the API.
# Every step finds out what is there already; a marker, written last, lets a whole part be skipped. Sourced after demo.sh, demo_tables.sh and registry_data.sh.

DEMO_REGISTRY=$DEMO/registry
LEAVE_VILLAGE=431302006201 # whose team has a member on leave; a village of the town that town_office works in

# ---- units, posts and people ------------------------------------------------------------------------------------------

load_structure() {
    local prefix account
    while read -r prefix account; do
        rows_of "$DEMO_REGISTRY/organisations.csv" "$prefix" >"$WORK/units.csv"
        import_csv "$account" /registry/organisations:import "$WORK/units.csv"
        rows_of "$DEMO_REGISTRY/posts.csv" "$prefix" >"$WORK/posts.csv"
        import_csv "$account" /identity/posts:import "$WORK/posts.csv"
        say "$prefix: $(jq -r '"\(.rows) posts with their holders, \(.inserted) new"' "$WORK/answer")"
    done <<'OFFICES'
430000 province_office
431300 prefecture_office
431302 county_office
OFFICES
}

# Ids of posts by unit and title, of the county and those it needs.
read_posts() {
    local unit=$1 id
    id=$(organisation_id "$unit")
    [ -n "$id" ] || die "there is no unit named $unit"
    call county_office 200 GET "/identity/posts?organisation_id=$id&limit=100"
    jq -r --arg unit "$unit" '.items[] | [$unit, .title, .id] | @tsv' "$WORK/answer" >>"$WORK/post_ids.tsv"
}

post_id() { # UNIT TITLE
    awk -F '\t' -v unit="$1" -v title="$2" '$1 == unit && $2 == title { print $3; exit }' "$WORK/post_ids.tsv"
}

# ---- groups -----------------------------------------------------------------------------------------------------------

# JSON array of the ids of units named, or of posts of units named, separated by ;
unit_ids() { # UNITS
    local unit id
    tr ';' '\n' <<<"$1" | while read -r unit; do
        if [ -z "$unit" ]; then continue; fi
        id=$(organisation_id "$unit")
        [ -n "$id" ] || die "deploy/data/demo/registry/groups.csv names an unknown unit: $unit"
        printf '%s\n' "$id"
    done | jq -Rcn '[inputs]'
}

seat_ids() { # UNITS TITLES
    local unit title id
    paste -d '\t' <(tr ';' '\n' <<<"$1") <(tr ';' '\n' <<<"$2") | while IFS=$'\t' read -r unit title; do
        if [ -z "$unit" ]; then continue; fi
        id=$(post_id "$unit" "$title")
        [ -n "$id" ] || die "deploy/data/demo/registry/groups.csv names an unknown post: $unit $title"
        printf '%s\n' "$id"
    done | jq -Rcn '[inputs]'
}

load_groups() {
    local unit kind topic head_unit head_post deputy_unit deputy_post members parent='' heads deputies units
    : >"$WORK/post_ids.tsv"
    while read -r unit; do read_posts "$unit"; done < <(tail -n +2 "$DEMO_REGISTRY/groups.csv" | awk -F, '{ print $4 ";" $6 }' | tr ';' '\n' | sed '/^$/d' | sort -u)
    while IFS=, read -r unit kind topic head_unit head_post deputy_unit deputy_post members; do
        heads=$(seat_ids "$head_unit" "$head_post") && deputies=$(seat_ids "$deputy_unit" "$deputy_post") && units=$(unit_ids "$members") || exit 1
        send county_office '201|409' POST /registry/groups "$(jq -cn --arg id "$(fixed_id "group $unit")" --arg unit "$(organisation_id "$unit")" --arg kind "$kind" \
            --arg title "$unit" --arg topic "$topic" --arg parent "$parent" --argjson heads "$heads" --argjson deputies "$deputies" --argjson members "$units" \
            '{id: $id, organisation_id: $unit, kind: $kind, title: $title, head_post_ids: $heads, deputy_post_ids: $deputies, member_organisation_ids: $members,
              starts_on: "2026-01-05"} + (if $topic == "" then {} else {topic: $topic} end) + (if $parent == "" then {} else {parent_id: $parent} end)')"
        if [ "$kind" = leading_group ]; then parent=$(fixed_id "group $unit"); fi
    done < <(tail -n +2 "$DEMO_REGISTRY/groups.csv")
}

# ---- teams ------------------------------------------------------------------------------------------------------------

load_village_kinds() {
    local division kind from
    while IFS=, read -r division kind from; do
        send county_office '201|409' POST /registry/village_kinds "$(jq -cn --arg id "$(fixed_id "village_kind $division $kind $from")" --arg division "$division" \
            --arg kind "$kind" --arg from "$from" '{id: $id, owner_division: $division, kind: $kind, valid_from: $from}')"
    done < <(tail -n +2 "$DEMO_REGISTRY/village_kinds.csv")
}

# One member asks for five days and nobody stands in: a gap while it lasts. The town asks, the county approves.
load_leave() {
    local id member version from until
    id=$(fixed_id "leave $LEAVE_VILLAGE")
    call county_office '200|404' GET "/registry/leaves/$id"
    if [ "$STATUS" = 404 ]; then
        from=$(TZ=Asia/Shanghai date -d '+7 days' +%F) until=$(TZ=Asia/Shanghai date -d '+11 days' +%F)
        call county_office 200 GET "/registry/team_members?division=$LEAVE_VILLAGE&limit=100"
        member=$(jq -r '[.items[] | select(.role == "first_secretary")][0].id // empty' "$WORK/answer")
        [ -n "$member" ] || die "no first secretary in $LEAVE_VILLAGE"
        send town_office 201 POST /registry/leaves "$(jq -cn --arg id "$id" --arg member "$member" --arg from "$from" --arg until "$until" \
            '{id: $id, team_member_id: $member, starts_on: $from, ends_on: $until, reason: "参加培训"}')"
    fi
    version=$(jq -r .version "$WORK/answer")
    if [ "$(jq -r .status "$WORK/answer")" = requested ]; then
        send county_office 200 POST "/registry/leaves/$id:approve" '{"decision_note":"同意"}' -H "If-Match: \"$version\""
    fi
}

# ---- divisions that are no plain case: a functional area, a village that changed its town ---------------------------------

# What the chains of these go through: one file of units, posts and who held them when.
load_other_posts() {
    local division organisation kind title duty person starts ends account unit post holder
    while IFS=, read -r division organisation kind title duty person starts ends; do
        account=$(registry_writer "$division")
        unit=$(fixed_id "unit $division $organisation") post=$(fixed_id "post $division $organisation $title")
        holder=$(fixed_id "person $division $person")
        send "$account" '201|409' POST /registry/organisations "$(jq -cn --arg id "$unit" --arg division "$division" --arg name "$organisation" --arg kind "$kind" \
            '{id: $id, owner_division: $division, name: $name, kind: $kind}')"
        send "$account" '201|409' POST /identity/posts "$(jq -cn --arg id "$post" --arg unit "$unit" --arg title "$title" --arg duty "$duty" \
            '{id: $id, organisation_id: $unit, title: $title, duty: $duty}')"
        send "$account" '201|409' POST /identity/persons "$(jq -cn --arg id "$holder" --arg division "$division" --arg name "$person" \
            '{id: $id, owner_division: $division, name: $name}')"
        send "$account" '201|409' POST /identity/holders "$(jq -cn --arg id "$(fixed_id "holder $division $person")" --arg post "$post" --arg person "$holder" \
            --arg starts "$starts" --arg ends "$ends" '{id: $id, post_id: $post, person_id: $person, starts_on: $starts} + (if $ends == "" then {} else {ends_on: $ends} end)')"
    done < <(tail -n +2 "$DEMO_REGISTRY/other_posts.csv")
}

load_moved() {
    call system_admin '200|409' POST "/registry/divisions:import?valid_from=2025-07-01" -H 'Content-Type: text/csv' --data-binary "@$DEMO_REGISTRY/moved.csv"
}

# ---- all of it ----------------------------------------------------------------------------------------------------------

load_responsibility() {
    local digest
    digest=$(digest "$DEMO_REGISTRY"/*.csv)
    if marked responsibility "$digest $LIST"; then return 0; fi
    load_structure
    load_organisations
    load_groups
    load_table contacts "$DEMO_REGISTRY/contacts.csv" 区级领导挂点村
    load_village_kinds
    load_table teams "$DEMO_REGISTRY/teams.csv" 驻村工作队
    load_table team_members "$DEMO_REGISTRY/team_members.csv" 驻村工作队队员
    load_leave
    load_moved
    load_other_posts
    mark responsibility "$digest $LIST"
}
