/* common/tables/writer_text.c - CSV (RFC 4180, CR LF) in UTF-8 or GB18030, and NDJSON. */
#include "tables/writer_parts.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "core/banned.h"

static void put_bytes(struct table_writer *w, const char *bytes, size_t len)
{
    char out[4096];
    char *in = (char *)(uintptr_t)bytes; /* iconv takes char **, and only reads */
    if (!w->converts) {
        w->broken = w->broken || fwrite(bytes, 1, len, w->file) != len;
        return;
    }
    while (len > 0 && !w->broken) {
        char *to = out;
        size_t room = sizeof out, before = len;
        iconv(w->converter, &in, &len, &to, &room);
        w->broken =
            len == before || fwrite(out, 1, sizeof out - room, w->file) != sizeof out - room;
    }
}

static void put_text(struct table_writer *w, const char *text)
{
    put_bytes(w, text, strlen(text));
}

/* Inside quotation marks, with those of the text doubled. */
static void put_quoted(struct table_writer *w, const char *text)
{
    put_bytes(w, "\"", 1);
    for (const char *mark = strchr(text, '"'); mark != NULL; mark = strchr(text, '"')) {
        put_bytes(w, text, (size_t)(mark - text) + 1);
        put_bytes(w, "\"", 1);
        text = mark + 1;
    }
    put_text(w, text);
    put_bytes(w, "\"", 1);
}

static void put_cell(struct table_writer *w, const char *text, enum table_kind kind)
{
    char special[] = {w->options.separator, '"', '\r', '\n', '\0'};
    size_t lead = strspn(text, "'"), len = strlen(text);
    bool number = kind == TABLE_NUMBER && json_number(text, len);
    bool blank = len > 0 && (blank_at(text, len) > 0 || text[len - 1] == ' ');
    if (!number && csv_is_formula(text + lead, len - lead))
        put_bytes(w, "'", 1);
    if (blank || strpbrk(text, special) != NULL)
        put_quoted(w, text);
    else
        put_text(w, text);
}

static bool is_whole(const struct table_writer *w, struct err *err)
{
    return !w->broken || refuse(err, "no_room", 0);
}

/* A row of one empty cell would be a blank line, and no row. */
static bool put_csv(struct table_writer *w, const char *const *values, struct err *err)
{
    for (size_t i = 0; i < w->n_columns; i++) {
        if (i > 0)
            put_bytes(w, &w->options.separator, 1);
        if (values[i] != NULL)
            put_cell(w, values[i], w->options.columns[i].kind);
    }
    put_bytes(w, "\r\n", 2);
    return is_whole(w, err);
}

void text_writer_json(struct table_writer *w, const char *text)
{
    put_bytes(w, "\"", 1);
    while (*text != '\0') {
        char escape[8];
        size_t plain = 0;
        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\')
            plain++;
        put_bytes(w, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        if (*text == '"' || *text == '\\')
            snprintf(escape, sizeof escape, "\\%c", *text);
        else
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*text);
        put_text(w, escape);
        text++;
    }
    put_bytes(w, "\"", 1);
}

void text_writer_line(struct table_writer *w, const char *line)
{
    put_text(w, line);
}

static bool put_object(struct table_writer *w, const char *const *values, struct err *err)
{
    bool any = false;
    put_bytes(w, "{", 1);
    for (size_t i = 0; i < w->n_columns; i++) {
        const struct table_out_column *c = &w->options.columns[i];
        if (values[i] == NULL)
            continue;
        if (any)
            put_bytes(w, ",", 1);
        any = true;
        text_writer_json(w, c->name);
        put_bytes(w, ":", 1);
        if (c->kind == TABLE_NUMBER && json_number(values[i], strlen(values[i])))
            put_text(w, values[i]);
        else
            text_writer_json(w, values[i]);
    }
    put_bytes(w, "}\n", 2);
    return is_whole(w, err);
}

static bool finish(struct table_writer *w)
{
    if (w->converts)
        iconv_close(w->converter);
    bool ok = fclose(w->file) == 0;
    return ok && !w->broken;
}

static void abandon(struct table_writer *w)
{
    (void)finish(w);
}

static bool put_heading(struct table_writer *w, struct err *err)
{
    const char **labels = arena_array(w->arena, const char *, w->n_columns + 1);
    if (labels == NULL)
        return refuse(err, "no_memory", 0);
    for (size_t i = 0; i < w->n_columns; i++)
        labels[i] = out_label(&w->options.columns[i]);
    if (w->options.mark && !w->converts)
        put_text(w, "\xEF\xBB\xBF");
    return put_csv(w, labels, err);
}

bool text_writer_open(struct table_writer *w, const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    w->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (w->file == NULL) {
        if (fd >= 0)
            close(fd);
        return refuse(err, "no_room", 0);
    }
    w->finish = finish;
    w->abandon = abandon;
    if (w->options.separator == 0)
        w->options.separator = ',';
    w->put = w->options.format == TABLE_NDJSON ? put_object : put_csv;
    if (w->options.format == TABLE_CSV && w->options.charset == TABLE_GB18030) {
        w->converter = iconv_open("GB18030", "UTF-8");
        w->converts = w->converter != (iconv_t)-1;
        if (!w->converts)
            return refuse(err, "no_room", 0);
    }
    return w->options.format == TABLE_NDJSON || put_heading(w, err);
}
