/* tests/unit/test_papers.c - forms are read, values filled in, and what a PDF says is read back out
 * of it by poppler's pdftotext. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "papers/paper.h"

TestSuite(papers, .timeout = 120);

static const char letter[] = "# ours\n"
                             "title 关于{subject}的督办函\n"
                             "number {number}\n"
                             "addressee {addressee}：\n"
                             "paragraph {addressee}{holder}同志：请于{answer_by}前答复。\n"
                             "signature {organisation} | {date}\n"
                             "note 示例\n";

static const struct paper_value values[] = {
    {"subject", "饮水安全"},           {"number", "娄督〔2026〕7号"},
    {"addressee", "莫𡐓村村民委员会"}, {"holder", "𠮷田㛃、阿卜杜拉·买买提"},
    {"answer_by", "2026年7月1日"},     {"organisation", "娄星区乡村振兴局"},
    {"date", "2026年6月18日"},         {NULL, NULL}};

static struct paper_template parsed(struct arena *a, const char *text)
{
    struct paper_template form;
    struct err err = {.code = ERR_NONE};
    cr_assert(paper_template_parse(a, text, &form, &err), "%s", err.detail);
    return form;
}

/* The text of the PDF, laid out; the caller frees it. */
static char *text_of(const struct paper *p, struct paper_made *made)
{
    char path[] = "/tmp/zeren-paper-XXXXXX", command[128];
    struct err err = {.code = ERR_NONE};
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert(paper_write(p, fd, made, &err), "%s", err.cause);
    cr_assert_eq(lseek(fd, 0, SEEK_END), made->bytes);
    close(fd);
    (void)snprintf(command, sizeof command, "pdftotext -layout %s -", path);
    FILE *out = popen(command, "r");
    char *text = calloc(1, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, out);
    cr_assert_eq(pclose(out), 0, "pdftotext reads it");
    text[n] = '\0';
    unlink(path);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        n++;
    return n;
}

Test(papers, a_letter_says_what_was_filled_in)
{
    struct arena *a = arena_create(1 << 20);
    struct paper_template form = parsed(a, letter);
    struct paper_made made;
    char *text = text_of(&(struct paper){.form = &form, .values = values}, &made);
    static const char *const said[] = {"关于饮水安全的督办函",
                                       "娄督〔2026〕7号",
                                       "莫𡐓村村民委员会：",
                                       "𠮷田㛃",
                                       "阿卜杜拉·买买提",
                                       "娄星区乡村振兴局",
                                       "2026年6月18日",
                                       "—1—",
                                       NULL};
    for (size_t i = 0; said[i] != NULL; i++)
        cr_expect_not_null(strstr(text, said[i]), "%s is not in:\n%s", said[i], text);
    cr_expect_eq(made.pages, 1);
    free(text);
    arena_destroy(&a);
}

struct source {
    unsigned n, at;
    char number[16], task[64];
};

static bool next_row(void *ctx, const char *cells[PAPER_COLUMNS_MAX])
{
    struct source *s = ctx;
    if (s->at == s->n)
        return false;
    (void)snprintf(s->number, sizeof s->number, "%u", ++s->at);
    (void)snprintf(s->task, sizeof s->task, "任务第%u项", s->at);
    cells[0] = s->number;
    cells[1] = s->task;
    return true;
}

static const char list[] =
    "title 责任清单\ntable 20 序号 | 80 任务\nsignature {organisation} | {date}\n";

Test(papers, a_table_repeats_its_heading_and_loses_no_row)
{
    struct arena *a = arena_create(1 << 20);
    struct paper_template form = parsed(a, list);
    struct source rows = {.n = 300};
    struct paper_made made;
    char *text = text_of(&(struct paper){&form, values, next_row, &rows, NULL}, &made);
    cr_expect_gt(made.pages, 5);
    cr_expect_eq(count_of(text, "序号"), count_of(text, "\f"), "a heading on every page with rows");
    for (unsigned i = 1; i <= rows.n; i++) {
        char row[64];
        (void)snprintf(row, sizeof row, "任务第%u项", i);
        cr_expect_eq(count_of(text, row), 1, "row %u", i);
    }
    free(text);
    arena_destroy(&a);
}

Test(papers, the_same_paper_is_the_same_bytes)
{
    struct arena *a = arena_create(1 << 20);
    struct paper_template form = parsed(a, letter);
    const struct paper p = {
        .form = &form, .values = values, .made_at = "2026-06-18T09:30:00+08:00"};
    static char one[1 << 20], two[1 << 20];
    struct paper_made made;
    struct err err = {.code = ERR_NONE};
    for (int i = 0; i < 2; i++) {
        FILE *f = tmpfile();
        cr_assert(paper_write(&p, fileno(f), &made, &err));
        rewind(f);
        cr_assert_eq(fread(i == 0 ? one : two, 1, sizeof one, f), (size_t)made.bytes);
        (void)fclose(f);
    }
    cr_expect_arr_eq(one, two, (size_t)made.bytes);
    arena_destroy(&a);
}

#ifndef __SANITIZE_ADDRESS__
static long peak_kib(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_maxrss;
}
#endif

/* A sanitizer and memcheck (tests/run valgrind) keep what was freed, so they cannot tell. */
#ifndef __SANITIZE_ADDRESS__
Test(papers, ten_times_the_rows_take_no_more_memory)
{
    if (getenv("ZEREN_MEMCHECK") != NULL)
        cr_skip_test("memcheck keeps what was freed");
    struct arena *a = arena_create(1 << 20);
    struct paper_template form = parsed(a, list);
    struct paper_made made;
    struct err err = {.code = ERR_NONE};
    int fd = open("/dev/null", O_WRONLY);
    long peaks[2];
    for (int i = 0; i < 2; i++) {
        struct source rows = {.n = i == 0 ? 2000 : 20000};
        const struct paper p = {
            .form = &form, .values = values, .rows = next_row, .rows_ctx = &rows};
        cr_assert(paper_write(&p, fd, &made, &err), "%s", err.cause);
        peaks[i] = peak_kib();
    }
    cr_log_info("%u pages, peaks %ld and %ld KiB", made.pages, peaks[0], peaks[1]);
    cr_expect_lt(peaks[1] - peaks[0], 24 * 1024);
    close(fd);
    arena_destroy(&a);
}
#endif

Test(papers, what_is_no_form)
{
    static const char *const wrong[] = {"",
                                        "# only this\n",
                                        "headline x\n",
                                        "title\n",
                                        "title  \n",
                                        "table 50 a | 40 b\n",
                                        "table a | b\n",
                                        "signature alone\n",
                                        "table 0 a | 100 b\n",
                                        NULL};
    struct arena *a = arena_create(1 << 20);
    for (size_t i = 0; wrong[i] != NULL; i++) {
        struct paper_template form;
        struct err err = {.code = ERR_NONE};
        cr_expect_not(paper_template_parse(a, wrong[i], &form, &err), "%s", wrong[i]);
        cr_expect_eq(err.code, ERR_INVALID);
    }
    arena_destroy(&a);
}

Test(papers, a_full_disk_is_told)
{
    struct arena *a = arena_create(1 << 20);
    struct paper_template form = parsed(a, letter);
    struct paper_made made;
    struct err err = {.code = ERR_NONE};
    int fd = open("/dev/full", O_WRONLY);
    cr_expect_not(paper_write(&(struct paper){.form = &form, .values = values}, fd, &made, &err));
    cr_expect_eq(err.code, ERR_STORAGE);
    close(fd);
    arena_destroy(&a);
}
