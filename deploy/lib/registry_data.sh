# shellcheck shell=bash
# deploy/lib/registry_data.sh - loads deploy/data/registry through the API: documents with their clauses and duties, classes of divisions, goals by stage, plans with
# their lines and needs. Each is rehearsed before it is written; what is there already is left as it is. Sourced after demo.sh and seed.sh; call load_registry_data.

REGISTRY_DATA=$ROOT/deploy/data/registry

# Offices that write for the divisions of the data which no seeded account covers: as seed_rows has them.
registry_writer_rows() {
    cat <<'ROWS'
hubei_office|person|湖北省委农村工作领导小组办公室|work_group||420000000000|{42}||省农办业务岗|鄂经办甲|province_office
dali_office|person|大理州委农村工作领导小组办公室|work_group||532900000000|{5329}||州农办业务岗|理经办甲|prefecture_office
qianxinan_office|person|黔西南州乡村振兴指挥部办公室|work_group||522300000000|{5223}||州指挥部业务岗|黔经办甲|prefecture_office
qingcheng_office|person|庆城县委农村工作领导小组办公室|work_group||621021000000|{621021}||县农办业务岗|庆经办甲|county_office
ROWS
}

registry_writer() { # DIVISION: the account that writes for it
    case $1 in
    42*) printf 'hubei_office' ;;
    5329*) printf 'dali_office' ;;
    5223*) printf 'qianxinan_office' ;;
    621021*) printf 'qingcheng_office' ;;
    *) printf 'county_office' ;;
    esac
}

registry_document_id() { jq -r .id "$REGISTRY_DATA/documents/$1.json"; } # NAME

load_document() { # NAME: with its clauses and duties, rehearsed first
    local file=$REGISTRY_DATA/documents/$1.json account
    account=$(registry_writer "$(jq -r .owner_division "$file")")
    call "$account" '200|404' GET "/registry/documents/$(jq -r .id "$file")"
    if [ "$STATUS" = 200 ]; then return 0; fi
    call "$account" '200|201' POST "/registry/documents?validate_only=true" -H 'Content-Type: application/json' --data-binary "@$file"
    call "$account" '201|409' POST "/registry/documents" -H 'Content-Type: application/json' --data-binary "@$file"
}

registry_clause_id() { # ACCOUNT DOCUMENT NUMBER
    local id
    id=$(registry_document_id "$2")
    if [ ! -s "$WORK/clauses.$2" ]; then
        call "$1" 200 GET "/registry/clauses?document_id=$id&limit=500"
        jq -r '.items[] | [.number, .id] | @tsv' "$WORK/answer" >"$WORK/clauses.$2"
    fi
    awk -F '\t' -v number="$3" '$1 == number { print $2; exit }' "$WORK/clauses.$2"
}

load_areas() { # the functional areas that the classes name
    call system_admin '200|409' POST "/registry/divisions:import?valid_from=2023-06-30" -H 'Content-Type: text/csv' --data-binary "@$REGISTRY_DATA/areas.csv"
}

load_division_classes() {
    local owner division class from document clause account
    while IFS=, read -r owner division class from document clause; do
        account=$(registry_writer "$owner")
        send "$account" '201|409' POST /registry/division_classes "$(jq -cn --arg id "$(fixed_id "class $owner $division $from")" --arg owner "$owner" \
            --arg division "$division" --arg class "$class" --arg from "$from" --arg clause "$(registry_clause_id "$account" "$document" "$clause")" \
            '{id: $id, owner_division: $owner, division: $division, class: $class, valid_from: $from, clause_id: $clause}')"
    done < <(tail -n +2 "$REGISTRY_DATA/division_classes.csv")
}

load_stage_goals() {
    local owner class year text target unit document clause account
    while IFS=, read -r owner class year text target unit document clause; do
        account=$(registry_writer "$owner")
        send "$account" '201|409' POST /registry/stage_goals "$(jq -cn --arg id "$(fixed_id "goal $owner $class $year $text")" --arg owner "$owner" --arg class "$class" \
            --argjson year "$year" --arg text "$text" --arg target "$target" --arg unit "$unit" --arg clause "$(registry_clause_id "$account" "$document" "$clause")" \
            '{id: $id, owner_division: $owner, by_year: $year, text: $text, clause_id: $clause, assumed: true} + (if $class == "" then {} else {class: $class} end)
             + (if $target == "" then {} else {target: $target, unit_of_measure: $unit} end)')"
    done < <(tail -n +2 "$REGISTRY_DATA/stage_goals.csv")
}

load_plan() { # PLAN-AS-JSON
    local plan=$1 id account line need
    id=$(jq -r .id <<<"$plan") account=$(registry_writer "$(jq -r .owner_division <<<"$plan")")
    call "$account" '200|404' GET "/registry/plans/$id"
    if [ "$STATUS" = 200 ] && [ "$(jq -r .status "$WORK/answer")" != draft ]; then return 0; fi
    send "$account" '201|409' POST /registry/plans "$(jq -c --arg document "$(registry_document_id "$(jq -r .document <<<"$plan")")" \
        'del(.lines, .needs, .document) + {document_id: $document}' <<<"$plan")"
    while read -r line; do
        send "$account" '201|409' POST /registry/plan_lines "$(jq -c --arg id "$(fixed_id "line $id $(jq -r .number <<<"$line")")" --arg plan "$id" \
            '. + {id: $id, plan_id: $plan}' <<<"$line")"
    done < <(jq -c '.lines[]' <<<"$plan")
    while read -r need; do
        send "$account" '201|409' POST /registry/investment_needs "$(jq -c --arg id "$(fixed_id "need $id $(jq -r '"\(.name) \(.year)"' <<<"$need")")" --arg plan "$id" \
            --arg line "$(fixed_id "line $id $(jq -r .line <<<"$need")")" 'del(.line) + {id: $id, plan_id: $plan, plan_line_id: $line, assumed: true}' <<<"$need")"
    done < <(jq -c '.needs[]' <<<"$plan")
    call "$account" '200|409|412' POST "/registry/plans/$id:bring_into_force" -H 'If-Match: "1"'
}

load_registry_data() {
    local digest file plan
    digest=$(digest "$REGISTRY_DATA"/documents/*.json "$REGISTRY_DATA"/{areas.csv,division_classes.csv,stage_goals.csv,plans.json})
    if marked registry_data "$digest"; then return 0; fi
    load_divisions
    registry_writer_rows | seed_accounts seeded.writers 201
    for file in "$REGISTRY_DATA"/documents/*.json; do load_document "$(basename "$file" .json)"; done
    load_areas
    load_division_classes
    load_stage_goals
    while read -r plan; do load_plan "$plan"; done < <(jq -c '.[]' "$REGISTRY_DATA/plans.json")
    say "loaded documents, duties, classes, goals and plans: $(find "$REGISTRY_DATA/documents" -name '*.json' | wc -l) documents"
    mark registry_data "$digest"
}
