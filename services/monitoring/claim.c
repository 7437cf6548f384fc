/* services/monitoring/claim.c - claims: persons entered here who are registered in another
 * household (重复登记). For holders of person.locate of the division that entered; they say nothing
 * of the other side. Rules M-136, M-138. The worker makes them (person_work.c), a transfer settles
 * them. */
#include "monitoring.h"
#include "sql_monitoring.h"

static const char *const claim_states[] = {"open",     "confirmed", "transferred", "withdrawn",
                                           "rejected", "expired",   NULL};

/* clang-format off */
static const struct field claim_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the claim."),
    F_CODE("owner_division", SHOWN, "The village that entered the person."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only those of this village."),
    F_UUID("household_id", IN_QUERY | SHOWN | NULLABLE, "The household here."),
    F_UUID("member_id", IN_QUERY | SHOWN | NULLABLE, "The membership here, which stays unconfirmed; null: the entry was refused before there was one."),
    F_TEXT("member_name", SHOWN | NULLABLE, 1, 60, "Name as entered here; of a child its first character, for callers who may not see more.", "赵甲"),
    F_ENUM("status", IN_QUERY | SHOWN, claim_states, "Where it stands."),
    F_UUID("transfer_id", SHOWN | NULLABLE, "The transfer asked for by it last."),
    F_TEXT("decision_note", SHOWN | NULLABLE, 1, 1000, "What was said to its end.", "录入有误"),
    F_UUID("decided_by", SHOWN | NULLABLE, "The post that ended it."),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When it ended."),
    F_INSTANT("created_at", SHOWN, "Since when it is there."),
    F_VERSION(),
    FIELDS_END
};

static const struct field ending_fields[] = {
    F_UUID("id", IN_PATH, "Id of the claim."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why.", "录入有误"),
    F_VERSION(),
    FIELDS_END
};

const struct transition claim_fsm[] = {
    /* from   verb        to           permission          rule */
    {"open",  "withdraw", "withdrawn", PERM_PERSON_LOCATE, "The claimant's side does not claim the person any more, with a reason."},
    {"open",  "reject",   "rejected",  PERM_PERSON_LOCATE, "Another person than who entered the member finds the claim unfounded, with a reason."},
    {0}
};

const struct route claim_routes[] = {
    {METHOD_GET,  "/person_claims",              PERM_PERSON_LOCATE, claim_fields,  &SQL_claim_list,   read_page, "list_person_claims", "Persons entered in the caller's scope who are registered elsewhere"},
    {METHOD_GET,  "/person_claims/:id",          PERM_PERSON_LOCATE, claim_fields,  &SQL_claim_get,    read_one,  "get_person_claim", "One claim"},
    {METHOD_POST, "/person_claims/:id:withdraw", PERM_PERSON_LOCATE, ending_fields, &SQL_claim_end,    step_one,  "withdraw_person_claim", "Claim the person no longer", .shows = claim_fields, .probe = &SQL_claim_get, .fsm = claim_fsm, .verb = "withdraw"},
    {METHOD_POST, "/person_claims/:id:reject",   PERM_PERSON_LOCATE, ending_fields, &SQL_claim_reject, step_one,  "reject_person_claim", "Find the claim unfounded", .shows = claim_fields, .probe = &SQL_claim_get, .fsm = claim_fsm, .verb = "reject"},
    ROUTES_END
};
/* clang-format on */
