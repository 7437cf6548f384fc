/* services/registry/duty_list_import.c - a whole duty list out of one CSV: read, check across rows,
 * write once. One row is an item, or a task alone when its item columns are empty. Rules of one
 * item are in item_rules.c. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/division_code.h"
#include "core/limits.h"
#include "core/str.h"
#include "core/uuid.h"
#include "http/decode.h"
#include "http/sheet.h"
#include "registry.h"
#include "sql_registry.h"

static const char *const measures[] = {"value", "milestone", NULL};

/* clang-format off */
static const struct field list_columns[] = {
    F_TEXT("task_number", IN_BODY | REQUIRED, 1, 20, "Number of the task.", "07"),
    F_TEXT("parent_number", IN_BODY, 1, 20, "Number of the task it is part of.", "02"),
    F_TEXT("task_title", IN_BODY | REQUIRED, 1, 300, "What is to be done.", "新建改建农村供水工程"),
    F_TEXT("item_title", IN_BODY, 1, 300, "What the unit answers for.", "完成十四处供水工程改造"),
    F_TEXT("lead_unit", IN_BODY, 1, 80, "Name of the one lead unit.", "娄星区水利局"),
    F_TEXT("assist_units", IN_BODY, 1, 2000, "Names of assisting units, separated by ;", "娄星区财政局"),
    F_DATE("starts_on", IN_BODY, "First day.", "2026-01-05"),
    F_DATE("due_on", IN_BODY, "Deadline.", "2026-06-18"),
    F_ENUM("measure", IN_BODY, measures, "How progress is measured."),
    F_DECIMAL("target", IN_BODY, 1, 4, "Target of an item measured by value.", "14"),
    F_TEXT("unit_of_measure", IN_BODY, 1, 20, "Unit of the target.", "处"),
    F_DECIMAL("weight", IN_BODY, 1, 4, "What the item counts among those of its task, of 100; empty: all count alike.", "40"),
    F_TEXT("milestones", IN_BODY, 1, 4000, "date blank name, separated by ;", "2026-03-31 方案印发;2026-09-30 完成验收"),
    FIELDS_END
};
static const struct field step_name = F_TEXT("name", IN_BODY, 1, 100, "What is reached.", "方案印发");
/* clang-format on */

struct unit {
    const char *id, *name, *division, *line;
};

struct task_draft {
    const char *number, *parent_number, *title;
    char id[UUID_TEXT];
    size_t row; /* where it stands first */
};

struct import {
    struct request *rq;
    struct sheet sheet;
    struct unit *units; /* by name */
    size_t n_units;
    struct task_draft *tasks; /* in order of appearance */
    size_t n_tasks;
    size_t *task_of; /* [row] */
    /* Open hash tables of 1 + index, 0 free: the tasks by number, rows by task and lead. */
    size_t *task_slots, *lead_slots, slot_mask;
    struct buf items, milestones;
    struct date calendar_start;
};

static bool fault(struct import *im, size_t row, const char *column, const char *code,
                  const char *detail)
{
    return sheet_fault(im->rq, &im->sheet, row, column, code, detail);
}

static const char *cell(const struct import *im, size_t row, const char *column)
{
    return sheet_value(&im->sheet, row, column);
}

/* ---- units ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct unit *)a)->name, ((const struct unit *)b)->name);
}

/* The organisations of the list's division and below, by name. */
static bool load_units(struct import *im)
{
    char prefix[DIVISION_CODE];
    struct rows *found;
    struct request *rq = im->rq;
    if (!division_prefix(arg_text(rq, "owner_division"), prefix) ||
        !arg_bind(rq, "unit_lo", arena_strdup(rq->arena, prefix)) ||
        !arg_bind(rq, "unit_hi", arena_printf(rq->arena, "%s~", prefix)) ||
        !db_rows(rq, &SQL_organisation_names, &found)) {
        return false;
    }
    im->n_units = rows_count(found);
    im->units = arena_array(rq->arena, struct unit, im->n_units + 1);
    if (!im->units) {
        return fail(rq, ERR_NO_MEMORY, NULL, "the units do not fit into memory");
    }
    for (size_t i = 0; i < im->n_units; i++) {
        im->units[i] = (struct unit){rows_text(found, i, 0), rows_text(found, i, 1),
                                     rows_text(found, i, 2), rows_text(found, i, 3)};
    }
    qsort(im->units, im->n_units, sizeof *im->units, by_name);
    return true;
}

static bool load_calendar_start(struct import *im)
{
    struct rows *found;
    if (!db_rows(im->rq, &SQL_calendar_start, &found)) {
        return false;
    }
    const char *day = rows_text(found, 0, 0);
    return !day || date_parse(day, &im->calendar_start) ||
           fail(im->rq, ERR_INTERNAL, NULL, "no day of the calendar");
}

/* A unit by its name; a fault when there is none, or more than one, of that name. */
static const struct unit *find_unit(struct import *im, size_t row, const char *column,
                                    const char *name)
{
    struct unit key = {.name = name};
    const struct unit *u = bsearch(&key, im->units, im->n_units, sizeof key, by_name);
    if (!u) {
        fault(im, row, column, "unknown_unit",
              arena_printf(im->rq->arena, "there is no unit named %s", name));
        return NULL;
    }
    size_t at = (size_t)(u - im->units);
    bool twin = (at > 0 && !by_name(u - 1, u)) || (at + 1 < im->n_units && !by_name(u + 1, u));
    if (twin) {
        fault(im, row, column, "ambiguous_unit",
              arena_printf(im->rq->arena, "several units are named %s", name));
        return NULL;
    }
    return u;
}

/* Splits "a;b；c" in place of a copy: the next name, or NULL. A full-width semicolon counts, too.
 */
static char *next_name(char **rest)
{
    if (!*rest || !**rest) {
        return NULL;
    }
    char *name = *rest;
    char *end = strpbrk(name, ";");
    char *wide = strstr(name, "；");
    bool is_wide = wide && (!end || wide < end);
    end = is_wide ? wide : end;
    *rest = end ? end + (is_wide ? strlen("；") : 1) : NULL;
    if (end) {
        *end = '\0';
    }
    return name;
}

/* ---- tasks ---- */

/* FNV-1a. */
static size_t hash(const char *text, size_t seed)
{
    uint64_t h = 14695981039346656037u ^ seed;
    for (; *text; text++) {
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    }
    return (size_t)(h ^ h >> 32);
}

/* Where the task of that number stands in the table, or where it belongs. */
static size_t *task_slot(const struct import *im, const char *number)
{
    size_t at = hash(number, 0) & im->slot_mask;
    while (im->task_slots[at] && strcmp(im->tasks[im->task_slots[at] - 1].number, number)) {
        at = (at + 1) & im->slot_mask;
    }
    return &im->task_slots[at];
}

static struct task_draft *find_task(const struct import *im, const char *number)
{
    size_t found = *task_slot(im, number);
    return found ? &im->tasks[found - 1] : NULL;
}

/* Where the row of that task and lead unit stands in the table, or where it belongs. */
static size_t *lead_slot(const struct import *im, size_t task, const char *lead)
{
    size_t at = hash(lead, task) & im->slot_mask, row;
    while ((row = im->lead_slots[at]) &&
           (im->task_of[row - 1] != task || strcmp(cell(im, row - 1, "lead_unit"), lead))) {
        at = (at + 1) & im->slot_mask;
    }
    return &im->lead_slots[at];
}

static bool collect_task(struct import *im, size_t row)
{
    const char *number = cell(im, row, "task_number");
    const char *title = cell(im, row, "task_title");
    const char *parent = cell(im, row, "parent_number");
    if (!number || !title) {
        return false;
    }
    struct task_draft *t = find_task(im, number);
    if (!t) {
        assert(im->tasks != NULL); /* collect() saw to it */
        t = &im->tasks[im->n_tasks++];
        *task_slot(im, number) = im->n_tasks;
        *t = (struct task_draft){
            .number = number, .title = title, .parent_number = parent, .row = row};
        if (!uuid_new(im->rq->now, t->id)) {
            return fail(im->rq, ERR_INTERNAL, NULL, "no random source");
        }
    } else if (strcmp(t->title, title) != 0) {
        fault(im, row, "task_title", "task_differs",
              "this task number stands above with another title");
    } else if (!str_equal(parent, t->parent_number)) {
        fault(im, row, "parent_number", "task_differs",
              "this task number stands above with another parent");
    }
    im->task_of[row] = (size_t)(t - im->tasks);
    return true;
}

/* The parents of a task exist, and it is not above itself. */
static bool check_parents(struct import *im, const struct task_draft *t)
{
    int depth = 0;
    for (const struct task_draft *up = t; up->parent_number; depth++) {
        up = find_task(im, up->parent_number);
        if (!up) {
            return fault(im, t->row, "parent_number", "unknown_task",
                         "there is no task of this number");
        }
        if (depth >= LIMIT_TASK_DEPTH) {
            return fault(im, t->row, "parent_number", "too_deep",
                         "the tree of tasks is too deep or closes a circle");
        }
    }
    return true;
}

/* ---- items ---- */

/* "2026-03-31 方案印发;…" into steps; a fault for a part that is not so. */
static size_t read_milestones(struct import *im, size_t row, struct milestone_draft *steps)
{
    const char *text = cell(im, row, "milestones");
    char *rest = arena_strdup(im->rq->arena, text), *part;
    size_t n = 0;
    while ((part = next_name(&rest))) {
        char day[11] = {0};
        if (strlen(part) > 11 && part[10] == ' ') {
            memcpy(day, part, 10);
        }
        if (!date_parse(day, &steps[n].due_on)) {
            fault(im, row, "milestones", "not_a_milestone",
                  "a milestone is a date, a blank and a name");
            return 0;
        }
        const char *code = NULL, *detail = NULL;
        steps[n].name = decode_value(im->rq->arena, &step_name, part + 11, &code, &detail);
        if (!steps[n].name) {
            fault(im, row, "milestones", code, detail);
            return 0;
        }
        if (++n > LIMIT_ITEM_MILESTONES - 1 && rest) {
            fault(im, row, "milestones", "too_many", "too many milestones");
            return 0;
        }
    }
    return n;
}

static bool demand(struct import *im, size_t row, const char *column)
{
    return cell(im, row, column) ||
           fault(im, row, column, "required", "this cell must not be empty");
}

/* Applies the rules of an item to a row, fault by fault. */
static bool check_item(struct import *im, size_t row, const struct milestone_draft *steps,
                       size_t n_steps)
{
    size_t before = im->rq->n_problems;
    bool whole = demand(im, row, "item_title");
    whole &= demand(im, row, "starts_on");
    whole &= demand(im, row, "due_on");
    whole &= demand(im, row, "measure");
    if (!whole || im->rq->n_problems > before) {
        return false;
    }
    struct item_draft d = {.measure = cell(im, row, "measure"),
                           .has_target = cell(im, row, "target"),
                           .unit_of_measure = cell(im, row, "unit_of_measure"),
                           .milestones = steps,
                           .n_milestones = n_steps};
    struct fault found[ITEM_FAULTS_MAX];
    bool dated = date_parse(cell(im, row, "starts_on"), &d.starts_on) &&
                 date_parse(cell(im, row, "due_on"), &d.due_on);
    size_t n = dated ? item_faults(&d, found) : 0;
    for (size_t i = 0; i < n; i++) {
        fault(im, row, found[i].field, found[i].code, found[i].detail);
    }
    if (dated && date_compare(d.due_on, im->calendar_start) < 0) {
        return fault(im, row, "due_on", "no_calendar", "no work-day calendar for that day");
    }
    return dated && n == 0;
}

/* exactly one lead, and no unit twice on an item; no lead twice on a task. */
static const struct unit *check_lead(struct import *im, size_t row)
{
    const char *name = cell(im, row, "lead_unit");
    if (!name) {
        demand(im, row, "lead_unit");
        return NULL;
    }
    if (strchr(name, ';') || strstr(name, "；")) {
        fault(im, row, "lead_unit", "two_leads", "an item has exactly one lead unit");
        return NULL;
    }
    size_t *slot = lead_slot(im, im->task_of[row], name);
    if (*slot) {
        fault(im, row, "lead_unit", "repeated", "this unit leads an item of this task already");
        return NULL;
    }
    *slot = row + 1;
    return find_unit(im, row, "lead_unit", name);
}

/* Adds a line to a JSON array once. */
static void add_line(struct buf *lines, const char *line)
{
    struct buf quoted;
    buf_init(&quoted, lines->arena, 1024);
    buf_json(&quoted, line);
    const char *text = buf_text(&quoted);
    if (!line || !text || !lines->bytes || strstr(lines->bytes, text)) {
        return;
    }
    buf_printf(lines, "%s%s", lines->len > 1 ? "," : "", text);
}

/* The assisting units as JSON, their lines added to the item's. */
static bool read_assists(struct import *im, size_t row, const struct unit *lead, struct buf *ids,
                         struct buf *lines)
{
    char *rest = arena_strdup(im->rq->arena, cell(im, row, "assist_units")), *name;
    size_t n = 0;
    buf_char(ids, '[');
    while ((name = next_name(&rest))) {
        const struct unit *u = find_unit(im, row, "assist_units", name);
        if (!u) {
            return false;
        }
        if (u == lead || (ids->bytes && strstr(ids->bytes, u->id))) {
            return fault(im, row, "assist_units", "repeated", "a unit stands on this item twice");
        }
        if (++n > LIMIT_ITEM_ASSISTS) {
            return fault(im, row, "assist_units", "too_many", "too many assisting units");
        }
        buf_printf(ids, "%s\"%s\"", n > 1 ? "," : "", u->id);
        add_line(lines, u->line);
    }
    buf_char(ids, ']');
    return true;
}

static void add_member(struct buf *json, const char *name, const char *value)
{
    buf_printf(json, ",\"%s\":", name);
    buf_json(json, value);
}

static bool add_item(struct import *im, size_t row)
{
    struct request *rq = im->rq;
    struct milestone_draft steps[LIMIT_ITEM_MILESTONES];
    struct buf ids, lines;
    char id[UUID_TEXT];
    size_t n_steps = read_milestones(im, row, steps);
    const struct unit *lead = check_lead(im, row);
    buf_init(&ids, rq->arena, 8192);
    buf_init(&lines, rq->arena, 8192);
    buf_char(&lines, '[');
    add_line(&lines, lead ? lead->line : NULL);
    bool good = read_assists(im, row, lead, &ids, &lines);
    good &= check_item(im, row, steps, n_steps);
    if (!good || !lead || !uuid_new(rq->now, id)) {
        return false;
    }
    buf_char(&lines, ']');
    buf_printf(&im->items,
               "%s{\"id\":\"%s\",\"task_id\":\"%s\",\"lead\":\"%s\",\"assists\":%s,\"lines\":%s",
               im->items.len > 1 ? "," : "", id, im->tasks[im->task_of[row]].id, lead->id,
               buf_text(&ids), buf_text(&lines));
    add_member(&im->items, "division", lead->division);
    add_member(&im->items, "title", cell(im, row, "item_title"));
    static const char *const same[] = {"starts_on",       "due_on", "measure", "target",
                                       "unit_of_measure", "weight", NULL};
    for (const char *const *name = same; *name; name++) {
        add_member(&im->items, *name, cell(im, row, *name));
    }
    buf_char(&im->items, '}');
    for (size_t i = 0; i < n_steps; i++) {
        char day[11];
        date_format(steps[i].due_on, day);
        buf_printf(&im->milestones, "%s{\"item_id\":\"%s\",\"position\":%zu,\"due_on\":\"%s\"",
                   im->milestones.len > 1 ? "," : "", id, i + 1, day);
        add_member(&im->milestones, "name", steps[i].name);
        buf_char(&im->milestones, '}');
    }
    return true;
}

static const char *tasks_as_json(struct import *im)
{
    struct buf json;
    buf_init(&json, im->rq->arena, LIMIT_ARENA_BYTES / 4);
    for (size_t i = 0; i < im->n_tasks; i++) {
        struct task_draft *t = &im->tasks[i];
        const struct task_draft *parent = t->parent_number ? find_task(im, t->parent_number) : NULL;
        buf_printf(&json, "%c{\"id\":\"%s\",\"position\":%zu", i ? ',' : '[', t->id, i + 1);
        add_member(&json, "number", t->number);
        add_member(&json, "title", t->title);
        add_member(&json, "parent_id", parent ? parent->id : NULL);
        buf_char(&json, '}');
    }
    buf_char(&json, ']');
    return buf_text(&json);
}

/* A row whose item columns are all empty is a task alone. */
static bool is_task_only(const struct import *im, size_t row)
{
    static const char *const item_columns[] = {
        "item_title", "lead_unit",       "assist_units", "starts_on",  "due_on", "measure",
        "target",     "unit_of_measure", "weight",       "milestones", NULL};
    for (const char *const *name = item_columns; *name; name++) {
        int column = csv_column(&im->sheet.table, *name);
        if (column >= 0 && *im->sheet.table.cells[row][column]) {
            return false;
        }
    }
    return true;
}

static bool collect(struct import *im)
{
    size_t n = im->sheet.table.rows;
    im->tasks = arena_array(im->rq->arena, struct task_draft, n);
    im->task_of = arena_array(im->rq->arena, size_t, n);
    im->slot_mask = 1;
    while (im->slot_mask < 2 * n) {
        im->slot_mask = 2 * im->slot_mask + 1;
    }
    im->task_slots = arena_array(im->rq->arena, size_t, im->slot_mask + 1);
    im->lead_slots = arena_array(im->rq->arena, size_t, im->slot_mask + 1);
    if (!im->tasks || !im->task_of || !im->task_slots || !im->lead_slots) {
        return fail(im->rq, ERR_NO_MEMORY, NULL, "the list does not fit into memory");
    }
    buf_init(&im->items, im->rq->arena, LIMIT_ARENA_BYTES / 4);
    buf_init(&im->milestones, im->rq->arena, LIMIT_ARENA_BYTES / 4);
    buf_char(&im->items, '[');
    buf_char(&im->milestones, '[');
    for (size_t row = 0; row < n; row++) {
        if (collect_task(im, row) && !is_task_only(im, row)) {
            add_item(im, row);
        }
    }
    for (size_t i = 0; i < im->n_tasks; i++) {
        check_parents(im, &im->tasks[i]);
    }
    buf_char(&im->items, ']');
    buf_char(&im->milestones, ']');
    return im->rq->n_problems == 0 && im->rq->err.code == ERR_NONE;
}

/* the whole list or nothing; every fault by row, column and code. */
bool duty_list_import(struct request *rq)
{
    struct import im = {.rq = rq};
    return sheet_read(rq, list_columns, LIMIT_DUTY_LIST_ROWS, &im.sheet) && db_begin(rq) &&
           load_units(&im) && load_calendar_start(&im) && collect(&im) &&
           arg_bind(rq, "tasks", tasks_as_json(&im)) &&
           arg_bind(rq, "items", buf_text(&im.items)) &&
           arg_bind(rq, "milestones", buf_text(&im.milestones)) &&
           db_write(rq, &SQL_duty_list_import, 201);
}
