/* services/identity/me.c - what the caller is and may do, and why a record is the caller's to see,
 * in words. What the token says is told as it says it; the rest is looked up. Rule A-9. */
#include "core/buf.h"
#include "core/str.h"
#include "identity.h"
#include "sql_identity.h"

static const char *const account_kinds[] = {"person", "machine", "device", NULL};
static const char *const admin_kinds[] = {"system", "security", "audit", NULL};
static const char *const masks[] = {"hidden", "strict", "usual", NULL};
static const char *const classes[] = {"scoped", "upward", "reference", NULL};
static const char *const reasons[] = {"range", "above", "reference", "outside", NULL};

/* clang-format off */
static const struct field own_account[] = {
    F_UUID("id", SHOWN, "Id of the account."),
    F_TEXT("login", SHOWN, 1, 64, "Its log-in name.", "county_office"),
    F_ENUM("kind", SHOWN, account_kinds, "Whose it is."),
    F_CODE("owner_division", SHOWN, "Where it is administered."),
    FIELDS_END
};

static const struct field own_person[] = {
    F_UUID("id", SHOWN, "Id of the person."),
    F_TEXT("name", SHOWN, 1, 60, "Name.", "赵甲"),
    FIELDS_END
};

static const struct field acting_post[] = {
    F_UUID("id", SHOWN, "Id of the post."),
    F_TEXT("title", SHOWN, 1, 80, "Its name.", "区专班业务岗"),
    F_CODE("owner_division", SHOWN, "The division of its organisation."),
    F_UUID("organisation_id", SHOWN, "The organisation it is in."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "That organisation's name.", "娄星区乡村振兴工作专班"),
    FIELDS_END
};

static const struct field acting_role[] = {
    F_TEXT("code", SHOWN, 2, 39, "Code of the role.", "county_office"),
    F_TEXT("label", SHOWN, 1, 60, "Its name for people.", "县级责任制工作机构"),
    F_ENUM("admin_kind", SHOWN | NULLABLE, admin_kinds, "The kind of administrator it makes, if it makes one."),
    FIELDS_END
};

static const struct field own_range[] = {
    F_CODE("code", SHOWN, "A division, with all below it; 000000000000 is the country."),
    F_TEXT("name", SHOWN | NULLABLE, 1, 80, "The division's name.", "娄星区"),
    FIELDS_END
};

static const struct field own_session[] = {
    F_UUID("id", SHOWN, "Id of the session."),
    F_INSTANT("created_at", SHOWN, "When it began."),
    F_INSTANT("expires_at", SHOWN, "When it ends at the latest."),
    F_TEXT("factors", SHOWN, 1, 40, "What it was opened with.", "password+totp"),
    F_UUID("device_id", SHOWN | NULLABLE, "The registered device it is on."),
    FIELDS_END
};

static const struct field other_post[] = {
    F_UUID("id", SHOWN, "Id of the post."),
    F_TEXT("title", SHOWN, 1, 80, "Its name.", "区专班业务岗"),
    F_UUID("organisation_id", SHOWN, "The organisation it is in."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "That organisation's name.", "娄星区乡村振兴工作专班"),
    F_TEXT("role", SHOWN, 2, 39, "The role to act by in it.", "county_office"),
    F_DATE("ends_on", SHOWN | NULLABLE, "The first day it cannot be acted in any more.", "2027-01-01"),
    F_BOOL("deputy", SHOWN, "The account was let act in it, without holding it."),
    FIELDS_END
};

static const struct field own_access[] = {
    F_UUID("id", SHOWN, "Id of the access."),
    F_UUID("post_id", SHOWN, "The post that has it."),
    F_CODE("owner_division", SHOWN, "Whose data."),
    F_TEXT("division", SHOWN | NULLABLE, 1, 80, "That division's name.", "娄星区"),
    F_TEXTS("permissions", SHOWN, 128, "What it permits there."),
    F_TEXT("reason", SHOWN, 1, 200, "Why it was given.", "市级第三轮督查"),
    F_INSTANT("starts_at", SHOWN, "From when."),
    F_INSTANT("ends_at", SHOWN, "Until when."),
    FIELDS_END
};

static const struct field me_fields[] = {
    F_OBJECT("account", SHOWN, own_account, "The account."),
    F_OBJECT("person", SHOWN | NULLABLE, own_person, "Whose it is; null for machines and devices."),
    F_OBJECT("post", SHOWN, acting_post, "The post acted in."),
    F_OBJECT("role", SHOWN | NULLABLE, acting_role, "That post's role."),
    F_TEXTS("permissions", SHOWN, 128, "What the token permits."),
    F_TEXTS("grantable", SHOWN, 64, "What the post may give on; nothing while acting under access for a time."),
    F_ARRAY("ranges", SHOWN, own_range, 32, "Where: divisions, each with all below it."),
    F_TEXTS("lines", SHOWN | NULLABLE, 32, "Lines (条) it is limited to; null: every line."),
    F_ENUM("personal_data", SHOWN, masks, "How masked personal data is shown."),
    F_TEXTS("must", SHOWN, 3, "What must be done before anything else: change_password, enrol_totp, release_factor."),
    F_UUID("access_grant_id", SHOWN | NULLABLE, "The access for a time acted under."),
    F_OBJECT("session", SHOWN | NULLABLE, own_session, "The session; null for API tokens."),
    F_ARRAY("posts", SHOWN, other_post, 500, "The posts the account may act in today."),
    F_ARRAY("access_grants", SHOWN, own_access, 500, "Access for a time that its posts have or will have."),
    FIELDS_END
};

static const struct field explained_record[] = {
    F_UUID("id", SHOWN | NULLABLE, "Id of the record; null for a division named by its code."),
    F_TEXT("kind", SHOWN, 1, 40, "What it is.", "item"),
    F_TEXT("label", SHOWN, 1, 40, "The same for people.", "分解项"),
    F_CODE("owner_division", SHOWN, "The division that keeps it."),
    F_TEXT("owner_name", SHOWN | NULLABLE, 1, 80, "That division's name.", "涟滨街道"),
    F_CODE("at_division", SHOWN, "Where it happened."),
    F_TEXTS("lines", SHOWN, 64, "Its lines (条); none: it is everybody's."),
    FIELDS_END
};

static const struct field explain_fields[] = {
    F_UUID("record", IN_QUERY, "A record of any service: why may I see it?"),
    F_CODE("division", IN_QUERY, "A division: what of it may I see?"),
    FIELDS_END
};

static const struct field explained_fields[] = {
    F_OBJECT("record", SHOWN, explained_record, "The record, or the division."),
    F_ENUM("class", SHOWN, classes, "How records of its kind are seen: inside the own ranges, from below as well, or by all."),
    F_ENUM("because", SHOWN, reasons, "The rule that holds here."),
    F_TEXT("range", SHOWN | NULLABLE, 0, 12, "The caller's range it lies in.", "431302"),
    F_TEXT("range_name", SHOWN | NULLABLE, 1, 80, "That range's name.", "娄星区"),
    F_TEXT("line", SHOWN, 1, 600, "no_line: it has none; every_line: the caller is not limited; else the lines shared.", "agriculture"),
    F_TEXT("read_permission", SHOWN, 1, 40, "What reading it needs besides.", "duty_list.read"),
    F_BOOL("readable", SHOWN, "The caller has that."),
    F_TEXTS("verbs", SHOWN, 16, "What else the caller may do with it."),
    F_TEXT("sentence", SHOWN, 1, 600, "All of it in Chinese.", "该分解项归涟滨街道（431302006000）管理，在您的区划范围娄星区之内；它不分条线；您可以查看（权限 duty_list.read）。"),
    F_TEXT("detail", SHOWN, 1, 600, "All of it in English.", "This item is kept by 431302006000: it lies in your range 431302000000; it has no line; you hold duty_list.read and may read it."),
    FIELDS_END
};

static handler me_show, me_explain;

const struct route me_routes[] = {
    {METHOD_GET, "/me",               PERM_SIGNED_IN, me_fields,      &SQL_me_get, me_show,    "get_me", "Who the caller is, in which post, with what rights, and what else the account may act as", .probe = NULL},
    {METHOD_GET, "/me/scope:explain", PERM_SIGNED_IN, explain_fields, NULL,        me_explain, "explain_scope", "Why the caller may see a record, and what may be done with it, in words", .also = "record division", .shows = explained_fields, .misses = true},
    ROUTES_END
};
/* clang-format on */

enum { LIST_MAX = 4096 };

/* An array literal of words that need no quoting but the empty one. */
struct literal {
    struct buf text;
    char gap;
};

static void begin(struct literal *l, struct request *rq)
{
    buf_init(&l->text, rq->arena, LIST_MAX);
    l->gap = '{';
}

static void add(struct literal *l, const char *word)
{
    buf_printf(&l->text, "%c\"%s\"", l->gap, word);
    l->gap = ',';
}

static bool bind(struct literal *l, struct request *rq, const char *name)
{
    buf_str(&l->text, l->gap == '{' ? "{}" : "}");
    const char *text = buf_text(&l->text);
    return (text != NULL && arg_bind(rq, name, text)) || fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

bool me_bind_permissions(struct request *rq)
{
    struct literal l;
    begin(&l, rq);
    for (unsigned p = PERM_SIGNED_IN + 1; p < PERM_COUNT; p++) {
        if (permission_in(rq->principal.permissions, (enum permission)p))
            add(&l, permission_code((enum permission)p));
    }
    return bind(&l, rq, "own_permissions");
}

static bool bind_ranges(struct request *rq)
{
    struct literal l;
    begin(&l, rq);
    for (unsigned i = 0; i < rq->principal.n_prefixes; i++)
        add(&l, rq->principal.prefixes[i]);
    return bind(&l, rq, "own_ranges");
}

static bool bind_must(struct request *rq)
{
    struct literal l;
    begin(&l, rq);
    if ((rq->principal.must & MUST_CHANGE_PASSWORD) != 0)
        add(&l, "change_password");
    if ((rq->principal.must & MUST_ENROL_TOTP) != 0)
        add(&l, "enrol_totp");
    if ((rq->principal.must & MUST_RELEASE_FACTOR) != 0)
        add(&l, "release_factor");
    return bind(&l, rq, "own_must");
}

static bool bind_text(struct request *rq, const char *name, const char *text)
{
    return arg_bind(rq, name, *text == '\0' ? NULL : text) ||
           fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* What the token says. */
static bool bind_own(struct request *rq)
{
    return me_bind_permissions(rq) && bind_ranges(rq) &&
           bind_text(rq, "own_lines", rq->principal.lines);
}

static bool me_show(struct request *rq)
{
    return bind_own(rq) && bind_must(rq) && bind_text(rq, "own_mask", masks[rq->principal.mask]) &&
           bind_text(rq, "own_access", rq->principal.access_grant) && read_one(rq);
}

/* A record out of scope and none at all are told alike. */
static bool me_explain(struct request *rq)
{
    struct rows *rows = NULL;
    bool record = arg_text(rq, "record") != NULL;
    if (record == (arg_text(rq, "division") != NULL))
        return problem_add(rq, (struct problem){.place = AT_PARAMETER,
                                                .name = "record",
                                                .code = "one_of_two",
                                                .detail = "Ask about a record or about a "
                                                          "division, one of them."});
    if (!bind_own(rq) ||
        !db_rows(rq, record ? &SQL_me_explain_record : &SQL_me_explain_division, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL,
                    "不在您的范围之内，或者不存在。 Not in your scope, or not there.");
    return reply_json(rq, 200, rows_text(rows, 0, 0));
}
