/* services/monitoring/income.c - a household's income and expense by line, over a window of days;
 * the figures made of them, each explained. Rules M-060 to M-068. Computes nothing: figures are
 * SQL's (income_sums() of migrations/0003), the same for one record as for bulk work. */
#include "block.h"
#include "monitoring.h"
#include "sql_monitoring.h"

static const char *const sides[] = {"wage", "production", "property", "transfer", "expense", NULL};
static const char *const figures[] = {
    "wage",      "production",           "property", "transfer", "expense", "net", "per_capita",
    "reference", "reference_per_capita", NULL};
static const char *const signs[] = {"plus", "minus", "by", NULL};
static const char *const standings[] = {"below", "at", "above", NULL};
static handler income_one, income_correct;

/* clang-format off */
#define ENTERED \
    F_DATE("period_end", IN_BODY | SHOWN, "Last day of the window, of that year; absent: today, or the year's last day.", "2026-06-30"), \
    F_DATE("period_start", IN_BODY | SHOWN, "First day of the window; absent: twelve months back from its end.", "2025-07-01"), \
    F_OBJECT("amounts", IN_BODY | SHOWN, NULL, "Yuan by code of a line (income_lines), as text; a change merges, null takes a line away."), \
    F_OBJECT("notes", IN_BODY | SHOWN, NULL, "What is to be said of a line, by its code."), \
    F_DECIMAL("claims", IN_BODY | SHOWN, 0, 2, "Insurance paid out, yuan.", "3000"), \
    F_DECIMAL("compliant_expense", IN_BODY | SHOWN, 0, 2, "Expense of its own that the rules recognise, yuan.", "12000.50")

#define COMPUTED(name, doc) F_DECIMAL(name, SHOWN, -1, 2, doc, "8650.00")

const struct field income_fields[] = {
    BLOCK_FIELDS,
    ENTERED,
    F_INT("headcount", SHOWN, 1, INT32_MAX, "Who lived there on the last day.", "4"),
    COMPUTED("wage", "Lines a, added up."),
    COMPUTED("production", "Lines b, added up."),
    COMPUTED("property", "Lines c, added up."),
    COMPUTED("transfer", "Lines d, added up."),
    COMPUTED("expense", "Lines e, added up."),
    COMPUTED("net", "The four incomes less expense."),
    COMPUTED("per_capita", "Net by head."),
    COMPUTED("reference", "Net and claims less compliant expense."),
    COMPUTED("reference_per_capita", "That by head."),
    F_UUID("line_id", SHOWN | NULLABLE, "The monitoring line that held on the last day; null: there was none."),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Its id."),
    ENTERED,
    REASON_FIELD(0),
    F_VERSION(),
    FIELDS_END
};

static const struct field operand_fields[] = {
    F_TEXT("operand", SHOWN, 1, 40, "Code of a line, another figure, claims, compliant_expense, or headcount.", "a1"),
    F_TEXT("label", SHOWN, 1, 40, "What it is called.", "务工收入"),
    F_ENUM("sign", SHOWN, signs, "Added, taken off, or what is divided by."),
    F_TEXT("amount", SHOWN, 1, 20, "Yuan, or heads.", "24000.00"),
    F_BOOL("stable", SHOWN | NULLABLE, "Counts as stable income; null: is no line."),
    F_TEXT("note", SHOWN | NULLABLE, 1, 200, "What is said of the line.", "在东莞务工"),
    FIELDS_END
};

static const struct field figure_fields[] = {
    F_ENUM("figure", SHOWN, figures, "Which."),
    F_TEXT("label", SHOWN, 1, 40, "What it is called.", "家庭人均纯收入"),
    COMPUTED("amount", "Yuan."),
    F_TEXT("formula", SHOWN, 1, 200, "How it is made, in words.", "家庭纯收入 ÷ 家庭人口数"),
    F_ARRAY("operands", SHOWN, operand_fields, 100, "What it was made of."),
    FIELDS_END
};

static const struct field unstable_fields[] = {
    F_TEXT("code", SHOWN, 1, 5, "Code of the line.", "d6f"),
    F_TEXT("label", SHOWN, 1, 40, "What it is called.", "残疾人补贴"),
    COMPUTED("amount", "Yuan."),
    F_BOOL("assumed", SHOWN, "No document at hand says that it is not stable."),
    FIELDS_END
};

static const struct field stable_fields[] = {
    COMPUTED("unstable", "Income that does not count as stable, yuan."),
    COMPUTED("net", "Net without it."),
    COMPUTED("per_capita", "That by head."),
    F_ARRAY("lines", SHOWN, unstable_fields, 100, "The lines that it is of."),
    FIELDS_END
};

static const struct field standing_fields[] = {
    F_ENUM("figure", SHOWN, figures, "Which."),
    F_ENUM("standing", SHOWN, standings, "Against the line."),
    COMPUTED("difference", "The figure less the line."),
    FIELDS_END
};

static const struct field line_fields[] = {
    F_UUID("id", SHOWN, "Id of the monitoring line."),
    F_CODE("owner_division", SHOWN, "The division that laid it down."),
    F_INT("year", SHOWN, 2000, 2199, "Of that year.", "2026"),
    F_DECIMAL("amount", SHOWN, 0, 2, "Yuan a person and year.", "8700"),
    F_DATE("effective_from", SHOWN, "Since when it holds.", "2026-01-01"),
    F_TEXT("document_number", SHOWN | NULLABLE, 1, 60, "Number of the document that lays it down.", "云农办通〔2025〕1号"),
    F_BOOL("assumed", SHOWN, "No document at hand says so."),
    F_ARRAY("standings", SHOWN, standing_fields, 2, "How the figures a head stand to it."),
    FIELDS_END
};

static const struct field explained_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the income block."),
    AS_OF_FIELD,
    F_UUID("household_id", SHOWN, "The household."),
    F_INT("year", SHOWN, 2000, 2199, "The year that it is of.", "2026"),
    F_ENUM("stage", SHOWN, block_stages, "The stage that it is of."),
    F_DATE("period_start", SHOWN, "First day of the window.", "2025-07-01"),
    F_DATE("period_end", SHOWN, "Last day of the window.", "2026-06-30"),
    F_INT("headcount", SHOWN, 1, INT32_MAX, "Who lived there on the last day.", "4"),
    F_INT("version", SHOWN, 1, INT32_MAX, "The version that is explained.", "1"),
    F_ARRAY("figures", SHOWN, figure_fields, 9, "Each figure with what it was made of."),
    F_OBJECT("stable", SHOWN, stable_fields, "Income that does not count as stable, apart."),
    F_OBJECT("line", SHOWN | NULLABLE, line_fields, "The monitoring line that held; null: there was none."),
    FIELDS_END
};

static const struct field line_of_form[] = {
    F_TEXT("code", SHOWN, 2, 5, "Its code.", "a1"),
    F_ENUM("side", SHOWN, sides, "What it is part of."),
    F_TEXT("label", SHOWN, 1, 40, "What it is called.", "务工收入"),
    F_BOOL("stable", SHOWN, "Counts as stable income."),
    F_BOOL("assumed", SHOWN, "No document at hand says whether it does."),
    F_INT("valid_from", SHOWN, 2000, 2199, "Its first year.", "2020"),
    F_INT("valid_to", SHOWN | NULLABLE, 2000, 2199, "Its last year; null: there is none.", "2030"),
    F_INT("sort", SHOWN, 1, 1000, "Its place in the form.", "1"),
    FIELDS_END
};

static const struct field lines_fields[] = {
    F_INT("year", IN_QUERY, 2000, 2199, "Only those of this year.", "2026"),
    F_ARRAY("lines", SHOWN, line_of_form, 1000, "In the form's order."),
    FIELDS_END
};

#define NAMES "period_start period_end amounts notes claims compliant_expense reason "

const struct route income_routes[] = {
    {METHOD_GET,   "/incomes",                 PERM_HOUSEHOLD_READ,  income_fields,    &SQL_income_list,    read_page,      "list_incomes", "Income of households, by village"},
    {METHOD_GET,   "/incomes/:id",             PERM_HOUSEHOLD_READ,  income_fields,    &SQL_income_get,     income_one,     "get_income", "Of one household, year and stage; or as it was recorded at the end of a day", .also = "as_of"},
    {METHOD_GET,   "/incomes/:id/explanation", PERM_HOUSEHOLD_READ,  explained_fields, &SQL_income_explain, read_one,       "explain_income", "Each figure with its formula and what it was made of, and how it stands to the monitoring line"},
    {METHOD_POST,  "/incomes",                 PERM_HOUSEHOLD_WRITE, income_fields,    &SQL_income_insert,  block_create,   "create_income", "Enter the income of a household, year and stage; its figures are computed", .also = NAMES, .location = "/incomes/", .status = 201},
    {METHOD_PATCH, "/incomes/:id",             PERM_HOUSEHOLD_WRITE, corrected_fields, &SQL_income_correct, income_correct, "update_income", "Correct it; its figures are computed anew", .also = NAMES "version", .shows = income_fields, .probe = &SQL_income_get},
    {METHOD_GET,   "/income_lines",            PERM_HOUSEHOLD_READ,  lines_fields,     &SQL_income_lines,   read_one,       "list_income_lines", "Lines of the form of income and expense"},
    ROUTES_END
};
/* clang-format on */

static bool income_one(struct request *rq)
{
    return block_one(rq, &SQL_income_as_of);
}

static bool income_correct(struct request *rq)
{
    return block_correct(rq, &SQL_income_hold);
}
