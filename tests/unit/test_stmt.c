/* tests/unit/test_stmt.c - from the text of a .sql file to the forms that the engine prepares. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "db/stmt.h"
#include "tools/sqlparse.h"

static struct arena *arena;
static struct sqlparse_list list;
static struct err err;

static void setup(void)
{
    arena = arena_create(8 << 20);
    err_clear(&err);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

TestSuite(sqlparse, .init = setup, .fini = teardown, .timeout = 120);
TestSuite(stmt, .init = setup, .fini = teardown, .timeout = 120);

static bool parse(const char *text)
{
    err_clear(&err);
    return sqlparse(arena, text, strlen(text), &list, &err);
}

static const struct stmt *first(const char *text)
{
    cr_assert(parse(text), "%s: %s", err.field, err.detail);
    cr_assert_gt(list.n, 0);
    return list.items[0];
}

static void refused(const char *text, const char *field)
{
    cr_assert_not(parse(text), "%s", text);
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_str_eq(err.field, field, "%s", text);
    cr_assert_str_not_empty(err.detail);
}

Test(sqlparse, names_become_numbers)
{
    const struct stmt *s = first("-- about this file\n\n-- name: one_get :one\n-- says what\n"
                                 "SELECT :a, :b_2::text, :a ;\n");
    cr_assert_str_eq(s->name, "one_get");
    cr_assert_eq(s->kind, STMT_ONE);
    cr_assert_str_eq(s->text, "SELECT $1, $2::text, $1");
    cr_assert_eq(s->n_params, 2);
    cr_assert_str_eq(s->params[0], "a");
    cr_assert_str_eq(s->params[1], "b_2");
    cr_assert_null(s->params[2]);
}

Test(sqlparse, a_name_that_begins_like_another_is_another)
{
    const struct stmt *s = first("-- name: x :rows\nSELECT :name, :name_prefix, :na, :name");
    cr_assert_str_eq(s->text, "SELECT $1, $2, $3, $1");
}

Test(sqlparse, quotes_are_left_alone)
{
    static const char text[] = "SELECT ':a', 'it''s :a; --', E'\\':a', \"c:a\", $$:a;$$, $f$ :a $$ "
                               "$f$, note:::x, a:=1, x$1";
    char file[512];
    (void)snprintf(file, sizeof file, "-- name: x :rows\n%s", text);
    const struct stmt *s = first(file);
    cr_assert_str_eq(s->text, "SELECT ':a', 'it''s :a; --', E'\\':a', \"c:a\", $$:a;$$,"
                              " $f$ :a $$ $f$, note::$1, a:=1, x$1");
    cr_assert_eq(s->n_params, 1);
}

Test(sqlparse, a_backslash_escapes_in_e_strings_only)
{
    const struct stmt *s = first("-- name: x :rows\nSELECT 'a\\', :b, name'\\', :c");
    cr_assert_eq(s->n_params, 2);
}

Test(sqlparse, comments_are_dropped)
{
    const struct stmt *s =
        first("-- name: x :rows\nSELECT 1 -- :a 'open\n + /* :b /* nested ' */ */ 2;\n-- end\n");
    cr_assert_eq(s->n_params, 0);
    cr_assert_null(strstr(s->text, "open"));
    cr_assert_null(strstr(s->text, "nested"));
}

Test(sqlparse, heads)
{
    cr_assert(parse("-- name: a :view\nSELECT 1\n-- name: b :write item shown_division\nSELECT 2;\n"
                    "-- name: c :write task\nSELECT 3\n-- name: d :exec\nSELECT 4\n"
                    "-- name: e :page\n-- sort: due_on, id\n-- key: code\nSELECT 5\n"
                    "-- name: f :page\nSELECT 6"),
              "%s: %s", err.field, err.detail);
    cr_assert_eq(list.n, 6);
    cr_assert_eq(list.items[0]->kind, STMT_VIEW);
    cr_assert_str_eq(list.items[1]->record, "item");
    cr_assert_null(list.items[1]->masked);
    cr_assert(list.items[1]->shown_division);
    cr_assert_not(list.items[2]->shown_division);
    cr_assert_eq(list.items[3]->kind, STMT_EXEC);
    cr_assert_str_eq(list.items[4]->sorts[0], "due_on");
    cr_assert_str_eq(list.items[4]->sorts[1], "id");
    cr_assert_null(list.items[4]->sorts[2]);
    cr_assert_str_eq(list.items[4]->key, "code");
    cr_assert_str_eq(list.items[5]->sorts[0], "id");
}

Test(sqlparse, faults_are_refused_with_their_line)
{
    refused("SELECT 1", "line 1");
    refused("\n\n:a", "line 3");
    refused("-- name: Bad :one\nSELECT 1", "line 1");
    refused("-- name: a :many\nSELECT 1", "line 1");
    refused("-- name: a :write\nSELECT 1", "line 1");
    refused("-- name: a :one more\nSELECT 1", "line 1");
    refused("-- name: a :one\n-- sort: x\nSELECT 1", "line 2");
    refused("-- name: a :one\n-- masked: x\nSELECT 1", "line 2");
    refused("-- name: a :write b\n-- masked:\nSELECT 1", "line 2");
    refused("-- name: a :write b\n-- masked: X\nSELECT 1", "line 2");
    refused("-- name: a :one\n\n-- name: b :one\nSELECT 1", "line 3");
    refused("-- name: a :one\nSELECT 'open", "line 2");
    refused("-- name: a :one\nSELECT /* open", "line 2");
    refused("-- name: a :one\nSELECT $x$ open $y$", "line 2");
    refused("-- name: a :one\nSELECT $1", "line 2");
    refused("-- name: a :one\nSELECT 1;\nSELECT 2", "line 3");
    cr_assert_not(sqlparse(arena, "-- name: a :one\nSELECT \0 1", 26, &list, &err));
}

static struct stmt_set *set_of(const char *text)
{
    cr_assert(parse(text), "%s: %s", err.field, err.detail);
    const struct stmt **all = arena_array(arena, const struct stmt *, list.n + 1);
    for (size_t i = 0; i < list.n; i++) {
        list.items[i]->index = (unsigned)i;
        all[i] = list.items[i];
    }
    struct stmt_set *s = stmt_set_create(arena, all, &err);
    cr_assert_not_null(s, "%s", err.cause);
    return s;
}

static const struct stmt_form *form_of(const char *text)
{
    const struct stmt_set *s = set_of(text);
    return stmt_form(s, list.items[0]);
}

Test(stmt, reads_are_wrapped)
{
    const struct stmt_form *f = form_of("-- name: a :one\nSELECT id FROM t WHERE id = :id");
    cr_assert_str_eq(f->text, "SELECT row_to_json(r)::text, r.version::text FROM"
                              " (SELECT id FROM t WHERE id = $1\n) AS r");
    cr_assert(f->read_only);
    cr_assert_not(f->custom_plan);
    f = form_of("-- name: a :view\nSELECT 1 AS n");
    cr_assert_str_eq(f->text, "SELECT row_to_json(r)::text FROM (SELECT 1 AS n\n) AS r");
    f = form_of("-- name: a :rows\nSELECT 1");
    cr_assert_str_eq(f->text, "SELECT 1");
    cr_assert_not(f->read_only, "it may change something");
}

static unsigned number_of(const struct stmt_form *f, const char *name)
{
    unsigned found = 0;
    for (unsigned i = 0; i < f->n_params; i++) {
        if (strcmp(f->params[i], name) == 0) {
            cr_assert_eq(found, 0, "%s stands twice", name);
            found = i + 1;
        }
    }
    return found;
}

Test(stmt, writes_keep_the_authors_numbers)
{
    const struct stmt_form *f = form_of(
        "-- name: a :write item\n"
        "INSERT INTO item (id, at) VALUES (:new_id, :now) RETURNING id, version, owner_division");
    cr_assert_eq(number_of(f, "new_id"), 1);
    cr_assert_eq(number_of(f, "now"), 2);
    static const char *const engine[] = {"caller_account", "caller_post",     "verb",
                                         "request_id",     "trace_id",        "idempotency_key",
                                         "answer_status",  "location_prefix", "audit_reason",
                                         "caller_session", "caller_address"};
    for (size_t i = 0; i < sizeof engine / sizeof engine[0]; i++)
        cr_assert_gt(number_of(f, engine[i]), 2, "%s", engine[i]);
    cr_assert_eq(f->n_params, 13);
    cr_assert_not_null(strstr(f->text, "WITH changed AS (INSERT INTO item"));
    cr_assert_not_null(strstr(f->text, "$2::timestamptz"));
    cr_assert_not_null(strstr(f->text, "'item'"));
    cr_assert_null(strstr(f->text, "also_changed"));
    cr_assert_not(f->read_only);
}

Test(stmt, what_was_there_before_is_kept_where_rows_change)
{
    const struct stmt_form *f =
        form_of("-- name: a :write item\nUPDATE item SET x = 1 RETURNING id");
    cr_assert_not_null(strstr(f->text,
                              "zeren.before_image(to_jsonb(b), '{}'::text[]) FROM changed c"
                              " LEFT JOIN item b ON b.id = c.id"));
    cr_assert_null(strstr(f->text, "zeren.masked("), "nothing is masked that was not named");
    f = form_of("-- name: a :write item\nDELETE FROM\n  item WHERE x RETURNING id");
    cr_assert_not_null(strstr(f->text, "LEFT JOIN item b"));
    static const char *const others[] = {"INSERT INTO item (id) VALUES (1) RETURNING id",
                                         "UPDATE item_note SET x = 1 RETURNING id",
                                         "UPDATE milestone SET x = 'item' RETURNING id"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "-- name: a :write item\n%s", others[i]);
        f = form_of(text);
        cr_assert_null(strstr(f->text, "before_image"), "%s", others[i]);
        cr_assert_not_null(strstr(f->text, "to_jsonb(c), NULL::jsonb FROM changed c"));
    }
}

Test(stmt, records_changed_besides_may_say_what_they_were)
{
    const struct stmt_form *f = form_of("-- name: a :write report\nWITH changed AS (SELECT 1), "
                                        "also_changed AS (SELECT 'item' AS kind,"
                                        " to_jsonb(o) AS before FROM o)");
    cr_assert_not_null(strstr(f->text, "a.body, zeren.before_image(a.before, '{}'::text[])"
                                       " FROM also_changed a"));
    f = form_of("-- name: a :write report\nWITH changed AS (SELECT 1), also_changed AS (SELECT 1)");
    cr_assert_not_null(strstr(f->text, "a.body, NULL::jsonb FROM also_changed a"));
}

Test(stmt, named_members_are_masked)
{
    const struct stmt_form *f = form_of(
        "-- name: a :write person\n-- masked: name, phone\nUPDATE person SET x = 1 RETURNING id");
    cr_assert_not_null(strstr(f->text, "zeren.masked(to_jsonb(c), '{name,phone}'::text[])"));
    cr_assert_not_null(strstr(f->text, "zeren.before_image(to_jsonb(b), '{name,phone}'::text[])"));
    cr_assert_not_null(strstr(f->text, "json_each(row_to_json(c))"), "the answer is whole");
}

Test(stmt, writes_with_their_own_ctes_are_spliced)
{
    const struct stmt_form *f =
        form_of("-- name: a :write item\nwith x AS (SELECT 1), changed AS (UPDATE t SET a = 1"
                " RETURNING id), also_changed AS (SELECT 1)");
    cr_assert_eq(strncmp(f->text, "with x AS", 9), 0);
    cr_assert_not_null(strstr(f->text, "FROM also_changed a"));
    f = form_of("-- name: a :write item\nWITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x"
                " RETURNING id");
    cr_assert_not_null(strstr(f->text, "WITH changed AS (WITH x AS (SELECT 1) INSERT"));
}

Test(sqlparse, words_of_a_write)
{
    cr_assert(parse("-- name: a :write item lined\nSELECT 1\n"
                    "-- name: b :write item lined shown_division\nSELECT 2\n"
                    "-- name: c :write item shown_division lined\nSELECT 3\n"
                    "-- name: d :write item\nSELECT 4"));
    static const bool expected[][2] = {{true, false}, {true, true}, {true, true}, {false, false}};
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(list.items[i]->lined, expected[i][0]);
        cr_assert_eq(list.items[i]->shown_division, expected[i][1]);
    }
    refused("-- name: a :one lined\nSELECT 1", "line 1");
}

Test(stmt, an_event_has_the_lines_that_the_answer_does_not_show)
{
    const struct stmt_form *f = form_of("-- name: a :write item shown_division lined\nINSERT INTO "
                                        "item (id) VALUES (1) RETURNING x");
    cr_assert_not_null(
        strstr(f->text, "c.owner_division, c.lines, NULL::text, '{}'::text[], false"));
    cr_assert_not_null(strstr(f->text, "left(t.body, -(length(to_json(t.lines)::text) + 10))"));
    f = form_of("-- name: a :write item lined\nINSERT INTO item (id) VALUES (1) RETURNING x");
    cr_assert_not_null(strstr(f->text, "WHERE e.key NOT IN ('owner_division', 'lines')"));
    f = form_of("-- name: a :write item\nINSERT INTO item (id) VALUES (1) RETURNING x");
    cr_assert_not_null(strstr(f->text, "WHERE e.key NOT IN ('owner_division')"));
    cr_assert_not_null(strstr(f->text, "c.owner_division, '{}'::text[], NULL::text"));
}

Test(stmt, an_update_tells_whose_the_record_was)
{
    const struct stmt_form *f =
        form_of("-- name: a :write item shown_division lined\nUPDATE item SET x = 1 RETURNING x");
    cr_assert_not_null(strstr(f->text, "CASE WHEN b.owner_division <> c.owner_division"
                                       " OR b.lines <> c.lines THEN b.owner_division END,"
                                       " coalesce(b.lines, '{}'), false"));
    f = form_of("-- name: a :write item shown_division\nUPDATE item SET x = 1 RETURNING x");
    cr_assert_not_null(strstr(f->text, "CASE WHEN b.owner_division <> c.owner_division"
                                       " THEN b.owner_division END"));
    f = form_of("-- name: a :write item\nUPDATE item SET x = 1 RETURNING x");
    cr_assert_null(strstr(f->text, "b.owner_division"), "its table may have none");
}

Test(stmt, a_delete_announces_that)
{
    const struct stmt_form *f =
        form_of("-- name: a :write item shown_division\nDELETE FROM item WHERE x RETURNING x");
    cr_assert_not_null(strstr(f->text, "NULL::text, '{}'::text[], true"));
}

Test(stmt, records_changed_or_made_besides_are_announced_with_their_lines)
{
    const struct stmt_form *f =
        form_of("-- name: a :write report\nWITH changed AS (SELECT 1), also_changed AS (SELECT 1,"
                " 2 AS before), also_announced AS (SELECT 1)");
    cr_assert_not_null(strstr(f->text, "zeren.lines_of(a.body), CASE WHEN a.before ->>"));
    cr_assert_not_null(strstr(f->text, "n.lines, NULL::text, '{}'::text[], false"));
    f = form_of("-- name: a :write report\nWITH changed AS (SELECT 1), also_changed AS (SELECT 1)");
    cr_assert_not_null(strstr(f->text, "zeren.lines_of(a.body), NULL::text, '{}'::text[], false"));
    cr_assert_null(strstr(f->text, "also_announced"));
}

Test(stmt, a_record_deleted_besides_is_announced_as_that)
{
    const struct stmt_form *f =
        form_of("-- name: a :write report\nWITH changed AS (SELECT 1), also_changed AS (SELECT"
                " 2 AS before, true AS deleted)");
    cr_assert_not_null(strstr(f->text, "zeren.lines_of(a.before), a.deleted, $"));
    f = form_of("-- name: a :write report\nWITH changed AS (SELECT 1), also_changed AS (SELECT 1)");
    cr_assert_null(strstr(f->text, "a.deleted"));
}

Test(stmt, pages_have_a_form_per_order)
{
    const struct stmt_set *s = set_of("-- name: a :page\n-- sort: due_on, id\nSELECT * FROM t"
                                      " WHERE p = :parent\n-- name: b :view\nSELECT 1");
    const struct stmt *st = list.items[0];
    const struct stmt_form *f = stmt_page_form(s, st, (struct stmt_order){.sort = NULL});
    cr_assert_str_eq(f->text,
                     "SELECT row_to_json(r)::text, r.due_on::text, r.id::text FROM (SELECT * FROM t"
                     " WHERE p = $1\n) AS r ORDER BY r.due_on, r.id LIMIT $2::bigint");
    cr_assert_eq(f->n_params, 2);
    cr_assert_str_eq(f->params[1], "limit");
    cr_assert(f->custom_plan);

    f = stmt_page_form(s, st, (struct stmt_order){"due_on", true, true});
    cr_assert_not_null(strstr(f->text, " WHERE (r.due_on, r.id) < ($2, $3)"
                                       " ORDER BY r.due_on DESC, r.id DESC LIMIT $4::bigint"));
    cr_assert_str_eq(f->params[1], "after_sort");
    cr_assert_str_eq(f->params[2], "after_key");
    cr_assert_str_eq(f->params[3], "limit");

    f = stmt_page_form(s, st, (struct stmt_order){"id", false, true});
    cr_assert_not_null(strstr(f->text, " WHERE r.id > $2 ORDER BY r.id LIMIT $3::bigint"));
    cr_assert_str_eq(f->params[1], "after_key");
    cr_assert_null(stmt_page_form(s, st, (struct stmt_order){"title", false, false}));
}

Test(stmt, forms_have_names_and_places_of_their_own)
{
    const struct stmt_set *one = set_of("-- name: a :page\n-- sort: x, y\nSELECT 1\n"
                                        "-- name: b :view\nSELECT 1");
    const struct stmt_set *two = set_of("-- name: c :view\nSELECT 1");
    const struct stmt_form *const *forms, *const *more;
    size_t n = stmt_set_forms(one, &forms);
    cr_assert_eq(n, 9);
    cr_assert_eq(stmt_set_forms(two, &more), 1);
    for (size_t i = 0; i < n; i++) {
        cr_assert_neq(forms[i]->index, more[0]->index);
        for (size_t j = i + 1; j < n; j++) {
            cr_assert_neq(forms[i]->index, forms[j]->index);
            cr_assert_str_neq(forms[i]->name, forms[j]->name);
        }
    }
}

Test(stmt, what_cannot_be_wrapped_is_refused)
{
    struct stmt page = {.name = "a", .kind = STMT_PAGE, .text = "SELECT 1"};
    struct stmt write = {.name = "a", .kind = STMT_WRITE, .text = "SELECT 1"};
    static const char *const limit[] = {"limit", NULL}, *const sorts[] = {"id", NULL};
    struct stmt limited = {.name = "a",
                           .kind = STMT_PAGE,
                           .text = "SELECT $1",
                           .params = limit,
                           .n_params = 1,
                           .sorts = sorts,
                           .key = "id"};
    const struct stmt *const bad[] = {&page, &write, &limited};
    for (size_t i = 0; i < 3; i++) {
        const struct stmt *const all[] = {bad[i], NULL};
        err_clear(&err);
        cr_assert_null(stmt_set_create(arena, all, &err));
        cr_assert_eq(err.code, ERR_INTERNAL);
        cr_assert_str_not_empty(err.cause);
    }
    const struct stmt *const same[] = {
        &(struct stmt){.name = "a", .kind = STMT_VIEW, .text = "SELECT 1"},
        &(struct stmt){.name = "b", .kind = STMT_VIEW, .text = "SELECT 1"}, NULL};
    err_clear(&err);
    cr_assert_null(stmt_set_create(arena, same, &err), "two of one index");
}

Test(stmt, out_of_memory_is_said)
{
    cr_assert(parse("-- name: b :view\nSELECT 1"));
    const struct stmt *const all[] = {list.items[0], NULL};
    for (unsigned long n = 1; n < 6; n++) {
        err_clear(&err);
        arena_fail_after(n);
        const struct stmt_set *s = stmt_set_create(arena, all, &err);
        arena_fail_after(0);
        cr_assert((s == NULL) == (err.code != ERR_NONE));
    }
}
