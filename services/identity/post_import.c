/* services/identity/post_import.c - posts with their holders out of one CSV, a post a row: read,
 * held against what is there, written once. What is there stays; what differs is a fault by row,
 * column and code. Rules I-040 to I-044. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/str.h"
#include "core/uuid.h"
#include "http/sealed.h"
#include "http/sheet.h"
#include "identity.h"
#include "sql_identity.h"

#include "core/banned.h"

/* clang-format off */
static const struct field columns[] = {
    F_CODE("organisation_division", IN_BODY | REQUIRED, "The division of the unit; inside the caller's scope."),
    F_TEXT("organisation", IN_BODY | REQUIRED, 1, 80, "Name of a unit that is there.", "娄星区水利局"),
    F_TEXT("title", IN_BODY | REQUIRED, 1, 80, "Name of the post, unique in its unit.", "党组书记、局长"),
    F_ENUM("duty", IN_BODY | REQUIRED, post_duties, "What its holder answers as."),
    F_TEXT("role", IN_BODY, 1, 40, "The permissions of a new post, in the unit's division and line.", "town_office"),
    F_TEXT("person", IN_BODY | REQUIRED, 1, 60, "Name of who holds it.", "赵甲"),
    F_SEALED("citizen_id", IN_BODY, SEALED_CITIZEN_ID, "identity.person.citizen_id", "That person's ID number: finds who is there already."),
    F_SEALED("phone", IN_BODY, SEALED_PHONE, "identity.person.phone", "That person's telephone number."),
    F_DATE("starts_on", IN_BODY | REQUIRED, "First day.", "2026-01-01"),
    FIELDS_END
};

static const struct field import_fields[] = {
    F_UUID("id", SHOWN, "Id of this import, as in the audit log."),
    F_INT("rows", SHOWN, 0, INT32_MAX, "Rows read.", "120"),
    F_INT("inserted", SHOWN, 0, INT32_MAX, "Persons put in a post.", "118"),
    F_INT("unchanged", SHOWN, 0, INT32_MAX, "Rows that said what is there already.", "2"),
    F_INT("posts", SHOWN, 0, INT32_MAX, "Posts registered.", "118"),
    F_INT("persons", SHOWN, 0, INT32_MAX, "Persons entered.", "117"),
    F_VERSION(),
    FIELDS_END
};

static handler post_import;

const struct route post_import_routes[] = {
    {METHOD_POST, "/posts:import", PERM_POST_WRITE, import_fields, &SQL_post_import, post_import, "import_posts", "Register posts with their holders from a CSV with columns organisation_division, organisation, title, duty, person, starts_on and optionally role, citizen_id, phone; a repeated import changes nothing", .media = MEDIA_CSV, .status = 200},
    ROUTES_END
};
/* clang-format on */

/* Columns of post_import_check. */
enum {
    ROW,
    ORGANISATION_ID,
    IN_LINES,
    POST_ID,
    SAME_DUTY,
    SAME_ROLE,
    HELD_BY,
    PERSON_ID,
    SAME_NAME,
    ROLE_FAULT,
    HOLDING_FAULT,
    LINE
};

struct import {
    struct request *rq;
    struct sheet sheet;
    struct rows *found;  /* by row */
    const char **hash;   /* [row]: of the ID number, or NULL */
    const char **person; /* [row]: who takes the post, once it is known */
    size_t *order;       /* rows by division and hash, then by row */
    struct buf persons, posts, holders;
    size_t n_new;
};

static const char *cell(const struct import *im, size_t row, const char *column)
{
    return sheet_value(&im->sheet, row, column);
}

static const char *found(const struct import *im, size_t row, size_t column)
{
    return rows_text(im->found, row, column);
}

static bool is_true(const struct import *im, size_t row, size_t column)
{
    return str_equal(found(im, row, column), "true");
}

static void fault(struct import *im, size_t row, const char *column, const char *code,
                  const char *detail)
{
    sheet_fault(im->rq, &im->sheet, row, column, code, detail);
}

static const struct field *column(const char *name)
{
    const struct field *f = columns;
    while (strcmp(f->name, name) != 0)
        f++;
    return f;
}

static bool no_memory(struct import *im)
{
    return fail(im->rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool check_scope(struct import *im)
{
    for (size_t row = 0; row < im->sheet.table.rows; row++) {
        const char *division = cell(im, row, "organisation_division");
        if (division != NULL && !principal_covers(&im->rq->principal, division))
            fault(im, row, "organisation_division", "out_of_scope",
                  "The division is outside your scope.");
    }
    return im->rq->n_problems == 0;
}

static void put_member(struct buf *json, const char *name, const char *value)
{
    buf_printf(json, ",\"%s\":", name);
    buf_json(json, value);
}

static bool bind_list(struct import *im, const char *name, struct buf *json)
{
    buf_char(json, ']');
    const char *text = buf_text(json);
    return text != NULL ? arg_bind(im->rq, name, text) : no_memory(im);
}

static void begin_list(struct import *im, struct buf *json)
{
    buf_init(json, im->rq->arena, LIMIT_ARENA_BYTES / 8);
    buf_char(json, '[');
}

/* Binds what the check needs; numbers go as hashes under every look-up key. */
static bool bind_rows(struct import *im)
{
    static const char *const same[] = {"title", "duty", "role", "person", "starts_on", NULL};
    struct buf json;
    begin_list(im, &json);
    for (size_t row = 0; row < im->sheet.table.rows; row++) {
        const char *hashes = NULL;
        if (!sealed_hashes(im->rq, column("citizen_id"), cell(im, row, "citizen_id"), &hashes))
            return false;
        buf_printf(&json, "%s{\"n\":%zu", json.len > 1 ? "," : "", row);
        put_member(&json, "division", cell(im, row, "organisation_division"));
        put_member(&json, "organisation", cell(im, row, "organisation"));
        for (const char *const *name = same; *name != NULL; name++)
            put_member(&json, *name, cell(im, row, *name));
        put_member(&json, "hashes", hashes);
        buf_char(&json, '}');
    }
    return bind_list(im, "rows", &json);
}

static void check_post(struct import *im, size_t row)
{
    bool unit = found(im, row, ORGANISATION_ID) != NULL, post = found(im, row, POST_ID) != NULL;
    if (!unit)
        fault(im, row, "organisation", "unknown_organisation",
              "The division has no unit of this name.");
    if (unit && !is_true(im, row, IN_LINES))
        fault(im, row, "organisation", "out_of_scope", "The unit works in a line outside yours.");
    if (post && !is_true(im, row, SAME_DUTY))
        fault(im, row, "duty", "differs", "The post is there with another duty.");
    if (post && !is_true(im, row, SAME_ROLE))
        fault(im, row, "role", "differs", "The post is there with another role.");
    if (found(im, row, ROLE_FAULT) != NULL)
        fault(im, row, "role", "exceeds_own_rights", found(im, row, ROLE_FAULT));
    if (found(im, row, HOLDING_FAULT) != NULL)
        fault(im, row, "person", "exceeds_own_rights", found(im, row, HOLDING_FAULT));
}

static void check_person(struct import *im, size_t row)
{
    bool here = found(im, row, PERSON_ID) != NULL;
    if (here && !is_true(im, row, SAME_NAME))
        fault(im, row, "person", "differs", "This ID number is a person's of another name.");
    if (str_equal(found(im, row, HELD_BY), "another"))
        fault(im, row, "starts_on", "post_is_held",
              "Another holds the post on that day or later, or its holder begins later.");
}

/* ---- rows of one file against each other ---- */

static int by_post(const struct import *im, size_t a, size_t b)
{
    int order = strcmp(cell(im, a, "organisation_division"), cell(im, b, "organisation_division"));
    if (order == 0)
        order = strcmp(cell(im, a, "organisation"), cell(im, b, "organisation"));
    return order != 0 ? order : strcmp(cell(im, a, "title"), cell(im, b, "title"));
}

/* Rows without an ID number stand at the end, apart from each other. */
static int by_person(const struct import *im, size_t a, size_t b)
{
    const char *x = im->hash[a], *y = im->hash[b];
    if (x == NULL || y == NULL)
        return x == y ? 0 : (x == NULL) - (y == NULL);
    int order = strcmp(cell(im, a, "organisation_division"), cell(im, b, "organisation_division"));
    return order != 0 ? order : strcmp(x, y);
}

struct sorting {
    const struct import *im;
    int (*compare)(const struct import *im, size_t a, size_t b);
};

static int in_order(const void *a, const void *b, void *sorting)
{
    const struct sorting *s = sorting;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    int order = s->compare(s->im, x, y);
    return order != 0 ? order : (x > y) - (x < y);
}

static void sort_rows(struct import *im,
                      int (*compare)(const struct import *im, size_t a, size_t b))
{
    struct sorting s = {im, compare};
    for (size_t i = 0; i < im->sheet.table.rows; i++)
        im->order[i] = i;
    qsort_r(im->order, im->sheet.table.rows, sizeof *im->order, in_order, &s);
}

static bool check_rows(struct import *im)
{
    size_t n = im->sheet.table.rows;
    sort_rows(im, by_post);
    for (size_t i = 1; i < n; i++) {
        if (by_post(im, im->order[i - 1], im->order[i]) == 0)
            fault(im, im->order[i], "title", "repeated", "This post stands above already.");
    }
    sort_rows(im, by_person);
    for (size_t i = 1; i < n; i++) {
        size_t above = im->order[i - 1], row = im->order[i];
        if (im->hash[row] != NULL && by_person(im, above, row) == 0 &&
            strcmp(cell(im, above, "person"), cell(im, row, "person")) != 0)
            fault(im, row, "person", "person_differs",
                  "This ID number stands above with another name.");
    }
    return im->rq->n_problems == 0;
}

static bool prepare(struct import *im)
{
    size_t n = im->sheet.table.rows;
    im->hash = arena_array(im->rq->arena, const char *, n);
    im->person = arena_array(im->rq->arena, const char *, n);
    im->order = arena_array(im->rq->arena, size_t, n);
    if (im->hash == NULL || im->person == NULL || im->order == NULL)
        return no_memory(im);
    for (size_t row = 0; row < n; row++) {
        if (!sealed_hash(im->rq, column("citizen_id"), cell(im, row, "citizen_id"), &im->hash[row]))
            return false;
    }
    return true;
}

static bool check(struct import *im)
{
    struct rows *locked = NULL;
    if (!prepare(im) || !bind_rows(im) || !db_rows(im->rq, &SQL_post_import_lock, &locked) ||
        !db_rows(im->rq, &SQL_post_import_check, &im->found))
        return false;
    for (size_t row = 0; row < rows_count(im->found); row++) {
        check_post(im, row);
        check_person(im, row);
    }
    return check_rows(im);
}

/* ---- what is written ---- */

static bool is_new(const struct import *im, size_t row)
{
    return !str_equal(found(im, row, HELD_BY), "same");
}

static const char *new_id(struct import *im)
{
    char *id = arena_alloc(im->rq->arena, UUID_TEXT);
    if (id == NULL)
        no_memory(im);
    else if (!uuid_new(im->rq->now, id))
        fail(im->rq, ERR_INTERNAL, NULL, "%s", "");
    else
        return id;
    return NULL;
}

static bool begin_row(struct import *im, struct buf *json, const char *id, size_t row)
{
    if (id == NULL)
        return false;
    buf_printf(json, "%s{\"id\":\"%s\"", json->len > 1 ? "," : "", id);
    put_member(json, "division", cell(im, row, "organisation_division"));
    return true;
}

static bool add_person(struct import *im, size_t row)
{
    const char *id = new_id(im), *citizen_id = NULL, *phone = NULL, *phone_hash = NULL;
    const struct field *number = column("citizen_id"), *telephone = column("phone");
    if (id == NULL || !sealed_text(im->rq, number, id, cell(im, row, "citizen_id"), &citizen_id) ||
        !sealed_text(im->rq, telephone, id, cell(im, row, "phone"), &phone) ||
        !sealed_hash(im->rq, telephone, cell(im, row, "phone"), &phone_hash) ||
        !begin_row(im, &im->persons, id, row))
        return false;
    put_member(&im->persons, "name", cell(im, row, "person"));
    put_member(&im->persons, "citizen_id", citizen_id);
    put_member(&im->persons, "citizen_id_hash", im->hash[row]);
    put_member(&im->persons, "phone", phone);
    put_member(&im->persons, "phone_hash", phone_hash);
    buf_char(&im->persons, '}');
    im->person[row] = id;
    return true;
}

/* Who takes the posts: somebody who is there, the same as a row above, or somebody new. */
static bool find_persons(struct import *im)
{
    for (size_t i = 0; i < im->sheet.table.rows; i++) {
        size_t row = im->order[i], above = i > 0 ? im->order[i - 1] : row;
        if (!is_new(im, row) || found(im, row, PERSON_ID) != NULL)
            im->person[row] = found(im, row, PERSON_ID);
        else if (i > 0 && im->hash[row] != NULL && by_person(im, above, row) == 0 &&
                 im->person[above] != NULL)
            im->person[row] = im->person[above];
        else if (!add_person(im, row))
            return false;
    }
    return true;
}

static const char *add_post(struct import *im, size_t row)
{
    const char *id = new_id(im);
    if (!begin_row(im, &im->posts, id, row))
        return NULL;
    put_member(&im->posts, "organisation_id", found(im, row, ORGANISATION_ID));
    put_member(&im->posts, "title", cell(im, row, "title"));
    put_member(&im->posts, "duty", cell(im, row, "duty"));
    put_member(&im->posts, "role", cell(im, row, "role"));
    put_member(&im->posts, "line", found(im, row, LINE));
    buf_char(&im->posts, '}');
    return id;
}

static bool add_holder(struct import *im, size_t row)
{
    const char *post = found(im, row, POST_ID);
    if (post == NULL)
        post = add_post(im, row);
    if (post == NULL || !begin_row(im, &im->holders, new_id(im), row))
        return false;
    put_member(&im->holders, "post_id", post);
    put_member(&im->holders, "person_id", im->person[row]);
    put_member(&im->holders, "starts_on", cell(im, row, "starts_on"));
    buf_char(&im->holders, '}');
    im->n_new++;
    return true;
}

static bool bind_new(struct import *im)
{
    begin_list(im, &im->persons);
    begin_list(im, &im->posts);
    begin_list(im, &im->holders);
    if (!find_persons(im))
        return false;
    for (size_t row = 0; row < im->sheet.table.rows; row++) {
        if (is_new(im, row) && !add_holder(im, row))
            return false;
    }
    return bind_list(im, "persons", &im->persons) && bind_list(im, "posts", &im->posts) &&
           bind_list(im, "holders", &im->holders) &&
           arg_bind(im->rq, "n_rows", arena_printf(im->rq->arena, "%zu", im->sheet.table.rows));
}

/* Nothing new writes nothing, not even the claim of a key, and says so. */
static bool reply_unchanged(struct import *im)
{
    tx_end(&im->rq->tx);
    return reply_json(im->rq, 200,
                      arena_printf(im->rq->arena,
                                   "{\"id\":\"%s\",\"rows\":%zu,\"inserted\":0,\"unchanged\":%zu,"
                                   "\"posts\":0,\"persons\":0,\"version\":1}",
                                   im->rq->new_id, im->sheet.table.rows, im->sheet.table.rows));
}

static bool post_import(struct request *rq)
{
    struct import im = {.rq = rq};
    if (!sheet_read(rq, columns, LIMIT_POST_ROWS, &im.sheet) || rq->n_problems > 0 ||
        !check_scope(&im) || !db_begin(rq) || !check(&im) || !bind_new(&im))
        return false;
    return im.n_new == 0 ? reply_unchanged(&im) : db_write(rq, &SQL_post_import, 200);
}
