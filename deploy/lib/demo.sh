# shellcheck shell=bash disable=SC2034
# deploy/lib/demo.sh - loads the divisions and the demonstration county through the API, as an office would with curl. Every
# step finds out what is there already; a marker, written last, lets a whole part be skipped. Sourced after the others.

DEMO=$ROOT/deploy/data/demo
DEMO_DIVISION=431302000000
DEMO_TITLE=娄星区2026年乡村振兴责任清单
DEMO_YEAR=2026
DEMO_DAY=2026-06-30 # lateness is shown as of this day

# ---- calls ------------------------------------------------------------------------------------------------------------

demo_token() { # ACCOUNT: a role's, or a unit's, which is not kept longer than this run
    if is_role "$1"; then token_of "$1"; else unit_token "$1"; fi
}

unit_token() {
    local file=$WORK/token.$1 body
    kept_token "$file" && return 0
    body=$(log_in "$1")
    [ -n "$(json_text access_token <<<"$body")" ] || die "the log-in of $1 was refused"
    write_token "$file" "$body"
    json_text access_token <<<"$body"
}

# Calls the API; the body is left in $WORK/answer. Refusals other than the accepted statuses end the run in one line.
call() { # ACCOUNT "STATUS|STATUS..." METHOD PATH [CURL-ARGUMENT...]
    local account=$1 accepted=$2 method=$3 path=$4 token
    shift 4
    token=$(demo_token "$account") || exit 1
    STATUS=$(curl -sS --noproxy '*' --retry 3 --retry-connrefused --max-time 60 -o "$WORK/answer" -w '%{http_code}' -X "$method" \
        -H @- "$@" "http://127.0.0.1:$PORT_HTTP/api/v1$path" <<<"Authorization: Bearer $token") ||
        die_step "calling $method $path, which gave no answer: see deploy/stack status"
    if [[ $STATUS == 5* ]]; then die_step "calling $method $path: $(problem_line)"; fi
    [[ $STATUS =~ ^($accepted)$ ]] || die "$method $path as $account was refused: $(problem_line)"
}

problem_line() { jq -r '[.status, .code, .detail // .title, (.errors[0] // {} | [.pointer // .parameter, .row, .column, .code] | map(values | tostring) | join(" "))]
    | map(values | tostring) | join(" · ")' "$WORK/answer" 2>/dev/null || head -c 300 "$WORK/answer"; }

send() { # ACCOUNT "STATUS|..." METHOD PATH JSON [CURL-ARGUMENT...]
    local body=$5
    printf '%s' "$body" >"$WORK/body"
    call "$1" "$2" "$3" "$4" -H 'Content-Type: application/json' --data-binary "@$WORK/body" "${@:6}"
}

# An id that is the same on every run, UUIDv7 in form: a second run meets the first one's records (409).
fixed_id() { # TEXT
    local h
    h=$(printf '%s' "$1" | sha256sum)
    printf '01950000-%s-7%s-8%s-%s' "${h:0:4}" "${h:4:3}" "${h:7:3}" "${h:10:12}"
}

marked() { [ "$(cat "$RUN/loaded.$1" 2>/dev/null)" = "$2" ]; }
mark() { printf '%s\n' "$2" | write_file "$RUN/loaded.$1" 644; }
digest() { cat "$@" | sha256sum | cut -c1-32; }

# ---- divisions --------------------------------------------------------------------------------------------------------

load_divisions() {
    local file=$ROOT/deploy/data/divisions.csv.gz chunk digest n=0
    digest=$(digest "$file")
    if marked divisions "$digest"; then return 0; fi
    gzip -dc "$file" | tail -n +2 | split -l 4000 - "$WORK/divisions." || die_step "unpacking the divisions"
    for chunk in "$WORK"/divisions.*; do
        { printf 'code,name\n' && cat "$chunk"; } >"$WORK/chunk.csv" || die_step "unpacking the divisions"
        call system_admin '200|201' POST "/registry/divisions:import?valid_from=2023-06-30" \
            -H 'Content-Type: text/csv' -H "Idempotency-Key: divisions-${digest:0:16}-${chunk##*.}" --data-binary "@$WORK/chunk.csv"
        n=$((n + $(wc -l <"$chunk")))
    done
    say "loaded $n divisions"
    mark divisions "$digest"
}

# ---- the county's units, posts and people -------------------------------------------------------------------------------

load_organisations() {
    local name division line kind
    while IFS=, read -r name division line kind; do
        send county_office '201|409' POST /registry/organisations "$(jq -cn --arg id "$(fixed_id "organisation $division $name")" \
            --arg name "$name" --arg division "$division" --arg line "$line" --arg kind "$kind" \
            '{id: $id, owner_division: $division, name: $name, kind: $kind} + (if $line == "" then {} else {line: $line} end)')"
    done < <(tail -n +2 "$DEMO/organisations.csv")
    call county_office 200 GET "/registry/organisations?limit=500"
    jq -r '.items[] | [.name, .id, .owner_division] | @tsv' "$WORK/answer" >"$WORK/organisations.tsv"
}

organisation_id() { awk -F '\t' -v name="$1" '$1 == name { print $2; exit }' "$WORK/organisations.tsv"; }
organisation_division() { awk -F '\t' -v name="$1" '$1 == name { print $3; exit }' "$WORK/organisations.tsv"; }

load_posts() {
    local unit title duty holder starts organisation post person
    while IFS=, read -r unit title duty holder starts; do
        organisation=$(organisation_id "$unit")
        [ -n "$organisation" ] || die "deploy/data/demo/posts.csv names an unknown unit: $unit"
        post=$(fixed_id "post $unit $title") person=$(fixed_id "person $unit $holder")
        send county_office '201|409' POST /identity/posts "$(jq -cn --arg id "$post" --arg organisation "$organisation" --arg title "$title" \
            --arg duty "$duty" '{id: $id, organisation_id: $organisation, title: $title, duty: $duty}')"
        send county_office '201|409' POST /identity/persons "$(jq -cn --arg id "$person" --arg name "$holder" \
            --arg division "$(organisation_division "$unit")" '{id: $id, owner_division: $division, name: $name}')"
        send county_office '201|409' POST /identity/holders "$(jq -cn --arg id "$(fixed_id "holder $unit $holder")" --arg post "$post" \
            --arg person "$person" --arg starts "$starts" '{id: $id, post_id: $post, person_id: $person, starts_on: $starts}')"
    done < <(tail -n +2 "$DEMO/posts.csv")
}

# ---- the list: loaded in one call, then step by step in force -------------------------------------------------------------

find_list() { # leaves id, status and version of the county's list in LIST, LIST_STATUS, LIST_VERSION
    call county_office 200 GET "/registry/duty_lists?division=$DEMO_DIVISION&year=$DEMO_YEAR&limit=100"
    read -r LIST LIST_STATUS LIST_VERSION < <(jq -r --arg title "$DEMO_TITLE" \
        '[.items[] | select(.title == $title)][0] // {} | [.id // "", .status // "", .version // ""] | join(" ")' "$WORK/answer")
}

load_list() {
    local title
    find_list
    if [ -z "$LIST" ]; then
        title=$(jq -rn --arg t "$DEMO_TITLE" '$t | @uri')
        call county_office 201 POST "/registry/duty_lists:import?year=$DEMO_YEAR&owner_division=$DEMO_DIVISION&title=$title&assumed=true" \
            -H 'Content-Type: text/csv' --data-binary "@$DEMO/duty_list_2026.csv"
        say "loaded the list: $(jq -r '"\(.tasks) tasks, \(.items) items"' "$WORK/answer")"
        find_list
    fi
    while true; do
        case $LIST_STATUS in
        draft)
            set_topics
            step_list approve
            ;;
        approved) step_list file ;;
        filed) step_list bring_into_force ;;
        *) return 0 ;;
        esac
    done
}

# What each task is about: said while the list is a draft.
set_topics() {
    local number topic id version
    call county_office 200 GET "/registry/tasks?duty_list_id=$LIST&limit=500"
    cp "$WORK/answer" "$WORK/tasks.json"
    while IFS=, read -r number topic; do
        read -r id version < <(jq -r --arg number "$number" --arg topic "$topic" \
            '.items[] | select(.number == $number and .topic != $topic) | "\(.id) \(.version)"' "$WORK/tasks.json")
        if [ -z "$id" ]; then continue; fi
        call county_office 200 PATCH "/registry/tasks/$id" -H 'Content-Type: application/merge-patch+json' -H "If-Match: \"$version\"" \
            --data-binary "{\"topic\":\"$topic\"}"
    done < <(tail -n +2 "$DEMO/registry/topics.csv")
}

step_list() { # VERB
    call county_office 200 POST "/registry/duty_lists/$LIST:$1" -H "If-Match: \"$LIST_VERSION\""
    find_list
}

# ---- progress: each unit reports, the county's office decides ---------------------------------------------------------------

load_progress() {
    local task unit day value milestone note verdict item
    call county_office 200 GET "/registry/items?duty_list_id=$LIST&limit=500"
    cp "$WORK/answer" "$WORK/items.json"
    while IFS=, read -r task unit day value milestone note verdict; do
        item=$(jq -c --arg task "$task" --arg unit "$unit" \
            'first(.items[] | select(.task_number == $task and .lead_organisation == $unit))' "$WORK/items.json")
        [ -n "$item" ] || die "deploy/data/demo/progress.csv names an unknown item: task $task of $unit"
        report "$item" "$unit" "$day" "$value" "$milestone" "$note" "$verdict"
    done < <(tail -n +2 "$DEMO/progress.csv")
}

report() { # ITEM UNIT DAY VALUE MILESTONE NOTE VERDICT
    local id account
    account=$(unit_account "$2")
    id=$(fixed_id "report $(jq -r .id <<<"$1") $3 $4 $5")
    send "$account" '201|409' POST "/registry/items/$(jq -r .id <<<"$1")/reports" "$(jq -c --arg id "$id" --arg day "$3" --arg value "$4" \
        --arg name "$5" --arg note "$6" '{id: $id, reported_on: $day, note: $note} + (if $value != "" then {value: $value}
         else {milestone: first(.milestones[] | select(.name == $name) | .position)} end)' <<<"$1")"
    case $7 in
    confirm) send county_office '200|409|412' POST "/registry/reports/$id:confirm" '{}' -H 'If-Match: "1"' ;;
    send_back) send county_office '200|409|412' POST "/registry/reports/$id:send_back" \
        '{"decision_note":"数据与台账不符，请核对后重新报送"}' -H 'If-Match: "1"' ;;
    esac
}

unit_account() { # UNIT: as seed_units named it
    awk -F, -v unit="$1" 'FNR > 1 && $1 == unit { if ($3 != "") print "unit_" $3; else print "unit_" substr($2, 1, 9); exit }' "$DEMO/organisations.csv"
}

load_county() {
    local digest
    digest=$(digest "$DEMO"/*.csv)
    find_list
    if marked county "$digest $LIST"; then return 0; fi
    load_organisations
    load_posts
    seed_units
    load_list
    load_progress
    say "loaded the demonstration county: $(tail -n +2 "$DEMO/organisations.csv" | wc -l) units, $(tail -n +2 "$DEMO/progress.csv" | wc -l) reports"
    mark county "$digest $LIST"
}
