/* services/monitoring/finding.c - what the rules found, as a work list; accepting a warning with a
 * reason; judging a household without writing; asking for a run over everything (M-107 to M-113).
 */
#include "core/buf.h"
#include "findings.h"
#include "http/job_routes.h"
#include "monitoring.h"
#include "sql_monitoring.h"

static const char *const severities[] = {"error", "warning", "alert", NULL};
static const char *const states[] = {"open", "accepted", "resolved", NULL};
static handler household_validate, check_start;

/* clang-format off */
const struct transition finding_fsm[] = {
    /* from       verb      to          permission           rule */
    {"open",     "accept", "accepted", PERM_FINDING_ACCEPT, "A warning or an alert was looked into and stays as it is, with a reason; an error is put right."},
    {"accepted", "reopen", "open",     PERM_FINDING_ACCEPT, "It is to be looked into again; so it is by itself when the facts change."},
    {0}
};

const struct field finding_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the finding."),
    F_UUID("household_id", IN_QUERY | SHOWN, "The household."),
    F_UUID("member_id", SHOWN | NULLABLE, "The member; null: the household as a whole."),
    F_CODE("owner_division", SHOWN, "The household's village."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only of this village."),
    F_CODE("within", IN_QUERY | OWN_SCOPE, "Only of this division and those below it."),
    F_TEXT("rule", IN_QUERY | SHOWN, 3, 20, "Code of the rule.", "2_11_003"),
    F_ENUM("severity", IN_QUERY | SHOWN, severities, "As it held when it was found."),
    F_TEXT("message", SHOWN, 1, 400, "What is said to people.", "户主与配偶性别相同"),
    F_TEXT("pointer", SHOWN, 1, 200, "The first of the facts that it rests on, within the household.", "/members/0199d1f0-8a5c-7000-8000-000000000001/sex"),
    F_DATE("found_on", SHOWN, "When it was found first.", "2026-06-10"),
    F_ENUM("status", IN_QUERY | SHOWN, states, "Where it stands; resolved: the rules find it no more."),
    F_UUID("accepted_by", SHOWN | NULLABLE, "The post that accepted it."),
    F_DATE("accepted_on", SHOWN | NULLABLE, "When.", "2026-06-12"),
    F_TEXT("accept_reason", SHOWN | NULLABLE, 1, 500, "Why it stays as it is.", "入户核实无误"),
    F_DATE("resolved_on", SHOWN | NULLABLE, "When it was found no more.", "2026-06-20"),
    F_INSTANT("created_at", SHOWN, "When it was recorded."),
    F_VERSION(),
    FIELDS_END
};

static const struct field accept_fields[] = {
    F_UUID("id", IN_PATH, "Id of the finding."),
    F_TEXT("reason", IN_BODY | REQUIRED, 1, 500, "Why it stays as it is; kept.", "入户核实无误"),
    F_VERSION(),
    FIELDS_END
};

static const struct field reopen_fields[] = {
    F_UUID("id", IN_PATH, "Id of the finding."),
    F_TEXT("reason", IN_BODY, 1, 500, "Why; kept in the audit log.", "情况有变化"),
    F_VERSION(),
    FIELDS_END
};

static const struct field judged_fields[] = {
    F_TEXT("rule", SHOWN, 3, 20, "Code of the rule.", "2_11_003"),
    F_ENUM("severity", SHOWN, severities, "error would keep a change from being written."),
    F_UUID("member_id", SHOWN | NULLABLE, "The member; null: the household as a whole."),
    F_TEXT("pointer", SHOWN, 1, 200, "Where it points, within the household.", "/members/0199d1f0-8a5c-7000-8000-000000000001/sex"),
    F_TEXT("message", SHOWN, 1, 400, "What is said to people.", "户主与配偶性别相同"),
    FIELDS_END
};

static const struct field validate_fields[] = {
    F_UUID("id", IN_PATH, "Id of the household."),
    F_UUID("household_id", SHOWN, "The household."),
    F_BOOL("valid", SHOWN, "No error was found."),
    F_ARRAY("findings", SHOWN, judged_fields, 1000, "All that the rules find now, as far as the caller may see it."),
    FIELDS_END
};

static const struct field check_fields[] = {
    F_UUID("id", IN_BODY, "Id of the job; may come from the client."),
    F_CODE("owner_division", IN_BODY | OWN_SCOPE, "The division that the job is for; absent: the widest of the caller's."),
    F_CODE("within", IN_BODY | OWN_SCOPE, "Only households of this division and below; absent: all of the caller's."),
    F_TEXT("reason", IN_BODY | NULLABLE, 1, 500, "What for; kept in the audit log.", "集中排查前的核查"),
    FIELDS_END
};

const struct route finding_routes[] = {
    {METHOD_GET,  "/findings",                PERM_HOUSEHOLD_READ,  finding_fields,  &SQL_finding_list, read_page, "list_findings", "What the rules found in the caller's divisions, by village"},
    {METHOD_GET,  "/findings/:id",            PERM_HOUSEHOLD_READ,  finding_fields,  &SQL_finding_get,  read_one,  "get_finding", "One finding"},
    {METHOD_POST, "/findings/:id:accept",     PERM_FINDING_ACCEPT,  accept_fields,   &SQL_finding_step, step_one,  "accept_finding", "Accept a warning or an alert, with a reason; it stays silent until the facts change", .shows = finding_fields, .probe = &SQL_finding_get, .fsm = finding_fsm, .verb = "accept"},
    {METHOD_POST, "/findings/:id:reopen",     PERM_FINDING_ACCEPT,  reopen_fields,   &SQL_finding_step, step_one,  "reopen_finding", "Have it looked into again", .shows = finding_fields, .probe = &SQL_finding_get, .fsm = finding_fsm, .verb = "reopen"},
    {METHOD_POST, "/households/:id:validate", PERM_HOUSEHOLD_READ,  validate_fields, NULL, household_validate,    "validate_household", "Hold a household against the rules; nothing is stored", .status = 200, .media = MEDIA_NONE, .reads = true},
    {METHOD_POST, "/households:check",        PERM_HOUSEHOLD_WRITE, check_fields,    &SQL_finding_check_start, check_start, "check_archive", "Have all households held against the rules, as a job", .also = "reason", .location = "/jobs/", .status = 202, .shows = job_fields},
    ROUTES_END
};
/* clang-format on */

static void put_found(struct buf *b, const struct found *f)
{
    buf_str(b, b->bytes[b->len - 1] == '[' ? "{\"rule\":" : ",{\"rule\":");
    buf_json(b, f->rule->code);
    buf_printf(b, ",\"severity\":\"%s\",\"member_id\":", severity_words[f->severity]);
    buf_json(b, f->member == NULL ? NULL : f->member->id);
    buf_str(b, ",\"pointer\":");
    buf_json(b, f->pointer);
    buf_str(b, ",\"message\":");
    buf_json(b, f->detail);
    buf_char(b, '}');
}

/* M-107. */
static bool reply_judged(struct request *rq, const char *id, const struct found_list *l)
{
    struct buf b;
    const char *minors_after = NULL;
    if (!findings_minors_after(rq, &minors_after))
        return false;
    buf_init(&b, rq->arena, (size_t)1024 * 1024);
    buf_str(&b, "{\"household_id\":");
    buf_json(&b, id);
    buf_printf(&b, ",\"valid\":%s,\"findings\":[", l->errors == 0 ? "true" : "false");
    for (size_t i = 0; i < l->n && !b.failed; i++) {
        if (finding_may_be_seen(rq, &l->found[i], minors_after))
            put_found(&b, &l->found[i]);
    }
    buf_str(&b, "]}");
    return reply_json(rq, 200, buf_text(&b));
}

static bool household_validate(struct request *rq)
{
    struct found_list found;
    const char *id = arg_text(rq, "id");
    return findings_now(rq, id, &found) && reply_judged(rq, id, &found);
}

static bool check_start(struct request *rq)
{
    return reply_job(rq, rq->route->sql);
}
