/* tests/data/generate_tables.c - writes the tables of a synthetic archive, as CSV and as a
 * workbook. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

#include "generate.h"

#define X(name, label, ...) label,
static const char *const household_headings[] = {
#include "../../services/monitoring/bulk_household.def"
};
static const char *const member_headings[] = {
#include "../../services/monitoring/bulk_member.def"
};
#undef X
struct table {
    FILE *file;
    lxw_worksheet *sheet;
    int columns;
    unsigned rows; /* with the heading */
};

struct tables {
    struct table households, members;
    FILE *faults, *mends;
    lxw_workbook *book;
};

void row_clear(struct row *r)
{
    for (int i = 0; i < COLUMNS; i++)
        r->cells[i][0] = '\0';
}

void put(struct row *r, int column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->cells[column], CELL, format, args);
    va_end(args);
}

static void write_cells(struct table *t, const char *const *cells)
{
    for (int i = 0; i < t->columns; i++) {
        fprintf(t->file, "%s%s", i == 0 ? "" : ",", cells[i]);
        if (t->sheet != NULL && cells[i][0] != '\0')
            worksheet_write_string(t->sheet, t->rows, (lxw_col_t)i, cells[i], NULL);
    }
    fputs("\r\n", t->file);
    t->rows++;
}

static void write_row(struct table *t, const struct row *r)
{
    const char *cells[COLUMNS];
    for (int i = 0; i < t->columns; i++)
        cells[i] = r->cells[i];
    write_cells(t, cells);
}

static FILE *open_in(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return fopen(path, "w");
}

static lxw_workbook *open_book(const char *dir)
{
    char path[4096];
    lxw_workbook_options constant = {.constant_memory = LXW_TRUE};
    snprintf(path, sizeof path, "%s/archive.xlsx", dir);
    return workbook_new_opt(path, &constant);
}

struct tables *tables_open(const char *dir, bool xlsx)
{
    struct tables *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->households = (struct table){open_in(dir, "households.csv"), NULL, HOUSEHOLD_COLUMNS, 0};
    t->members = (struct table){open_in(dir, "members.csv"), NULL, MEMBER_COLUMNS, 0};
    t->faults = open_in(dir, "faults.csv");
    t->mends = open_in(dir, "mends.csv");
    if (t->households.file == NULL || t->members.file == NULL || t->faults == NULL ||
        t->mends == NULL)
        return NULL;
    if (xlsx) {
        t->book = open_book(dir);
        t->households.sheet = workbook_add_worksheet(t->book, "户");
        t->members.sheet = workbook_add_worksheet(t->book, "成员");
    }
    write_cells(&t->households, household_headings);
    write_cells(&t->members, member_headings);
    fputs("table,row,column,kind,code\r\n", t->faults);
    fputs("table,row,column,value\r\n", t->mends);
    return t;
}

static void note(struct tables *t, const struct fault *fault, unsigned first_member)
{
    bool of_member = fault->member >= 0;
    const char *const *headings = of_member ? member_headings : household_headings;
    fprintf(t->faults, "%s,%u,%s,%s,%s\r\n", of_member ? "成员" : "户",
            of_member ? first_member + (unsigned)fault->member : t->households.rows,
            fault->column < 0 ? "" : headings[fault->column], fault->kind, fault->code);
}

static void mend(struct tables *t, const struct table *of, unsigned row, const struct row *is,
                 const struct row *was)
{
    bool member = of == &t->members;
    for (int i = 0; i < of->columns; i++) {
        if (strcmp(is->cells[i], was->cells[i]) != 0)
            fprintf(t->mends, "%s,%u,%s,%s\r\n", member ? "成员" : "户", row,
                    member ? member_headings[i] : household_headings[i], was->cells[i]);
    }
}

void tables_put(struct tables *t, const struct family *f, const struct family *clean,
                const struct fault *fault)
{
    unsigned first_member = t->members.rows + 1;
    write_row(&t->households, &f->household);
    for (int i = 0; i < f->n; i++)
        write_row(&t->members, &f->members[i]);
    if (clean == NULL)
        return;
    note(t, fault, first_member);
    mend(t, &t->households, t->households.rows, &f->household, &clean->household);
    for (int i = 0; i < f->n; i++)
        mend(t, &t->members, first_member + (unsigned)i, &f->members[i], &clean->members[i]);
}

bool tables_close(struct tables *t)
{
    bool good = true;
    FILE *const files[] = {t->households.file, t->members.file, t->faults, t->mends};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        good = !ferror(files[i]) && good;
        good = fclose(files[i]) == 0 && good;
    }
    if (t->book != NULL)
        good = workbook_close(t->book) == LXW_NO_ERROR && good;
    free(t);
    return good;
}
