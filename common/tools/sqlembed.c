/* common/tools/sqlembed.c - turns a service's .sql files into sql_<service>.h and .c while
 * building. sqlembed <service> <out.h> <out.c> <file.sql>... Exit status 0, or 1 with one line
 * saying which file and line is wrong. Does not run any SQL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sqlparse.h"

#include "core/banned.h"

enum { MAX_FILE = 4 * 1024 * 1024, MAX_STATEMENTS = 1024, MEMORY = 256 * 1024 * 1024 };

struct embed {
    struct arena *arena;
    const char *service;
    const struct stmt *all[MAX_STATEMENTS];
    size_t n;
};

static bool complain(const char *file, const char *where, const char *what)
{
    (void)fprintf(stderr, "sqlembed: %s: %s%s%s\n", file, where, *where == '\0' ? "" : ": ", what);
    return false;
}

static char *read_file(struct arena *a, const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    char *bytes = arena_alloc(a, MAX_FILE + 1);
    if (f == NULL || bytes == NULL) {
        if (f != NULL)
            (void)fclose(f);
        return NULL;
    }
    *ret_len = fread(bytes, 1, MAX_FILE, f);
    bool whole = feof(f) != 0 && ferror(f) == 0;
    (void)fclose(f);
    return whole ? bytes : NULL;
}

static bool add(struct embed *e, const char *path, const struct stmt *st)
{
    for (size_t i = 0; i < e->n; i++) {
        if (strcmp(e->all[i]->name, st->name) == 0)
            return complain(path, st->name, "another statement has this name");
    }
    if (e->n == MAX_STATEMENTS)
        return complain(path, "", "more than 1024 statements");
    e->all[e->n++] = st;
    return true;
}

static bool parse_file(struct embed *e, const char *path)
{
    size_t len = 0;
    const char *bytes = read_file(e->arena, path, &len);
    if (bytes == NULL)
        return complain(path, "", "cannot be read, or is longer than 4 MiB");
    struct sqlparse_list list;
    struct err err = {0};
    if (!sqlparse(e->arena, bytes, len, &list, &err))
        return complain(path, err.field, err.detail);
    for (size_t i = 0; i < list.n; i++) {
        if (!add(e, path, list.items[i]))
            return false;
    }
    return true;
}

/* A C string literal, broken after each line of the text. */
static void write_literal(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n')
            (void)fputs(c[1] == '\0' ? "\\n" : "\\n\"\n        \"", out);
        else if (*c == '"' || *c == '\\' || *c == '?')
            (void)fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            (void)fprintf(out, "\\%03o", (unsigned)(unsigned char)*c);
        else
            (void)fputc(*c, out);
    }
    (void)fputc('"', out);
}

static void write_names(FILE *out, const char *prefix, const struct stmt *st,
                        const char *const *names)
{
    (void)fprintf(out, "static const char *const %s_%s[] = {", prefix, st->name);
    for (; *names != NULL; names++)
        (void)fprintf(out, "\"%s\", ", *names);
    (void)fputs("NULL};\n", out);
}

/* Statements of these rooms stand beside a service's own in one set. */
static size_t room_of(const char *name)
{
    static const char *const rooms[] = {"", "engine", "feed", "jobs", "files", "batch"};
    size_t i = sizeof rooms / sizeof *rooms;
    while (--i > 0 && strcmp(rooms[i], name) != 0)
        continue;
    return i;
}

static void write_stmt(FILE *out, const struct stmt *st, size_t index)
{
    static const char *const kinds[] = {
        [STMT_ONE] = "STMT_ONE",     [STMT_VIEW] = "STMT_VIEW", [STMT_PAGE] = "STMT_PAGE",
        [STMT_WRITE] = "STMT_WRITE", [STMT_ROWS] = "STMT_ROWS", [STMT_EXEC] = "STMT_EXEC"};
    write_names(out, "params", st, st->params);
    if (st->sorts != NULL)
        write_names(out, "sorts", st, st->sorts);
    if (st->masked != NULL)
        write_names(out, "masked", st, st->masked);
    (void)fprintf(out, "const struct stmt SQL_%s = {\n    .name = \"%s\",\n    .kind = %s,\n",
                  st->name, st->name, kinds[st->kind]);
    if (st->record != NULL)
        (void)fprintf(out, "    .record = \"%s\",\n", st->record);
    (void)fputs("    .text =\n        ", out);
    write_literal(out, st->text);
    (void)fprintf(out, ",\n    .params = params_%s,\n    .n_params = %u,\n", st->name,
                  st->n_params);
    if (st->sorts != NULL)
        (void)fprintf(out, "    .sorts = sorts_%s,\n    .key = \"%s\",\n", st->name, st->key);
    if (st->masked != NULL)
        (void)fprintf(out, "    .masked = masked_%s,\n", st->name);
    (void)fprintf(out, "    .shown_division = %s,\n    .lined = %s,\n    .index = %zu,\n};\n\n",
                  st->shown_division ? "true" : "false", st->lined ? "true" : "false", index);
}

static void write_source(FILE *out, const struct embed *e)
{
    (void)fprintf(out,
                  "/* sql_%s.c - the SQL statements of %s. Made by sqlembed: do not "
                  "edit. */\n#include \"sql_%s.h\"\n\n"
                  "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\n",
                  e->service, e->service, e->service);
    size_t first = MAX_STATEMENTS * room_of(e->service);
    for (size_t i = 0; i < e->n; i++)
        write_stmt(out, e->all[i], first + i);
    (void)fprintf(out, "const struct stmt *const sql_%s_all[] = {\n", e->service);
    for (size_t i = 0; i < e->n; i++)
        (void)fprintf(out, "    &SQL_%s,\n", e->all[i]->name);
    (void)fputs("    NULL,\n};\n", out);
}

static void write_header(FILE *out, const struct embed *e)
{
    (void)fprintf(out,
                  "/* sql_%s.h - the SQL statements of %s. Made by sqlembed: do not "
                  "edit. */\n#ifndef ZEREN_SQL_%s_H\n#define ZEREN_SQL_%s_H\n\n"
                  "#include \"db/stmt.h\"\n\n",
                  e->service, e->service, e->service, e->service);
    for (size_t i = 0; i < e->n; i++)
        (void)fprintf(out, "extern const struct stmt SQL_%s;\n", e->all[i]->name);
    (void)fprintf(out,
                  "extern const struct stmt *const sql_%s_all[]; /* NULL at the end */\n\n#endif\n",
                  e->service);
}

static bool write_to(const char *path, void (*write)(FILE *, const struct embed *),
                     const struct embed *e)
{
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return complain(path, "", "cannot be written");
    write(out, e);
    bool failed = ferror(out) != 0;
    failed |= fclose(out) != 0;
    return failed ? complain(path, "", "cannot be written") : true;
}

static bool embed(struct embed *e, int argc, char **argv)
{
    for (int i = 4; i < argc; i++) {
        if (!parse_file(e, argv[i]))
            return false;
    }
    return write_to(argv[2], write_header, e) && write_to(argv[3], write_source, e);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        (void)fputs("usage: sqlembed <service> <out.h> <out.c> <file.sql>...\n", stderr);
        return EXIT_FAILURE;
    }
    static struct embed e;
    e.service = argv[1];
    e.arena = arena_create(MEMORY);
    bool ok = e.arena != NULL && embed(&e, argc, argv);
    arena_destroy(&e.arena);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
