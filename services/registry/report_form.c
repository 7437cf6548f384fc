/* services/registry/report_form.c - what is reported by period: forms with their basis and fields,
 * the figures that fill themselves, and the ledger of what is asked of whom (R-190 to R-193,
 * What is known is not asked, and nothing is asked twice: sql/report_form.sql. */
#include "registry.h"
#include "sql_registry.h"

const char *const report_periods[] = {"month", "quarter", "half_year", "year", NULL};
static const char *const field_kinds[] = {"figure", "number", "text", NULL};
static const char *const form_states[] = {"in_use", "ended", NULL};
static const char *const adding[] = {"sum", "last", "none", NULL};

enum { FIELDS_MAX = 60 };

/* clang-format off */
static const struct field field_fields[] = {
    F_TEXT("code", IN_BODY | REQUIRED | SHOWN, 2, 40, "Its code: small letters, digits, underscores.", "visits"),
    F_TEXT("label", IN_BODY | REQUIRED | SHOWN, 1, 100, "What it is called on the form.", "走访次数"),
    F_ENUM("kind", IN_BODY | REQUIRED | SHOWN, field_kinds, "A figure fills itself; a number is asked for; a text is written."),
    F_TEXT("figure", IN_BODY | SHOWN | NULLABLE, 2, 40, "Of a figure: its code, as GET /figures has it.", "visits"),
    F_TEXT("data_item", IN_BODY | SHOWN | NULLABLE, 2, 40, "Of a number: what is asked for.", "collective_income"),
    F_BOOL("required", IN_BODY | SHOWN, "It must be there when the report is submitted."),
    FIELDS_END
};

static const struct field form_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the form; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the unit that asks; it asks divisions in and below it."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only forms of this division."),
    F_TEXT("code", IN_BODY | REQUIRED | SHOWN, 2, 40, "Its code in that division.", "monthly"),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 200, "Its title.", "乡村振兴责任制月报"),
    F_ENUM("period", IN_BODY | IN_QUERY | REQUIRED | SHOWN, report_periods, "How often."),
    F_INT("level", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 1, 5, "The level whose units report: 1 province, 2 city, 3 county, 4 town, 5 village.", "3"),
    F_UUID("asked_by_organisation_id", SHOWN, "The unit that asks: the caller's."),
    F_TEXT("asked_by", SHOWN | NULLABLE, 1, 80, "Its name.", "娄底市农业农村局"),
    F_UUID("clause_id", IN_BODY | REQUIRED | SHOWN, "The clause that it is asked by."),
    F_UUID("document_id", SHOWN | NULLABLE, "Its document."),
    F_TEXT("document", SHOWN | NULLABLE, 1, 300, "The document's title.", "乡村振兴责任制实施细则"),
    F_TEXT("clause", SHOWN | NULLABLE, 1, 40, "The clause's number.", "第二十一条"),
    F_UUID("composes_form_id", IN_BODY | SHOWN | NULLABLE, "The form its reports are composed of: of a shorter period, or of the level below."),
    F_ARRAY("fields", IN_BODY | REQUIRED | SHOWN, field_fields, FIELDS_MAX, "What it holds, in order."),
    F_BOOL("assumed", IN_BODY | SHOWN, "Composed, not taken from a document."),
    F_DATE("valid_from", IN_BODY | SHOWN, "First day; absent: today.", "2026-01-01"),
    F_DATE("valid_to", SHOWN | NULLABLE, "First day no longer in use.", "2027-01-01"),
    F_ENUM("status", IN_QUERY | SHOWN, form_states, "In use or ended."),
    F_INSTANT("created_at", SHOWN, "When it was set up."),
    F_VERSION(),
    FIELDS_END
};

static const struct field end_fields[] = {
    F_UUID("id", IN_PATH, "Id of the form."),
    F_DATE("valid_to", IN_BODY, "First day no longer in use; absent: today.", "2027-01-01"),
    F_VERSION(),
    FIELDS_END
};

static const struct field figure_fields[] = {
    F_TEXT("code", SHOWN, 2, 40, "Its code.", "visits"),
    F_TEXT("label", SHOWN, 1, 100, "What it is.", "走访次数"),
    F_TEXT("unit_of_measure", SHOWN, 1, 20, "Its unit.", "次"),
    F_ENUM("over_divisions", SHOWN, adding, "How the figures of divisions make that of the one above them."),
    F_ENUM("over_time", SHOWN, adding, "How the figures of periods make that of a longer one."),
    F_DECIMAL("value", SHOWN, 0, 4, "Counted now.", "120"),
    FIELDS_END
};

static const struct field figures_fields[] = {
    F_CODE("division", IN_QUERY | REQUIRED | SHOWN | OWN_SCOPE, "The division, with all below it."),
    F_DATE("from", IN_QUERY | SHOWN, "First day; absent: the first of that year.", "2026-01-01"),
    F_DATE("until", IN_QUERY | SHOWN, "Last day; absent: today.", "2026-06-30"),
    F_ARRAY("figures", SHOWN, figure_fields, 500, "All figures that are known."),
    FIELDS_END
};

static const struct field burden_fields[] = {
    F_UUID("id", SHOWN, "Id of the form."),
    F_CODE("owner_division", SHOWN, "The division that asks."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only forms that reach this division."),
    F_INT("year", IN_QUERY, 2000, 2199, "The year; absent: this one.", "2026"),
    F_TEXT("code", SHOWN, 2, 40, "Its code.", "monthly"),
    F_TEXT("title", SHOWN, 1, 200, "Its title.", "乡村振兴责任制月报"),
    F_ENUM("period", SHOWN, report_periods, "How often."),
    F_INT("level", IN_QUERY | SHOWN, 1, 5, "The level that reports.", "3"),
    F_UUID("asked_by_organisation_id", SHOWN, "The unit that asks."),
    F_TEXT("asked_by", SHOWN | NULLABLE, 1, 80, "Its name.", "娄底市农业农村局"),
    F_UUID("document_id", SHOWN | NULLABLE, "The document that is its basis."),
    F_TEXT("document", SHOWN | NULLABLE, 1, 300, "Its title.", "乡村振兴责任制实施细则"),
    F_TEXT("clause", SHOWN | NULLABLE, 1, 40, "The clause.", "第二十一条"),
    F_INT("times_a_year", SHOWN, 1, 12, "How often a year.", "12"),
    F_INT("figures", SHOWN, 0, FIELDS_MAX, "Fields that fill themselves.", "9"),
    F_INT("numbers", SHOWN, 0, FIELDS_MAX, "Numbers that are asked for.", "2"),
    F_INT("texts", SHOWN, 0, FIELDS_MAX, "Texts that are written.", "1"),
    F_INT("reports", SHOWN, 0, INT32_MAX, "Reports of that year that the caller sees.", "6"),
    F_INT("submitted", SHOWN, 0, INT32_MAX, "Of these submitted.", "6"),
    F_DATE("last_submitted_on", SHOWN | NULLABLE, "When one was submitted last.", "2026-06-30"),
    F_DATE("valid_from", SHOWN, "Since when it is asked.", "2026-01-01"),
    F_DATE("valid_to", SHOWN | NULLABLE, "First day no longer asked.", "2027-01-01"),
    F_INSTANT("created_at", SHOWN, "When it was set up."),
    F_VERSION(),
    FIELDS_END
};

const struct transition report_form_fsm[] = {
    {"in_use", "end", "ended", PERM_PERIODIC_REPORT_ACCEPT, "The unit that asks does not ask any more."},
    {0}
};

/* clang-format on */

/* there are no figures of a time that ends before it begins. */
static bool read_figures(struct request *rq)
{
    struct date from = rq->today, until = rq->today;
    if (arg_given(rq, "from") && !date_parse(arg_text(rq, "from"), &from))
        return fail(rq, ERR_BAD_PARAMETER, "from", "This is no day.");
    if (arg_given(rq, "until") && !date_parse(arg_text(rq, "until"), &until))
        return fail(rq, ERR_BAD_PARAMETER, "until", "This is no day.");
    if (arg_given(rq, "from") && date_compare(until, from) < 0)
        return fail(rq, ERR_BAD_PARAMETER, arg_given(rq, "until") ? "until" : "from",
                    "The time ends before it begins.");
    return read_one(rq);
}

/* clang-format off */
const struct route report_form_routes[] = {
    {METHOD_GET,  "/report_forms",         PERM_PERIODIC_REPORT_READ,   form_fields,    &SQL_report_form_list,   read_page, "list_report_forms", "Forms of periodic reports"},
    {METHOD_GET,  "/report_forms/:id",     PERM_PERIODIC_REPORT_READ,   form_fields,    &SQL_report_form_get,    read_one,  "get_report_form", "One form with its fields"},
    {METHOD_POST, "/report_forms",         PERM_PERIODIC_REPORT_ACCEPT, form_fields,    &SQL_report_form_insert, write_one, "create_report_form", "Set a form up: on a clause, asking nothing that is known and nothing twice", .location = "/report_forms/", .status = 201},
    {METHOD_POST, "/report_forms/:id:end", PERM_PERIODIC_REPORT_ACCEPT, end_fields,     &SQL_report_form_end,    step_one,  "end_report_form", "Ask no more", .shows = form_fields, .probe = &SQL_report_form_get, .fsm = report_form_fsm, .verb = "end"},
    {METHOD_GET,  "/figures",              PERM_PERIODIC_REPORT_READ,   figures_fields, &SQL_figure_list,        read_figures, "get_figures", "What the system knows of a division in a time"},
    {METHOD_GET,  "/burden",               PERM_PERIODIC_REPORT_READ,   burden_fields,  &SQL_burden_list,        read_page, "list_burden", "What is asked of whom, by whom, on what basis, how often and when last"},
    ROUTES_END
};
/* clang-format on */
