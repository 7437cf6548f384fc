/* services/registry/document.c - documents with their clauses: what duties, classes, goals and
 * plans rest on. Loaded whole in one call; searched by any part of their words; two editions are
 * compared clause by clause. Rules. What a clause lays on whom: duty.c. */
#include "core/limits.h"
#include "core/str.h"
#include "registry.h"
#include "sql_registry.h"

static const char *const kinds[] = {"regulation", "opinion",    "measure", "plan",
                                    "notice",     "local_rule", NULL};
static const char *const changes[] = {"added", "removed", "changed", "renumbered", NULL};
static handler document_create, search;

enum { DOCUMENT_CLAUSES = 400, CLAUSE_DUTIES = 50 };

/* clang-format off */
static const struct field laid_fields[] = {
    F_TEXT("number", IN_BODY | REQUIRED, 1, 20, "Its number in the document, unique there.", "地方-03"),
    F_TEXT("title", IN_BODY | REQUIRED, 1, 300, "What is to be done.", "稳住粮食面积和产量"),
    F_INT("level", IN_BODY | NULLABLE, 1, 5, "The level that it binds: 1 province to 5 village; null: every level.", "3"),
    F_ENUM("subject", IN_BODY | REQUIRED, duty_subjects, "Whom it binds."),
    F_TEXT("topic", IN_BODY, 1, 40, "What it is about, a code of the dictionary topic; absent: general.", "food_security"),
    F_BOOL("assumed", IN_BODY, "Its words are composed; absent: as the document says."),
    FIELDS_END
};

static const struct field part_fields[] = {
    F_TEXT("number", IN_BODY | REQUIRED, 1, 40, "Its number as printed, unique in the document.", "第五条"),
    F_TEXT("title", IN_BODY | NULLABLE, 1, 200, "Its heading, where it has one.", "粮食安全"),
    F_TEXT("text", IN_BODY | REQUIRED, 1, 8000, "What it says.", "落实粮食安全党政同责，稳住面积和产量。"),
    F_ARRAY("duties", IN_BODY, laid_fields, CLAUSE_DUTIES, "The duties that it lays down."),
    FIELDS_END
};

static const struct field document_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the document; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division whose document it is; it is read from below, too."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only documents of this division."),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 300, "Its title.", "湖北省乡村振兴责任制实施细则"),
    F_TEXT("number", IN_BODY | SHOWN | NULLABLE, 1, 60, "Its number as a paper, once a division and edition.", "鄂办发〔2023〕9号"),
    F_TEXT("issuer", IN_BODY | REQUIRED | SHOWN, 1, 200, "Who issued it.", "中共湖北省委办公厅、湖北省人民政府办公厅"),
    F_DATE("issued_on", IN_BODY | REQUIRED | SHOWN, "When it was issued.", "2023-06-30"),
    F_ENUM("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, kinds, "What sort of document it is."),
    F_DATE("valid_from", IN_BODY | SHOWN, "The first day that it holds; absent: the day it was issued.", "2023-06-30"),
    F_DATE("valid_to", IN_BODY | SHOWN | NULLABLE, "The first day that it no longer holds; null: it holds on.", "2028-07-01"),
    F_INT("edition", SHOWN, 1, INT16_MAX, "Which edition it is.", "1"),
    F_UUID("replaces_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The edition that it replaces, which ends on the day that it begins."),
    F_UUID("replaced_by_id", SHOWN | NULLABLE, "The edition that replaces it."),
    F_UUID("file_id", IN_BODY | SHOWN | NULLABLE, "The document as it was printed."),
    F_BOOL("assumed", IN_BODY | SHOWN, "The texts of its clauses are composed, not the wording of its issuer."),
    F_ARRAY("clauses", IN_BODY, part_fields, DOCUMENT_CLAUSES, "Its clauses in their order, with the duties that each lays down; a hundred pages at most, the rest one by one."),
    F_INT("n_clauses", SHOWN, 0, INT32_MAX, "How many clauses it has.", "27"),
    F_INT("n_duties", SHOWN, 0, INT32_MAX, "How many duties it lays down.", "28"),
    F_DATE("as_of", IN_QUERY, "Only documents that hold on that day; absent: all.", "2026-06-30"),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field import_fields[] = {
    F_CODE("owner_division", IN_QUERY | REQUIRED | OWN_SCOPE, "The division whose document it is."),
    F_TEXT("title", IN_QUERY | REQUIRED, 1, 300, "Its title.", "湖北省乡村振兴责任制实施细则"),
    F_TEXT("number", IN_QUERY, 1, 60, "Its number as a paper.", "鄂办发〔2023〕9号"),
    F_TEXT("issuer", IN_QUERY | REQUIRED, 1, 200, "Who issued it.", "中共湖北省委办公厅"),
    F_DATE("issued_on", IN_QUERY | REQUIRED, "When it was issued.", "2023-06-30"),
    F_ENUM("kind", IN_QUERY | REQUIRED, kinds, "What sort of document it is."),
    F_DATE("valid_from", IN_QUERY, "The first day that it holds; absent: the day it was issued.", "2023-06-30"),
    F_DATE("valid_to", IN_QUERY, "The first day that it no longer holds.", "2028-07-01"),
    F_UUID("replaces_id", IN_QUERY, "The edition that it replaces."),
    F_UUID("file_id", IN_QUERY, "The document as it was printed."),
    F_BOOL("assumed", IN_QUERY, "The texts of its clauses are composed."),
    FIELDS_END
};

static const struct field clause_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the clause; may come from the client."),
    F_CODE("owner_division", SHOWN, "The document's division."),
    F_UUID("document_id", IN_BODY | REQUIRED | SHOWN, "The document it stands in."),
    F_INT("position", IN_BODY | SHOWN, 1, INT32_MAX, "Its place in the document; absent: the last.", "5"),
    F_TEXT("number", IN_BODY | REQUIRED | SHOWN, 1, 40, "Its number as printed, unique in the document.", "第五条"),
    F_TEXT("title", IN_BODY | SHOWN | NULLABLE, 1, 200, "Its heading, where it has one.", "粮食安全"),
    F_TEXT("text", IN_BODY | REQUIRED | SHOWN, 1, 8000, "What it says.", "落实粮食安全党政同责，稳住面积和产量。"),
    F_VERSION(),
    FIELDS_END
};

static const struct field clause_filters[] = {
    F_UUID("document_id", IN_QUERY | REQUIRED, "The document they stand in."),
    FIELDS_END
};

static const struct field document_search_fields[] = {
    F_TEXT("words", IN_QUERY | REQUIRED, 1, 100, "Words, or parts of words, separated by blanks: all of them stand in the title, number and issuer, or in one clause.", "粮食安全"),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only documents of this division."),
    F_ENUM("kind", IN_QUERY, kinds, "Only documents of this kind."),
    F_DATE("as_of", IN_QUERY, "Only documents that hold on that day; absent: all.", "2026-06-30"),
    FIELDS_END
};

static const struct field clause_search_fields[] = {
    F_TEXT("words", IN_QUERY | REQUIRED, 1, 100, "Words, or parts of words, separated by blanks: all of them stand in the clause, its heading and its number.", "粮食安全"),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only clauses of documents of this division."),
    F_UUID("document_id", IN_QUERY, "Only clauses of this document."),
    FIELDS_END
};

static const struct field change_fields[] = {
    F_ENUM("change", SHOWN, changes, "What has become of the clause."),
    F_TEXT("number", SHOWN | NULLABLE, 1, 40, "Its number in this document; null: removed.", "第六条"),
    F_TEXT("old_number", SHOWN | NULLABLE, 1, 40, "Its number in the other; null: added.", "第五条"),
    F_TEXTS("fields", SHOWN, 3, "Which of number, title and text differ."),
    F_TEXT("title", SHOWN | NULLABLE, 1, 200, "Its heading here.", "粮食安全"),
    F_TEXT("old_title", SHOWN | NULLABLE, 1, 200, "Its heading there.", "粮食安全"),
    F_TEXT("text", SHOWN | NULLABLE, 1, 8000, "What it says here.", "落实粮食安全党政同责。"),
    F_TEXT("old_text", SHOWN | NULLABLE, 1, 8000, "What it said there.", "落实粮食安全责任制。"),
    FIELDS_END
};

static const struct field difference_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the document."),
    F_UUID("against", IN_QUERY | SHOWN, "The document it is compared with; absent: the edition that it replaces."),
    F_ARRAY("changes", SHOWN, change_fields, (int64_t)2 * DOCUMENT_CLAUSES, "What differs, in the order of this document; none: the clauses are the same."),
    FIELDS_END
};

const struct route document_routes[] = {
    {METHOD_GET,   "/documents",     PERM_DOCUMENT_READ,  document_fields, &SQL_document_list,    read_upward, "list_documents", "Documents of the caller's divisions and above, by division, kind or day"},
    {METHOD_GET,   "/documents:search", PERM_DOCUMENT_READ, document_search_fields, &SQL_document_search, search, "search_documents", "Documents that have all these words, in their title, number and issuer or in one of their clauses", .also = "words", .shows = document_fields},
    {METHOD_GET,   "/documents/:id", PERM_DOCUMENT_READ,  document_fields, &SQL_document_get,     read_one,  "get_document", "One document"},
    {METHOD_POST,  "/documents",     PERM_DOCUMENT_WRITE, document_fields, &SQL_document_insert,  document_create, "create_document", "Enter a document, whole with its clauses and duties or without them",
        .location = "/documents/", .status = 201},
    {METHOD_POST,  "/documents:import", PERM_DOCUMENT_WRITE, import_fields, &SQL_document_insert, document_import, "import_document", "Enter a document out of a CSV: a row is a duty under its clause, or a clause alone",
        .media = MEDIA_CSV, .body_max_kib = 8192, .status = 201, .location = "/documents/", .shows = document_fields},
    {METHOD_PATCH, "/documents/:id", PERM_DOCUMENT_WRITE, document_fields, &SQL_document_correct, write_one, "update_document", "Correct a document, or end it", .probe = &SQL_document_get},
    {METHOD_GET,   "/documents/:id/difference", PERM_DOCUMENT_READ, difference_fields, &SQL_document_difference, read_one, "get_document_difference", "What differs from the edition that it replaces, clause by clause"},
    {METHOD_GET,   "/clauses",       PERM_DOCUMENT_READ,  clause_filters,  &SQL_clause_list,      read_page, "list_clauses", "The clauses of a document, in its order", .shows = clause_fields},
    {METHOD_GET,   "/clauses:search", PERM_DOCUMENT_READ, clause_search_fields, &SQL_clause_search, search,   "search_clauses", "Clauses that have all these words", .also = "words", .shows = clause_fields},
    {METHOD_GET,   "/clauses/:id",   PERM_DOCUMENT_READ,  clause_fields,   &SQL_clause_get,       read_one,  "get_clause", "One clause"},
    {METHOD_POST,  "/clauses",       PERM_DOCUMENT_WRITE, clause_fields,   &SQL_clause_insert,    write_one, "create_clause", "Add a clause to a document", .location = "/clauses/"},
    {METHOD_PATCH, "/clauses/:id",   PERM_DOCUMENT_WRITE, clause_fields,   &SQL_clause_correct,   write_one, "update_clause", "Correct a clause", .probe = &SQL_clause_get},
    ROUTES_END
};
/* clang-format on */

/* Columns of document_faults. */
enum { POINTER, CODE, DETAIL };

/* a number that stands twice, a topic that there is not: each fault by its place. */
static bool check_parts(struct request *rq)
{
    struct rows *found = NULL;
    if (!db_rows(rq, &SQL_document_faults, &found)) {
        return false;
    }
    for (size_t i = 0; i < rows_count(found); i++) {
        problem_add(rq, (struct problem){AT_POINTER, rows_text(found, i, POINTER), 0,
                                         rows_text(found, i, CODE), rows_text(found, i, DETAIL)});
    }
    return rq->n_problems == 0;
}

/* The clauses as JSON, bound as :clauses, all in one transaction. */
bool document_write(struct request *rq, const char *clauses)
{
    if (clauses == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (str_length(clauses) > LIMIT_DOCUMENT_TEXT)
        return fail(rq, ERR_TOO_LARGE, NULL,
                    "at most %d characters at once; add the other clauses one by one",
                    LIMIT_DOCUMENT_TEXT);
    return arg_bind(rq, "clauses", clauses) && db_write(rq, rq->route->sql, 201);
}

static bool document_create(struct request *rq)
{
    if (arg_text(rq, "clauses") == NULL) {
        return write_one(rq);
    }
    return db_begin(rq) && check_parts(rq) && document_write(rq, arg_text(rq, "clauses"));
}

/* Columns of search_token. */
enum { WORDS, TOKEN, IS_WHOLE };

/* A question of blanks alone has no token, and nothing has it. */
static bool search(struct request *rq)
{
    struct rows *found = NULL;
    return db_rows(rq, &SQL_search_token, &found) &&
           arg_bind(rq, "word_list", rows_text(found, 0, WORDS)) &&
           arg_bind(rq, "token", rows_text(found, 0, TOKEN)) &&
           arg_bind(rq, "whole", rows_text(found, 0, IS_WHOLE)) && read_upward(rq);
}
