/* services/registry/division.c - administrative divisions: look-up as of a day, import from CSV.
 * Contract: proto/registry.md. Effective dates are kept by sql/division.sql. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/division_code.h"
#include "core/limits.h"
#include "core/uuid.h"
#include "http/sheet.h"
#include "registry.h"
#include "sql_registry.h"

static const char *const division_kinds[] = {"statutory", "functional_area", NULL};
static handler division_import;

/* clang-format off */
static const struct field division_fields[] = {
    F_UUID("id", SHOWN, "Id of this row of the division."),
    F_CODE("code", IN_PATH | SHOWN, "Twelve characters; a functional area has a local code with an F."),
    F_TEXT("name", SHOWN, 1, 60, "Its name.", "娄星区"),
    F_INT("level", IN_QUERY | SHOWN, 1, 5, "1 province, 2 city, 3 county, 4 town, 5 village.", "3"),
    F_CODE("parent_code", IN_QUERY | SHOWN | NULLABLE, "The division one level up."),
    F_ENUM("kind", IN_QUERY | SHOWN, division_kinds, "Statutory, or a functional area (新区, 开发区)."),
    F_DATE("valid_from", SHOWN, "First day of this row.", "2023-06-30"),
    F_DATE("valid_to", SHOWN | NULLABLE, "First day no longer valid; null: still valid.", "2027-01-01"),
    F_TEXTS("predecessor_codes", SHOWN, 100, "Codes it came from."),
    F_TEXTS("member_codes", SHOWN, 1000, "The towns a functional area administers."),
    F_DATE("as_of", IN_QUERY, "As it was on that day; absent: today.", "2026-06-30"),
    F_TEXT("name_prefix", IN_QUERY, 1, 60, "Only names that begin so.", "娄星"),
    F_VERSION(),
    FIELDS_END
};

static const struct field import_fields[] = {
    F_UUID("id", SHOWN, "Id of this load."),
    F_DATE("valid_from", IN_QUERY | REQUIRED, "The day the divisions are valid from.", "2023-06-30"),
    F_INT("rows", SHOWN, 0, INT32_MAX, "Rows read.", "10000"),
    F_INT("inserted", SHOWN, 0, INT32_MAX, "Divisions new on that day.", "10000"),
    F_INT("changed", SHOWN, 0, INT32_MAX, "Divisions corrected or succeeded.", "0"),
    F_INT("unchanged", SHOWN, 0, INT32_MAX, "Divisions that were there already.", "0"),
    F_INT("members", SHOWN, 0, INT32_MAX, "Member towns of functional areas recorded.", "0"),
    F_VERSION(),
    FIELDS_END
};

static const struct field division_columns[] = { /* of the CSV */
    F_TEXT("code", IN_BODY | REQUIRED, 2, 12, "Official code, short or padded to twelve.", "431302"),
    F_TEXT("name", IN_BODY | REQUIRED, 1, 60, "Its name.", "娄星区"),
    F_ENUM("kind", IN_BODY, division_kinds, "Absent: statutory."),
    F_TEXT("members", IN_BODY, 12, 4000, "Codes of the member towns of a functional area, separated by ;", "522301101000"),
    F_TEXT("predecessors", IN_BODY, 12, 4000, "Codes that it came from, separated by ;: they end on that day, unless they are rows of the table themselves.", "431302006003"),
    FIELDS_END
};

const struct route division_routes[] = {
    {METHOD_GET,  "/divisions",        PERM_DIVISION_READ,  division_fields, &SQL_division_list,   read_page, "list_divisions", "Divisions by parent, level, kind, beginning of the name, as of a day"},
    {METHOD_GET,  "/divisions/:code",  PERM_DIVISION_READ,  division_fields, &SQL_division_get,    read_one,  "get_division", "One division as of a day"},
    {METHOD_POST, "/divisions:import", PERM_DIVISION_WRITE, import_fields,   &SQL_division_import, division_import, "import_divisions", "Load divisions from a CSV with columns code, name and optionally kind, members, predecessors",
        .media = MEDIA_CSV, .body_max_kib = 8192, .also = "valid_from", .status = 200},
    ROUTES_END
};
/* clang-format on */

enum { LOWEST_MEMBER = 4 /* level of a town */ };

struct division_row {
    char code[DIVISION_CODE], parent[DIVISION_CODE];
    int level;
    size_t row; /* of the sheet */
};

static int by_code(const void *a, const void *b)
{
    return strcmp(((const struct division_row *)a)->code, ((const struct division_row *)b)->code);
}

static const struct division_row *find(const struct division_row *rows, size_t n, const char *code)
{
    struct division_row key = {0};
    memcpy(key.code, code, strlen(code) + 1);
    return bsearch(&key, rows, n, sizeof *rows, by_code);
}

/* The next of the codes separated by ";", empty where that is not its length; false at the end. */
static bool next_code(const char **rest, char code[static DIVISION_CODE])
{
    const char *text = *rest;
    if (!text) {
        return false;
    }
    size_t len = strcspn(text, ";");
    size_t kept = len == DIVISION_CODE - 1 ? len : 0;
    memcpy(code, text, kept);
    code[kept] = '\0';
    *rest = text[len] ? text + len + 1 : NULL;
    return true;
}

/* what a division came from is of its own level. */
static bool check_former(struct request *rq, const struct sheet *s, const struct division_row *d)
{
    char code[DIVISION_CODE];
    const char *rest = sheet_value(s, d->row, "predecessors");
    while (next_code(&rest, code)) {
        if (division_level(code) != d->level) {
            return sheet_fault(
                rq, s, d->row, "predecessors", "not_a_division_code",
                "a predecessor is a division of the same level by its twelve characters");
        }
    }
    return true;
}

/* The members of a functional area are towns and villages. */
static bool check_members(struct request *rq, const struct sheet *s, size_t row)
{
    char code[DIVISION_CODE];
    const char *rest = sheet_value(s, row, "members");
    while (next_code(&rest, code)) {
        if (division_level(code) < LOWEST_MEMBER) {
            return sheet_fault(rq, s, row, "members", "not_a_division_code",
                               "a member is a town or village by its twelve characters");
        }
    }
    return true;
}

/* One row: a code that is one, whose letter says a functional area exactly when its kind does. */
static bool read_row(struct request *rq, const struct sheet *s, size_t row, struct division_row *d)
{
    const char *code = sheet_value(s, row, "code");
    const char *kind = sheet_value(s, row, "kind");
    if (!code) {
        return false;
    }
    d->row = row;
    bool padded = strlen(code) == DIVISION_CODE - 1;
    if (padded) {
        memcpy(d->code, code, DIVISION_CODE);
    }
    d->level = padded || division_pad(code, d->code) ? division_level(d->code) : -1;
    if (d->level < 1 || !division_parent(d->code, d->parent)) {
        return sheet_fault(rq, s, row, "code", "not_a_division_code", "no code of a division");
    }
    bool area = kind && !strcmp(kind, "functional_area");
    if (area != (strchr(d->code, 'F') != NULL)) {
        return sheet_fault(rq, s, row, "kind", "kind_mismatch",
                           "a local code (with F) and the kind functional_area go together");
    }
    if (!check_former(rq, s, d)) {
        return false;
    }
    if (area) {
        return check_members(rq, s, row);
    }
    return !sheet_value(s, row, "members") ||
           sheet_fault(rq, s, row, "members", "not_taken", "only a functional area has members");
}

static struct division_row *read_rows(struct request *rq, const struct sheet *s)
{
    size_t n = s->table.rows;
    struct division_row *rows = arena_array(rq->arena, struct division_row, n);
    if (!rows) {
        fail(rq, ERR_NO_MEMORY, NULL, "the table does not fit into memory");
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        read_row(rq, s, i, &rows[i]);
    }
    if (rq->n_problems) {
        return NULL;
    }
    qsort(rows, n, sizeof *rows, by_code);
    for (size_t i = 1; i < n; i++) {
        if (!strcmp(rows[i - 1].code, rows[i].code)) {
            sheet_fault(rq, s, rows[i].row, "code", "repeated",
                        "this code stands in the file twice");
        }
    }
    return rq->n_problems ? NULL : rows;
}

/* Whoever names a division outside the own scope is told so; the row policies would pass over it.
 */
static bool check_own(struct request *rq, const struct sheet *s, const struct division_row *d,
                      const char *codes)
{
    char code[DIVISION_CODE];
    memcpy(code, d->code, sizeof code);
    do {
        if (!principal_covers(&rq->principal, code)) {
            return fail(rq, ERR_OUT_OF_SCOPE, NULL, "row %u: %s is outside your scope",
                        s->table.row_number[d->row], code);
        }
    } while (next_code(&codes, code));
    return true;
}

static bool check_scope(struct request *rq, const struct sheet *s, const struct division_row *rows)
{
    size_t i = 0;
    while (i < s->table.rows &&
           check_own(rq, s, &rows[i], sheet_value(s, rows[i].row, "members")) &&
           check_own(rq, s, &rows[i], sheet_value(s, rows[i].row, "predecessors"))) {
        i++;
    }
    return i == s->table.rows;
}

/* Is the code there on that day or in the file? `unknown` is in order. */
static bool is_known(const struct rows *unknown, const struct division_row *rows, size_t n,
                     const char *code)
{
    size_t low = 0, high = rows_count(unknown);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(rows_text(unknown, mid, 0), code);
        if (!order) {
            return find(rows, n, code) != NULL;
        }
        low = order < 0 ? mid + 1 : low;
        high = order < 0 ? high : mid;
    }
    return true;
}

/* Parents and members of all rows as an array literal. */
static const char *named_codes(struct request *rq, const struct sheet *s,
                               const struct division_row *rows)
{
    struct buf named;
    char code[DIVISION_CODE];
    buf_init(&named, rq->arena, LIMIT_ARENA_BYTES / 4);
    buf_char(&named, '{');
    const char *last = "";
    for (size_t i = 0; i < s->table.rows; i++) {
        const char *rest = sheet_value(s, rows[i].row, "members");
        if (rows[i].level > 1 && strcmp(last, rows[i].parent)) {
            buf_printf(&named, "%s%s", named.len > 1 ? "," : "", rows[i].parent);
            last = rows[i].parent;
        }
        while (next_code(&rest, code)) {
            buf_printf(&named, "%s%s", named.len > 1 ? "," : "", code);
        }
    }
    buf_char(&named, '}');
    return buf_text(&named);
}

/* The rows of a table, in order of their codes, and the codes named there that are not there yet.
 */
struct named {
    const struct division_row *rows;
    size_t n;
    const struct rows *unknown;
};

static void check_row_named(struct request *rq, const struct sheet *s, const struct named *named,
                            const struct division_row *d)
{
    char code[DIVISION_CODE];
    const char *rest = sheet_value(s, d->row, "members");
    if (d->level > 1 && !is_known(named->unknown, named->rows, named->n, d->parent)) {
        sheet_fault(rq, s, d->row, "code", "parent_unknown",
                    "its parent division is neither here nor in this file");
    }
    while (next_code(&rest, code)) {
        if (!is_known(named->unknown, named->rows, named->n, code)) {
            sheet_fault(rq, s, d->row, "members", "member_unknown",
                        "a member is neither here nor in this file");
        }
    }
}

/* Every parent and every member is in the file or already there (a province's parent is the
 * country, which is no row). */
static bool check_named(struct request *rq, const struct sheet *s, const struct division_row *rows)
{
    struct rows *unknown;
    if (!arg_bind(rq, "codes", named_codes(rq, s, rows)) ||
        !db_rows(rq, &SQL_division_unknown, &unknown)) {
        return false;
    }
    const struct named named = {rows, s->table.rows, unknown};
    for (size_t i = 0; i < named.n; i++) {
        check_row_named(rq, s, &named, &rows[i]);
    }
    return rq->n_problems == 0;
}

/* All predecessors that are no rows themselves as an array literal: these end. */
static const char *former_codes(struct request *rq, const struct sheet *s,
                                const struct division_row *rows)
{
    struct buf named;
    char code[DIVISION_CODE];
    buf_init(&named, rq->arena, LIMIT_ARENA_BYTES / 4);
    buf_char(&named, '{');
    for (size_t i = 0; i < s->table.rows; i++) {
        const char *rest = sheet_value(s, rows[i].row, "predecessors");
        while (next_code(&rest, code)) {
            bool ends = find(rows, s->table.rows, code) == NULL;
            buf_printf(&named, "%s%s", ends && named.len > 1 ? "," : "", ends ? code : "");
        }
    }
    buf_char(&named, '}');
    return buf_text(&named);
}

/* Why that code cannot end on that day; NULL: it can. */
static const char *why_not(const struct rows *wrong, const char *code)
{
    size_t i = 0;
    while (i < rows_count(wrong) && strcmp(rows_text(wrong, i, 0), code)) {
        i++;
    }
    return i < rows_count(wrong) ? rows_text(wrong, i, 1) : NULL;
}

/* What the predecessors of a row have against ending on that day. */
static void check_row_former(struct request *rq, const struct sheet *s, const struct rows *wrong,
                             const struct division_row *d)
{
    char code[DIVISION_CODE];
    const char *rest = sheet_value(s, d->row, "predecessors");
    while (next_code(&rest, code)) {
        const char *why = why_not(wrong, code);
        if (why) {
            bool unknown = !strcmp(why, "unknown");
            sheet_fault(rq, s, d->row, "predecessors",
                        unknown ? "predecessor_unknown" : "predecessor_in_use",
                        unknown ? "a predecessor was no division the day before"
                                : "divisions below a predecessor do not end with it");
        }
    }
}

/* */
static bool check_formers(struct request *rq, const struct sheet *s,
                          const struct division_row *rows)
{
    struct rows *wrong;
    if (!arg_bind(rq, "former_codes", former_codes(rq, s, rows)) ||
        !db_rows(rq, &SQL_division_no_former, &wrong)) {
        return false;
    }
    for (size_t i = 0; i < s->table.rows; i++) {
        check_row_former(rq, s, wrong, &rows[i]);
    }
    return rq->n_problems == 0;
}

/* The smallest division that holds all rows: what the audit row of the load belongs to. */
static const char *batch_division(struct request *rq, const struct division_row *rows, size_t n)
{
    char code[DIVISION_CODE], up[DIVISION_CODE], prefix[DIVISION_CODE];
    memcpy(code, rows[0].code, sizeof code);
    while (division_prefix(code, prefix) &&
           !(division_within(rows[0].code, prefix) && division_within(rows[n - 1].code, prefix))) {
        if (!division_parent(code, up)) {
            break;
        }
        memcpy(code, up, sizeof code);
    }
    return arena_strdup(rq->arena, code);
}

/* "522301101000;522301102000" as a JSON array, or null. */
static void add_codes(struct buf *json, const char *codes)
{
    if (!codes) {
        buf_str(json, "null");
        return;
    }
    char code[DIVISION_CODE], gap = '[';
    while (next_code(&codes, code)) {
        buf_char(json, gap);
        buf_json(json, code);
        gap = ',';
    }
    buf_char(json, ']');
}

static const char *rows_as_json(struct request *rq, const struct sheet *s,
                                const struct division_row *rows)
{
    struct buf json;
    buf_init(&json, rq->arena, LIMIT_ARENA_BYTES / 2);
    for (size_t i = 0; i < s->table.rows; i++) {
        const struct division_row *d = &rows[i];
        char id[UUID_TEXT];
        const char *kind = sheet_value(s, d->row, "kind");
        if (!uuid_new(rq->now, id)) {
            return NULL;
        }
        buf_printf(&json,
                   "%c{\"id\":\"%s\",\"code\":\"%s\",\"level\":%d,\"parent_code\":", i ? ',' : '[',
                   id, d->code, d->level);
        buf_json(&json, d->level > 1 ? d->parent : NULL);
        buf_str(&json, ",\"kind\":");
        buf_json(&json, kind ? kind : "statutory");
        buf_str(&json, ",\"name\":");
        buf_json(&json, sheet_value(s, d->row, "name"));
        buf_str(&json, ",\"members\":");
        add_codes(&json, sheet_value(s, d->row, "members"));
        buf_str(&json, ",\"predecessors\":");
        add_codes(&json, sheet_value(s, d->row, "predecessors"));
        buf_char(&json, '}');
    }
    buf_char(&json, ']');
    return buf_text(&json);
}

/* all rows or none; every fault by row, column and code. */
static bool division_import(struct request *rq)
{
    struct sheet sheet;
    if (!sheet_read(rq, division_columns, LIMIT_DIVISION_ROWS, &sheet)) {
        return false;
    }
    struct division_row *rows = read_rows(rq, &sheet);
    if (!rows || !check_scope(rq, &sheet, rows)) {
        return false;
    }
    const char *json = rows_as_json(rq, &sheet, rows);
    return db_begin(rq) && check_named(rq, &sheet, rows) && check_formers(rq, &sheet, rows) &&
           arg_bind(rq, "rows", json) &&
           arg_bind(rq, "batch_division", batch_division(rq, rows, sheet.table.rows)) &&
           db_write(rq, &SQL_division_import, 200);
}
