/* common/http/batch_routes.c - tables that people send: staged, looked at, applied by somebody
 * else, undone; error files, templates, exports. The work is jobs' (common/batch). */
#include "http/batch_routes.h"

#include <string.h>

#include "batch/kind.h"
#include "core/buf.h"
#include "core/str.h"
#include "http/job_routes.h"
#include "http/json_scan.h"
#include "http/lifecycle.h"
#include "sql_batch.h"
#include "sql_engine.h"

#include "core/banned.h"

enum { LIST_MAX = 16 * 1024, KINDS_MAX = 256 * 1024 };

static handler stage_batch, page_of_batches, page_of_rows, show_batch, move_batch, discard_batch,
    list_kinds, start_export;

/* clang-format off */
static const char *const statuses[] = {"staging", "staged", "applying", "applied", "undoing", "undone", "discarded", "failed", NULL};
static const char *const actions[] = {"insert", "update", "unchanged", "failed", NULL};
static const char *const formats[] = {"csv", "ndjson", "xlsx", NULL};
static const char *const charsets[] = {"utf-8", "gb18030", NULL};

static const struct field fault_fields[] = {
    F_TEXT("column", SHOWN, 0, 200, "In which column; empty: the row as a whole.", "单位类型"),
    F_TEXT("code", SHOWN, 1, 60, "What is wrong: an entry of the dictionary row_fault, or of the table's form.", "not_one_of"),
    FIELDS_END
};

static const struct field batch_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the batch, and of the job that reads it; may come from the client."),
    F_CODE("owner_division", IN_BODY | SHOWN | OWN_SCOPE, "The division it belongs to; absent: the widest of the caller's."),
    F_TEXT("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 1, 60, "What the rows are: GET /batch_kinds.", "organisations"),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN | NO_ID_NUMBER, 1, 200, "What people call it.", "2026年第二季度新设单位"),
    F_UUID("file_id", IN_BODY | REQUIRED | SHOWN, "The table: a file of POST /files, CSV, NDJSON or xlsx."),
    F_UUID("member_file_id", IN_BODY | SHOWN | NULLABLE, "Of a kind with two parts: the table of the second; absent: a sheet of the first file."),
    F_BOOL("all_or_none", IN_BODY | SHOWN, "true: it is applied only when no row failed."),
    F_TEXT("sheet", IN_BODY | SHOWN | NULLABLE, 1, 31, "Of an xlsx: the sheet; absent: the first that is not hidden.", "单位"),
    F_ENUM("format", SHOWN | NULLABLE, formats, "What the file turned out to be."),
    F_ENUM("charset", SHOWN | NULLABLE, charsets, "And in which charset."),
    F_ENUM("status", IN_QUERY | SHOWN, statuses, "Where it stands."),
    F_TEXT("refusal", SHOWN | NULLABLE, 1, 60, "Why the file could not be read.", "zip_ratio"),
    F_ARRAY("heading_faults", SHOWN, fault_fields, 600, "What is wrong with the heading."),
    F_INT("rows", SHOWN, 0, INT32_MAX, "Rows read.", "120"),
    F_INT("inserts", SHOWN, 0, INT32_MAX, "Rows that would make a record.", "100"),
    F_INT("updates", SHOWN, 0, INT32_MAX, "Rows that would change one.", "10"),
    F_INT("unchanged", SHOWN, 0, INT32_MAX, "Rows that say what is there.", "8"),
    F_INT("failed", SHOWN, 0, INT32_MAX, "Rows with faults.", "2"),
    F_INT("warnings", SHOWN, 0, INT32_MAX, "What rules say of its rows without refusing them.", "7"),
    F_INT("applied", SHOWN, 0, INT32_MAX, "Rows applied so far.", "110"),
    F_INT("not_applied", SHOWN, 0, INT32_MAX, "Rows left out since their record has changed.", "0"),
    F_INT("undone", SHOWN, 0, INT32_MAX, "Rows taken back so far.", "0"),
    F_INT("not_undone", SHOWN, 0, INT32_MAX, "Rows kept since their record is in use or has changed.", "0"),
    F_UUID("staged_by", SHOWN, "The account that staged it …"),
    F_UUID("staged_post", SHOWN, "… and its post."),
    F_UUID("decided_by", SHOWN | NULLABLE, "The account that had it applied …"),
    F_UUID("decided_post", SHOWN | NULLABLE, "… and its post."),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When."),
    F_TEXT("reason", IN_BODY | SHOWN | NULLABLE, 1, 500, "Why it was applied, discarded or undone.", "核对无误"),
    F_UUID("stage_job", SHOWN, "The job that read it."),
    F_UUID("apply_job", SHOWN | NULLABLE, "The job that applied it."),
    F_UUID("undo_job", SHOWN | NULLABLE, "The job that took it back."),
    F_INSTANT("forgotten_at", SHOWN | NULLABLE, "When its rows were given up: since then it is neither applied nor taken back."),
    F_INSTANT("created_at", SHOWN, "When it was staged."),
    F_VERSION(),
    FIELDS_END
};

static const struct field undo_fields[] = {
    F_UUID("id", IN_PATH, "Id of the batch."),
    F_TEXT("reason", IN_BODY | REQUIRED, 1, 500, "Why it is taken back.", "报错了县"),
    F_VERSION(),
    FIELDS_END
};

static const struct field error_file_fields[] = {
    F_UUID("id", IN_PATH, "Id of the batch."),
    F_BOOL("only_faulty", IN_BODY, "true: good rows are left out."),
    F_INT("part", IN_BODY, 1, 2, "Of a kind with two parts: whose table is written again; absent: the first.", "2"),
    FIELDS_END
};

static const struct field note_fields[] = {
    F_TEXT("rule", SHOWN, 1, 60, "The rule.", "5_16_001"),
    F_TEXT("severity", SHOWN, 1, 20, "warning or alert.", "warning"),
    F_TEXT("detail", SHOWN, 0, 500, "What it says.", "务工月收入低于 100 元"),
    FIELDS_END
};

static const struct field row_fields[] = {
    F_UUID("id", IN_PATH, "Id of the batch."),
    F_INT("place", SHOWN, 1, INT32_MAX, "Its place in the batch; of a kind with one part its row.", "17"),
    F_INT("part", SHOWN | NULLABLE, 1, 4, "Of a kind with parts: which one it is of.", "2"),
    F_INT("row", SHOWN, 1, INT32_MAX, "The row of the table, as its program counts.", "17"),
    F_INT("bundle", SHOWN | NULLABLE, 1, INT32_MAX, "Rows of one number are applied together or not at all.", "4"),
    F_ENUM("action", IN_QUERY | SHOWN, actions, "What it would do."),
    F_UUID("record_id", SHOWN | NULLABLE, "The record."),
    F_OBJECT("data", SHOWN, NULL, "What the row says; where a cell could not be read, its text."),
    F_OBJECT("was", SHOWN | NULLABLE, NULL, "Of an update: what was there."),
    F_ARRAY("faults", SHOWN, fault_fields, 600, "What is wrong with it."),
    F_ARRAY("notes", SHOWN, note_fields, 1000, "What rules say of its bundle without refusing it; told with the first row."),
    F_TEXT("outcome", SHOWN | NULLABLE, 1, 60, "Why it was not applied, or not undone: an entry of the dictionary row_fault.", "changed_since"),
    F_BOOL("left_out", IN_QUERY, "true: only rows that were not applied or not undone."),
    FIELDS_END
};

static const struct field column_fields[] = {
    F_TEXT("name", SHOWN, 1, 60, "Its name in NDJSON, taken as a heading, too.", "name"),
    F_TEXT("label", SHOWN, 1, 60, "Its heading.", "单位名称"),
    F_BOOL("required", SHOWN, "No cell of it is empty."),
    F_TEXT("dictionary", SHOWN | NULLABLE, 1, 60, "Where its values are from: GET /dictionaries/{name}.", "organisation_kind"),
    F_TEXT("explanation", SHOWN, 1, 200, "For who fills it in.", "全称"),
    FIELDS_END
};
static const struct field part_fields[] = {
    F_TEXT("name", SHOWN, 1, 60, "Its name.", "member"),
    F_TEXT("label", SHOWN, 1, 60, "The name of its sheet.", "成员"),
    F_ARRAY("columns", SHOWN, column_fields, 100, "Its columns."),
    FIELDS_END
};
static const struct field import_fields[] = {
    F_TEXT("kind", SHOWN, 1, 60, "What POST /batches takes as kind.", "organisations"),
    F_ARRAY("columns", SHOWN, column_fields, 100, "Its columns; of a kind with parts those of the first."),
    F_ARRAY("parts", SHOWN, part_fields, 4, "Of a kind with parts: each of them, by the name of its sheet."),
    FIELDS_END
};
static const struct field export_of_fields[] = {
    F_TEXT("kind", SHOWN, 1, 60, "What POST /exports takes as kind.", "items"),
    FIELDS_END
};
static const struct field kind_fields[] = {
    F_ARRAY("imports", SHOWN, import_fields, 100, "What the caller may stage."),
    F_ARRAY("exports", SHOWN, export_of_fields, 100, "What the caller may take out."),
    FIELDS_END
};
static const struct field template_fields[] = {
    F_TEXT("kind", IN_PATH, 1, 60, "What it is a table of.", "organisations"),
    F_ENUM("format", IN_QUERY | REQUIRED, formats, "In which form."),
    F_INT("part", IN_QUERY, 1, 4, "Of a kind with parts: of which one; absent: of the first, and in an xlsx of all, a sheet each.", "2"),
    FIELDS_END
};

static const struct field filter_fields[] = {
    F_CODE("division", IN_BODY, "Only of this division and below."),
    F_TEXT("kind", IN_BODY, 1, 60, "Only of this kind.", "department"),
    F_UUID("duty_list_id", IN_BODY, "Only of this list."),
    FIELDS_END
};
const struct field export_params[] = {
    F_TEXT("kind", IN_BODY | SHOWN, 1, 60, "What is taken out, by work that takes something out: GET /batch_kinds.", "items"),
    F_ENUM("format", IN_BODY | SHOWN, formats, "In which form; with kind."),
    F_OBJECT("filters", IN_BODY | SHOWN, NULL, "Only these, as POST /exports takes them."),
    FIELDS_END
};
static const struct field export_fields[] = {
    F_UUID("id", IN_BODY, "Id of the job; may come from the client."),
    F_CODE("owner_division", IN_BODY | OWN_SCOPE, "The division that the file will belong to; absent: the widest of the caller's."),
    F_TEXT("kind", IN_BODY | REQUIRED, 1, 60, "What is taken out: GET /batch_kinds.", "items"),
    F_ENUM("format", IN_BODY | REQUIRED, formats, "In which form."),
    F_OBJECT("filters", IN_BODY, filter_fields, "Only these; within the caller's scope anyway."),
    F_TEXT("reason", IN_BODY | NULLABLE, 1, 500, "What for; kept in the audit log.", "季度调度"),
    FIELDS_END
};

static const struct transition batch_fsm[] = {
    {"staging",   "discard", "discarded", PERM_SIGNED_IN, "It is given up; a job that reads it ends at its next chunk."},
    {"staged",    "discard", "discarded", PERM_SIGNED_IN, "It is given up."},
    {"failed",    "discard", "discarded", PERM_SIGNED_IN, "It is given up."},
    {"staged",    "apply",   "applying",  PERM_SIGNED_IN, "By another person than the one who staged it; all rows but the failed ones."},
    {"applied",   "undo",    "undoing",   PERM_SIGNED_IN, "With a reason; what has changed since or is in use is kept and reported."},
    {"staging",   "stage",   "staged",    PERM_SIGNED_IN, "Its job has read the last row."},
    {"staging",   "refuse",  "failed",    PERM_SIGNED_IN, "Its file is no such table."},
    {"applying",  "finish",  "applied",   PERM_SIGNED_IN, "Its job has applied the last row."},
    {"undoing",   "finish",  "undone",    PERM_SIGNED_IN, "Its job has taken the last row back."},
    {0}
};

const struct route batch_routes[] = {
    {METHOD_GET,  "/batches",              PERM_SIGNED_IN, batch_fields, &SQL_batch_list, page_of_batches, "list_batches", "Tables that were sent, of kinds that the caller may stage"},
    {METHOD_GET,  "/batches/:id",          PERM_SIGNED_IN, batch_fields, &SQL_batch_get, show_batch, "get_batch", "One batch: where it stands, and what would change"},
    {METHOD_GET,  "/batches/:id/rows",     PERM_SIGNED_IN, row_fields, &SQL_batch_row_list, page_of_rows, "list_batch_rows", "What each row of a batch would do, or what is wrong with it"},
    {METHOD_POST, "/batches",              PERM_SIGNED_IN, batch_fields, &SQL_batch_stage, stage_batch, "stage_batch", "Have a table read and held against what is there; nothing changes",
        .location = "/jobs/", .status = 202, .shows = job_fields},
    {METHOD_POST, "/batches/:id:apply",    PERM_SIGNED_IN, batch_fields, &SQL_batch_apply, move_batch, "apply_batch", "Have a staged batch applied, by another person than the one who staged it",
        .probe = &SQL_batch_get, .fsm = batch_fsm, .verb = "apply", .location = "/jobs/", .status = 202, .shows = job_fields},
    {METHOD_POST, "/batches/:id:discard",  PERM_SIGNED_IN, batch_fields, &SQL_batch_discard, discard_batch, "discard_batch", "Give a batch up before it is applied",
        .probe = &SQL_batch_get, .fsm = batch_fsm, .verb = "discard"},
    {METHOD_POST, "/batches/:id:undo",     PERM_SIGNED_IN, undo_fields, &SQL_batch_undo, move_batch, "undo_batch", "Have an applied batch taken back, where nothing has changed since",
        .probe = &SQL_batch_get, .fsm = batch_fsm, .verb = "undo", .location = "/jobs/", .status = 202, .shows = job_fields},
    {METHOD_POST, "/batches/:id:error_file", PERM_SIGNED_IN, error_file_fields, &SQL_batch_error_file, move_batch, "write_error_file", "Have the table written again with the reason beside each bad row",
        .probe = &SQL_batch_get, .location = "/jobs/", .status = 202, .shows = job_fields},
    {METHOD_GET,  "/batch_kinds",          PERM_SIGNED_IN, kind_fields, NULL, list_kinds, "list_batch_kinds", "What the caller may send and take out as tables, and their columns"},
    {METHOD_GET,  "/batch_kinds/:kind/template", PERM_SIGNED_IN, template_fields, NULL, batch_template, "get_batch_template", "An empty table to fill in, with its lists",
        .also = "format part", .answers = "application/octet-stream"},
    {METHOD_POST, "/exports",              PERM_SIGNED_IN, export_fields, &SQL_export_start, start_export, "create_export", "Have a table of records written, in the caller's scope",
        .also = "reason", .location = "/jobs/", .status = 202, .shows = job_fields},
    ROUTES_END
};

const struct stmt *const batch_route_statements[] = {
    &SQL_batch_get, &SQL_batch_list, &SQL_batch_row_list, &SQL_batch_stage, &SQL_batch_apply, &SQL_batch_undo, &SQL_batch_discard, &SQL_batch_error_file,
    &SQL_export_start, &SQL_batch_words, &SQL_batch_retry_look, NULL};
/* clang-format on */

static const struct batch_set *set_of(const struct request *rq)
{
    return rq->engine->service->batches;
}

static bool may(const struct request *rq, int permission)
{
    return permission_in(rq->principal.permissions, (enum permission)permission);
}

/* B-011: kinds that the caller may not stage are not there for him. J-008: and what a job of each
 * needs. */
static bool bind_kinds(struct request *rq)
{
    struct buf kinds, needs;
    buf_init(&kinds, rq->arena, LIST_MAX);
    buf_init(&needs, rq->arena, LIST_MAX);
    buf_char(&kinds, '{');
    buf_char(&needs, '{');
    for (const struct batch_kind *k = set_of(rq)->imports; k->name != NULL; k++) {
        if (!may(rq, k->permission))
            continue;
        const char *gap = kinds.len > 1 ? "," : "";
        buf_printf(&kinds, "%s%s", gap, k->name);
        buf_printf(&needs, "%s\"%s\":\"%s\"", gap, k->name,
                   permission_code((enum permission)k->permission));
    }
    buf_char(&kinds, '}');
    buf_char(&needs, '}');
    const char *text = buf_text(&kinds), *map = buf_text(&needs);
    if (text == NULL || map == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return arg_bind(rq, "kinds", text) && arg_bind(rq, "needs", map);
}

static bool show_batch(struct request *rq)
{
    return bind_kinds(rq) && read_one(rq);
}

static bool page_of_batches(struct request *rq)
{
    return bind_kinds(rq) && read_page(rq);
}

static void put_sealed(struct buf *names, const struct batch_column *c)
{
    for (; c->name != NULL; c++) {
        if (c->seal != NULL)
            buf_printf(names, "%s%s", names->len > 1 ? "," : "", c->name);
    }
}

/* B-016: which members of rows are masks, and how much of them the caller may see. */
static bool bind_masks(struct request *rq)
{
    struct buf names;
    buf_init(&names, rq->arena, LIST_MAX);
    buf_char(&names, '{');
    for (const struct batch_kind *k = set_of(rq)->imports; k->name != NULL; k++) {
        for (size_t i = 0; i < batch_part_count(k); i++)
            put_sealed(&names, batch_part_columns(k, i));
    }
    buf_char(&names, '}');
    const char *text = buf_text(&names);
    return text != NULL
               ? arg_bind(rq, "sealed", text) &&
                     arg_bind(rq, "mask", arena_printf(rq->arena, "%d", (int)rq->principal.mask))
               : fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

/* The rows of a batch that is not there are no empty list. */
static bool page_of_rows(struct request *rq)
{
    struct rows *found = NULL;
    if (!bind_kinds(rq) || !bind_masks(rq) || !db_rows(rq, &SQL_batch_get, &found))
        return false;
    return rows_count(found) == 1 ? read_page(rq) : fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
}

static bool discard_batch(struct request *rq)
{
    return bind_kinds(rq) && step_one(rq);
}

static bool move_batch(struct request *rq)
{
    return bind_kinds(rq) && reply_job(rq, rq->route->sql);
}

static bool lacks(struct request *rq, int permission)
{
    if (may(rq, permission))
        return false;
    fail(rq, ERR_FORBIDDEN, NULL, "This needs the permission %s.",
         permission_code((enum permission)permission));
    return true;
}

/* J-008, J-012: what the job needs as long as it runs: the permission of its kind, those that its
 * statement asks about (:caller_may_...) as far as the caller holds them, and where it shows
 * personal data, the caller's mask. */
static bool bind_needed(struct request *rq, int permission, const struct stmt *rows, bool sealed)
{
    struct buf needed;
    buf_init(&needed, rq->arena, LIST_MAX);
    buf_str(&needed, permission_code((enum permission)permission));
    for (unsigned i = 0; rows != NULL && i < rows->n_params; i++) {
        enum permission p = permission_of_param(rows->params[i]);
        if (p != PERM_NONE && (int)p != permission && may(rq, (int)p))
            buf_printf(&needed, ",%s", permission_code(p));
    }
    for (unsigned m = MASK_STRICT; sealed && m <= (unsigned)rq->principal.mask; m++)
        buf_printf(&needed, ",%s", personal_right((enum personal_level)m));
    const char *text = buf_text(&needed);
    return text != NULL ? arg_bind(rq, "needed", text) : fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool unknown_kind(struct request *rq)
{
    return problem_add(
        rq, (struct problem){AT_POINTER, "/kind", 0, "unknown_kind", "There is no such table."});
}

static bool stage_batch(struct request *rq)
{
    const struct batch_kind *k = batch_kind_of(set_of(rq), arg_text(rq, "kind"));
    if (k == NULL)
        return unknown_kind(rq);
    bool sealed = false;
    for (size_t i = 0; i < batch_part_count(k); i++)
        sealed = sealed || batch_is_sealed(batch_part_columns(k, i));
    return !lacks(rq, k->permission) && bind_needed(rq, k->permission, NULL, sealed) &&
           arg_bind(rq, "holds_personal", batch_kind_is_personal(k) ? "true" : "false") &&
           reply_job(rq, &SQL_batch_stage);
}

static bool start_export(struct request *rq)
{
    const struct export_kind *k = export_kind_of(set_of(rq), arg_text(rq, "kind"));
    if (k == NULL)
        return unknown_kind(rq);
    return !lacks(rq, k->permission) &&
           bind_needed(rq, k->permission, k->rows, batch_is_sealed(k->of)) &&
           reply_job(rq, &SQL_export_start);
}

bool export_fits(struct request *rq, const char *params)
{
    struct json_member m;
    const char *kind = NULL;
    bool has_format = false;
    while (json_next_member(&params, &m)) {
        if (json_is_key(&m, "kind") && m.value_len > 2)
            kind = arena_strndup(rq->arena, m.value + 1, m.value_len - 2);
        has_format = has_format || json_is_key(&m, "format");
    }
    const struct export_kind *k =
        kind == NULL || set_of(rq) == NULL ? NULL : export_kind_of(set_of(rq), kind);
    if (k == NULL)
        return problem_add(rq, (struct problem){AT_POINTER, "/params/kind", 0, "unknown_kind",
                                                "There is no such table."});
    if (!has_format)
        return problem_add(rq, (struct problem){AT_POINTER, "/params/format", 0, "required",
                                                "This field is required."});
    return !lacks(rq, k->permission) &&
           bind_needed(rq, k->permission, k->rows, batch_is_sealed(k->of));
}

bool batch_retry_fits(struct request *rq)
{
    struct rows *rows = NULL;
    if (set_of(rq) == NULL)
        return true;
    if (!db_rows(rq, &SQL_batch_retry_look, &rows))
        return false;
    return rows_count(rows) == 0 || !str_equal(rows_text(rows, 0, 0), "true") ||
           fail(rq, ERR_SAME_PERSON, NULL, "who staged a batch does not apply it");
}

/* ---- what there is ---- */

static void put_column(struct buf *b, const struct batch_column *c)
{
    buf_str(b, "{\"name\":");
    buf_json(b, c->name);
    buf_str(b, ",\"label\":");
    buf_json(b, c->label);
    buf_printf(b, ",\"required\":%s,\"dictionary\":", c->required ? "true" : "false");
    buf_json(b, c->dictionary);
    buf_str(b, ",\"explanation\":");
    buf_json(b, c->explanation);
    buf_char(b, '}');
}

static void put_columns(struct buf *b, const struct batch_column *columns)
{
    buf_str(b, "\"columns\":[");
    for (const struct batch_column *c = columns; c->name != NULL; c++) {
        buf_str(b, c == columns ? "" : ",");
        put_column(b, c);
    }
    buf_char(b, ']');
}

static void put_import(struct buf *b, const struct batch_kind *k)
{
    buf_printf(b, "{\"kind\":\"%s\",", k->name);
    put_columns(b, k->columns);
    buf_str(b, ",\"parts\":[");
    const struct batch_part *first = k->parts == NULL ? NULL : k->parts + batch_first_part(k);
    for (const struct batch_part *p = first; p != NULL && p->name != NULL; p++) {
        buf_printf(b, "%s{\"name\":\"%s\",\"label\":\"%s\",", p == first ? "" : ",", p->name,
                   p->label);
        put_columns(b, p->columns);
        buf_char(b, '}');
    }
    buf_str(b, "]}");
}

static bool list_kinds(struct request *rq)
{
    struct buf b;
    bool first = true;
    buf_init(&b, rq->arena, KINDS_MAX);
    buf_str(&b, "{\"imports\":[");
    for (const struct batch_kind *k = set_of(rq)->imports; k->name != NULL; k++) {
        if (!may(rq, k->permission))
            continue;
        buf_str(&b, first ? "" : ",");
        first = false;
        put_import(&b, k);
    }
    buf_str(&b, "],\"exports\":[");
    first = true;
    for (const struct export_kind *k = set_of(rq)->exports; k->name != NULL; k++) {
        if (!may(rq, k->permission))
            continue;
        buf_printf(&b, "%s{\"kind\":\"%s\"}", first ? "" : ",", k->name);
        first = false;
    }
    buf_str(&b, "]}");
    return reply_json(rq, 200, buf_text(&b));
}
