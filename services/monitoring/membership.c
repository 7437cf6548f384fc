/* services/monitoring/membership.c - steps of whole households: another head, split, merged, ended.
 * Each is one transaction, which holds the households that it touches. Rules M-033 to M-036. */
#include <string.h>

#include "core/limits.h"
#include "core/str.h"
#include "findings.h"
#include "household_parts.h"
#include "http/sealed.h"
#include "monitoring.h"
#include "persons.h"
#include "sql_monitoring.h"

#include "core/banned.h"

static handler household_set_head, household_split, household_merge, household_end;

static const struct transition household_fsm[] = {
    {"active", "set_head", "active", PERM_HOUSEHOLD_WRITE,
     "M-033: another member is the head, and what each other one is to it is said."},
    {"active", "split", "active", PERM_HOUSEHOLD_WRITE,
     "M-034: some members, not the head, go on as a household of their own."},
    {"active", "merge", "active", PERM_HOUSEHOLD_WRITE,
     "M-035: all members of another household of the village move in, and that one ends."},
    {"active", "end", "ended", PERM_HOUSEHOLD_WRITE,
     "M-036: it is no longer there, and who lived there has left."},
    {0},
};

static const char *const ending_ways[] = {"moved_out", "died_out", "error", NULL};

/* clang-format off */
static const struct field heading_fields[] = {
    F_UUID("id", IN_PATH, "The household."),
    F_UUID("member_id", IN_BODY | REQUIRED, "The member that is its head now."),
    F_ARRAY("relations", IN_BODY, relation_fields, LIMIT_HOUSEHOLD_MEMBERS, "What each other member who lives there is to the new head."),
    REASON_FIELD(0),
    F_VERSION(),
    FIELDS_END
};

static const struct field splitting_fields[] = {
    F_UUID("id", IN_PATH, "The household that is split."),
    F_ARRAY("members", IN_BODY | REQUIRED, relation_fields, LIMIT_HOUSEHOLD_MEMBERS, "Who goes, and what each is to the new head; the head's relation is head."),
    F_DATE("on", IN_BODY, "Since when; absent: today.", "2026-05-02"),
    F_TEXT("household_number", IN_BODY | NO_ID_NUMBER, 1, HOUSEHOLD_NUMBER_MAX, "The new household's number of the national system; no person's ID number.", "4313020060030002"),
    F_UUID("settlement_id", IN_BODY, "The new one's natural village or group; absent: the same."),
    F_UUID("grid_id", IN_BODY, "The new one's grid; absent: the same."),
    F_TEXT("address", IN_BODY, 1, ADDRESS_MAX, "Where the new one lives.", "仙人阁社区三组14号"),
    F_SEALED("phone", IN_BODY, SEALED_PHONE, "monitoring.household.phone", "The new one's telephone number."),
    REASON_FIELD(REQUIRED),
    F_VERSION(),
    FIELDS_END
};

static const struct field merging_fields[] = {
    F_UUID("id", IN_PATH, "The household that stays."),
    F_UUID("from_household_id", IN_BODY | REQUIRED, "The household of the same village that ends."),
    F_ARRAY("relations", IN_BODY | REQUIRED, relation_fields, LIMIT_HOUSEHOLD_MEMBERS, "What each member of the one that ends is to the head of the one that stays."),
    F_DATE("on", IN_BODY, "Since when; absent: today.", "2026-05-02"),
    REASON_FIELD(REQUIRED),
    F_VERSION(),
    FIELDS_END
};

static const struct field ending_fields[] = {
    F_UUID("id", IN_PATH, "The household."),
    F_DATE("on", IN_BODY, "The first day no longer there; absent: today.", "2026-05-02"),
    F_ENUM("ended_how", IN_BODY | REQUIRED, ending_ways, "Why."),
    REASON_FIELD(REQUIRED),
    F_VERSION(),
    FIELDS_END
};

const struct route membership_routes[] = {
    {METHOD_POST, "/households/:id:set_head", PERM_HOUSEHOLD_WRITE, heading_fields,   &SQL_household_set_head, household_set_head, "set_household_head", "Another member is the head", .shows = household_fields, .probe = &SQL_household_get, .fsm = household_fsm, .verb = "set_head"},
    {METHOD_POST, "/households/:id:split",    PERM_HOUSEHOLD_WRITE, splitting_fields, &SQL_household_split,    household_split,    "split_household", "Some members go on as a household of their own; the answer is the new one", .also = "members on household_number settlement_id grid_id address phone", .shows = peopled_fields, .probe = &SQL_household_get, .location = "/households/", .fsm = household_fsm, .verb = "split", .status = 201},
    {METHOD_POST, "/households/:id:merge",    PERM_HOUSEHOLD_WRITE, merging_fields,   &SQL_household_merge,    household_merge,    "merge_household", "All members of another household move in, and that one ends", .also = "relations on", .shows = household_fields, .probe = &SQL_household_get, .fsm = household_fsm, .verb = "merge"},
    {METHOD_POST, "/households/:id:end",      PERM_HOUSEHOLD_WRITE, ending_fields,    &SQL_household_end,      household_end,      "end_household", "It is no longer there", .shows = household_fields, .probe = &SQL_household_get, .fsm = household_fsm, .verb = "end"},
    ROUTES_END
};
/* clang-format on */

static bool household_set_head(struct request *rq)
{
    struct held held;
    const char *id = arg_text(rq, "id");
    return db_begin(rq) && archive_hold(rq, id, NULL, &held) &&
           db_write(rq, &SQL_household_set_head, 200) && findings_after(rq, id);
}

/* Who moves, out of an array of members with relations. NULL: no memory. */
static struct mover *movers_of(struct request *rq, const char *array, size_t n)
{
    struct mover *movers = arena_array(rq->arena, struct mover, n + 1);
    for (size_t i = 0; movers != NULL && i < n; i++) {
        movers[i].member_id = arg_member(rq, array, i, "member_id");
        movers[i].relation = arg_member(rq, array, i, "relation");
    }
    if (movers == NULL)
        fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return movers;
}

static bool refuse(struct request *rq, const char *pointer, const char *code, const char *detail)
{
    return problem_add(
        rq, (struct problem){.place = AT_POINTER, .name = pointer, .code = code, .detail = detail});
}

/* One of the movers is the head (`heads` 1), or none; nobody stands there twice. */
static bool check_movers(struct request *rq, const char *pointer, const struct mover *movers,
                         size_t n, size_t heads)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        found += str_equal(movers[i].relation, "head") ? 1 : 0;
        for (size_t k = 0; k < i; k++) {
            if (str_equal(movers[i].member_id, movers[k].member_id))
                return refuse(rq, pointer, "repeated", "A member stands there twice.");
        }
    }
    if (found == heads)
        return true;
    return refuse(rq, pointer, "one_head",
                  heads == 1 ? "Exactly one of them is the head of the new household."
                             : "The household that stays has its head.");
}

/* :on_day, which is today where nothing is said. */
static bool bind_day(struct request *rq)
{
    char today[11];
    const char *on = arg_text(rq, "on");
    date_format(rq->today, today);
    return archive_not_later(rq, "on") &&
           arg_bind(rq, "on_day", on != NULL ? on : arena_strdup(rq->arena, today));
}

/* A step has one day, which memberships end or begin on: what its body calls `on`. */
static bool stepped(struct request *rq, const struct stmt *st, int status)
{
    static const char on[] = "on";
    bool done = db_write(rq, st, status);
    if (!done && (str_equal(rq->err.field, "left_on") || str_equal(rq->err.field, "joined_on") ||
                  str_equal(rq->err.field, "ended_on")))
        memcpy(rq->err.field, on, sizeof on);
    return done;
}

/* :moved; of a version that is not there any more nobody moves, and the statement says so. */
static bool bind_movers(struct request *rq, const struct held *held, const char *from,
                        struct mover *movers, size_t n)
{
    bool all = from != arg_text(rq, "id");
    return str_equal(held->version, arg_text(rq, "version"))
               ? archive_moved(rq, from, movers, n, all)
               : arg_bind(rq, "moved", "[]");
}

/* M-034. */
static bool household_split(struct request *rq)
{
    struct held held;
    static const struct archive_value nothing[] = {{0}};
    const char *id = arg_text(rq, "id");
    size_t n = arg_count(rq, "members");
    struct mover *movers = movers_of(rq, "members", n);
    return movers != NULL && check_movers(rq, "/members", movers, n, 1) && bind_day(rq) &&
           db_begin(rq) && archive_hold(rq, id, NULL, &held) &&
           bind_movers(rq, &held, id, movers, n) && archive_fields(rq, rq->new_id, nothing) &&
           person_bind(rq, false) && stepped(rq, &SQL_household_split, 201) &&
           findings_after(rq, id) && findings_after(rq, rq->new_id);
}

/* M-035. */
static bool household_merge(struct request *rq)
{
    struct held held;
    const char *id = arg_text(rq, "id"), *from = arg_text(rq, "from_household_id");
    size_t n = arg_count(rq, "relations");
    struct mover *movers = movers_of(rq, "relations", n);
    return movers != NULL && check_movers(rq, "/relations", movers, n, 0) && bind_day(rq) &&
           db_begin(rq) && archive_hold(rq, id, from, &held) &&
           bind_movers(rq, &held, from, movers, n) && person_bind(rq, false) &&
           stepped(rq, &SQL_household_merge, 200) && findings_after(rq, id);
}

/* M-036. */
static bool household_end(struct request *rq)
{
    struct held held;
    return archive_not_later(rq, "on") && db_begin(rq) &&
           archive_hold(rq, arg_text(rq, "id"), NULL, &held) &&
           stepped(rq, &SQL_household_end, 200);
}
