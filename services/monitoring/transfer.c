/* services/monitoring/transfer.c - moves between divisions (迁移): a household, or a member of one,
 * is offered by the side that has it or asked for by a claim; the other side accepts or refuses.
 * Rules M-140 to M-147. What moves and how: migrations/0006_persons.sql. */
#include "core/buf.h"
#include "findings.h"
#include "http/sealed.h"
#include "monitoring.h"
#include "sql_monitoring.h"

static const char *const transfer_states[] = {"requested", "accepted", "refused",
                                              "withdrawn", "expired",  NULL};
static const char *const sides[] = {"giving", "receiving", NULL};
static const char *const kinds[] = {"household", "member", NULL};
static handler transfer_ask, transfer_accept;

/* clang-format off */
static const struct field transfer_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the transfer as this side sees it; may come from the client."),
    F_CODE("owner_division", SHOWN, "The village of this side."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only those of this village."),
    F_ENUM("side", IN_QUERY | SHOWN, sides, "Which side this is."),
    F_ENUM("asked_by", SHOWN, sides, "The side that asked; the other one decides."),
    F_ENUM("kind", SHOWN, kinds, "What moves."),
    F_ENUM("status", IN_QUERY | SHOWN, transfer_states, "Where it stands."),
    F_CODE("from_division", SHOWN | NULLABLE, "The village that has it; null for the side that asked by a claim, until it is accepted."),
    F_CODE("to_division", IN_BODY | SHOWN, "The village that it goes to; with household_id or member_id."),
    F_UUID("household_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "Given: the household of the own scope that moves whole. Shown: the household, as far as this side may know it."),
    F_UUID("member_id", IN_BODY | SHOWN | NULLABLE, "Given: the member of the own scope who moves. Shown: the membership of this side."),
    F_UUID("claim_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "Given: the claim by which a person registered elsewhere is asked for."),
    F_UUID("to_household_id", IN_BODY | SHOWN | NULLABLE, "The household that the member comes to; with a claim that has none."),
    F_TEXT("subject_name", SHOWN | NULLABLE, 1, 60, "The head's or the member's name, as far as this side may know it; of a child its first character.", "赵甲"),
    F_TEXT("reason", IN_BODY | REQUIRED | SHOWN, 1, 300, "Why; the other side reads it.", "整户搬迁至集中安置点"),
    F_DATE("answer_by", SHOWN, "Until when the other side may answer.", "2026-06-30"),
    F_TEXT("decision_note", SHOWN | NULLABLE, 1, 1000, "What was said to it.", "同意接收"),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When it was decided."),
    F_INSTANT("created_at", SHOWN, "When it was asked for."),
    F_VERSION(),
    FIELDS_END
};

static const struct field accept_fields[] = {
    F_UUID("id", IN_PATH, "Id of the transfer."),
    F_UUID("household_id", IN_BODY, "The household here that an offered member comes to."),
    F_TEXT("relation", IN_BODY, 1, 20, "The member's relation to that household's head; absent: as it was.", "son"),
    F_TEXT("decision_note", IN_BODY, 1, 1000, "What is said to it.", "同意接收"),
    F_VERSION(),
    FIELDS_END
};

static const struct field stop_fields[] = {
    F_UUID("id", IN_PATH, "Id of the transfer."),
    F_TEXT("decision_note", IN_BODY | REQUIRED, 1, 1000, "Why; the other side reads it.", "该户已申请迁往他处"),
    F_VERSION(),
    FIELDS_END
};

/* What a member's row keeps sealed, in the order of transfer_sealed's columns. */
static const struct field sealed_fields[] = {
    F_SEALED("id_number", 0, SEALED_CITIZEN_ID, "monitoring.member.id_number", ""),
    F_SEALED("health", 0, SEALED_CODES, "monitoring.member.health", ""),
    F_SEALED("disability_card", 0, SEALED_DISABILITY_CARD, "monitoring.member.disability_card", ""),
    F_SEALED("phone", 0, SEALED_PHONE, "monitoring.member.phone", ""),
    FIELDS_END
};

const struct transition transfer_fsm[] = {
    /* from        verb        to           permission               rule */
    {"requested",  "accept",   "accepted",  PERM_HOUSEHOLD_TRANSFER, "The side that was asked accepts, by another person than who asked; it is carried out at once."},
    {"requested",  "refuse",   "refused",   PERM_HOUSEHOLD_TRANSFER, "The side that was asked refuses, with a reason."},
    {"requested",  "withdraw", "withdrawn", PERM_HOUSEHOLD_TRANSFER, "The side that asked asks no longer, with a reason."},
    {0}
};

const struct route transfer_routes[] = {
    {METHOD_GET,  "/transfers",              PERM_HOUSEHOLD_TRANSFER, transfer_fields, &SQL_transfer_list,   read_page,       "list_transfers", "Moves that the caller's divisions give or receive"},
    {METHOD_GET,  "/transfers/:id",          PERM_HOUSEHOLD_TRANSFER, transfer_fields, &SQL_transfer_get,    read_one,        "get_transfer", "One move, as this side sees it"},
    {METHOD_POST, "/transfers",              PERM_HOUSEHOLD_TRANSFER, transfer_fields, &SQL_transfer_ask,    transfer_ask,    "ask_transfer", "Offer a household or a member to another village, or ask for a person by a claim", .location = "/transfers/", .status = 201},
    {METHOD_POST, "/transfers/:id:accept",   PERM_HOUSEHOLD_TRANSFER, accept_fields,   &SQL_transfer_accept, transfer_accept, "accept_transfer", "Accept what was offered, or give what was asked for", .shows = transfer_fields, .probe = &SQL_transfer_get, .fsm = transfer_fsm, .verb = "accept"},
    {METHOD_POST, "/transfers/:id:refuse",   PERM_HOUSEHOLD_TRANSFER, stop_fields,     &SQL_transfer_stop,   step_one,        "refuse_transfer", "Refuse it, with a reason", .shows = transfer_fields, .probe = &SQL_transfer_get, .fsm = transfer_fsm, .verb = "refuse"},
    {METHOD_POST, "/transfers/:id:withdraw", PERM_HOUSEHOLD_TRANSFER, stop_fields,     &SQL_transfer_stop,   step_one,        "withdraw_transfer", "Withdraw what was asked for, with a reason", .shows = transfer_fields, .probe = &SQL_transfer_get, .fsm = transfer_fsm, .verb = "withdraw"},
    ROUTES_END
};
/* clang-format on */

static bool refuse_choice(struct request *rq, const char *pointer, const char *code,
                          const char *detail)
{
    return problem_add(
        rq, (struct problem){.place = AT_POINTER, .name = pointer, .code = code, .detail = detail});
}

/* M-140, M-141: one of three is given; a division goes with what is offered, and only there. */
static bool transfer_ask(struct request *rq)
{
    bool claims = arg_text(rq, "claim_id") != NULL;
    int given =
        (arg_text(rq, "household_id") != NULL) + (arg_text(rq, "member_id") != NULL) + claims;
    if (given != 1)
        return refuse_choice(rq, "/household_id", "one_of",
                             "Either household_id, member_id or claim_id.");
    if (claims && !permission_in(rq->principal.permissions, PERM_PERSON_LOCATE))
        return fail(rq, ERR_FORBIDDEN, NULL, "%s", "");
    if (claims != (arg_text(rq, "to_division") == NULL))
        return refuse_choice(rq, "/to_division", claims ? "not_allowed" : "required",
                             claims ? "A claim says where to." : "Where it goes to.");
    return write_one(rq);
}

/* One sealed value as a member of the JSON object: under the new row's id. */
static bool seal_anew(struct request *rq, struct buf *b, const struct field *f,
                      const char *const was[2])
{
    const char *cipher = NULL;
    if (was[1] == NULL)
        return true;
    const char *plain = sealed_open(rq, f->column, was[0], was[1]);
    if (plain == NULL)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    if (!sealed_text(rq, f, rq->new_id, plain, &cipher))
        return false;
    buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", f->name);
    buf_json(b, cipher);
    return true;
}

/* M-146: what is sealed in the row of a member who moves is bound to that row. */
static bool bind_sealed(struct request *rq)
{
    enum { SEALED_MAX = 8192 };
    struct rows *rows = NULL;
    struct buf b;
    if (!db_rows(rq, &SQL_transfer_sealed, &rows))
        return false;
    if (rows_count(rows) == 0)
        return arg_bind(rq, "sealed", NULL);
    buf_init(&b, rq->arena, SEALED_MAX);
    buf_char(&b, '{');
    for (size_t i = 0; sealed_fields[i].name != NULL; i++) {
        const char *const was[2] = {rows_text(rows, 0, 0), rows_text(rows, 0, i + 1)};
        if (!seal_anew(rq, &b, &sealed_fields[i], was))
            return false;
    }
    buf_char(&b, '}');
    return arg_bind(rq, "sealed", buf_text(&b));
}

/* M-105: the household of this side that the member came to or went from; its errors refuse. */
static bool judge_own(struct request *rq)
{
    struct rows *rows = NULL;
    return db_rows(rq, &SQL_transfer_judged, &rows) &&
           (rows_count(rows) == 0 || findings_after(rq, rows_text(rows, 0, 0)));
}

/* M-105: that of the other side, which is not this caller's to see, and one that moved whole: what
 * is found is recorded, in the scope of the two divisions. */
static bool judge_others(struct request *rq)
{
    struct rows *before = NULL, *rows = NULL, *ignored = NULL;
    if (!db_rows(rq, &SQL_transfer_look, &before) || !db_rows(rq, &SQL_transfer_touched, &rows))
        return false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (!findings_recorded(rq, rows_text(rows, i, 0)))
            return false;
    }
    return arg_bind(rq, "before", rows_text(before, 0, 0)) &&
           db_rows(rq, &SQL_transfer_leave, &ignored);
}

static bool transfer_accept(struct request *rq)
{
    return db_begin(rq) && bind_sealed(rq) && step_one(rq) && judge_own(rq) && judge_others(rq);
}
