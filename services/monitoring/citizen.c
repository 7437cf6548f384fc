/* services/monitoring/citizen.c - a household's own record on paper, for who asks for it (PIPL,
 * article 45): rules M-224 to M-227. The paper is made, handed over and kept nowhere: what stays is
 * who handed it to whom, and its number. */
#include "citizen.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/buf.h"
#include "http/sealed.h"
#include "monitoring.h"
#include "papers/paper.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { REASON_MIN = 6, REASON_MAX = 300, PAPER_MAX = 8 * 1024 * 1024, COLUMNS = 3, VALUES_MAX = 6 };

static handler print_record;

/* clang-format off */
static const struct field print_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the entry; of the household where its record is printed."),
    F_CODE("owner_division", SHOWN, "The household's village."),
    F_UUID("household_id", IN_QUERY | SHOWN, "The household."),
    F_UUID("asked_by_member_id", IN_BODY | REQUIRED | SHOWN, "The member of the household who asks and is given the paper; fourteen or older."),
    F_TEXT("reason", IN_BODY | REQUIRED | SHOWN, REASON_MIN, REASON_MAX, "Why; kept with who handed it out.", "本人查阅家庭信息"),
    F_UUID("issuer_organisation_id", SHOWN, "The unit that handed it out: the caller's own."),
    F_TEXT("number", SHOWN, 1, 60, "Its number, without gaps by unit and year.", "信息告知〔2026〕7号"),
    F_INT("household_version", SHOWN, 1, INT32_MAX, "The version of the household that it shows.", "3"),
    F_DATE("printed_on", SHOWN, "The day.", "2026-06-18"),
    F_UUID("printed_by_account", SHOWN, "Whose account it was."),
    F_UUID("printed_by_post", SHOWN | NULLABLE, "In which post."),
    F_INSTANT("created_at", SHOWN, "When."),
    F_VERSION(),
    FIELDS_END
};

const struct route citizen_routes[] = {
    {METHOD_GET,  "/record_prints",     PERM_PERSON_UNMASK, print_fields, &SQL_record_print_list, read_page, "list_record_prints", "Whose record was handed out, to whom, when and why"},
    {METHOD_GET,  "/record_prints/:id", PERM_PERSON_UNMASK, print_fields, &SQL_record_print_get,  read_one,  "get_record_print", "One record that was handed out"},
    {METHOD_POST, "/households/:id:print_record", PERM_PERSON_UNMASK, print_fields, NULL, print_record, "print_household_record", "Print all that is recorded of a household for one of its people: a PDF under a number, kept nowhere; needs health.read, too, and minor.read where a child under fourteen is in it", .also = "reason asked_by_member_id", .location = "/record_prints/", .status = 201, .unkept = true, .answers = "application/pdf"},
    ROUTES_END
};
/* clang-format on */

struct print {
    struct request *rq;
    struct paper_template form;
    struct paper_value values[VALUES_MAX + 1];
    const struct rows *lines, *words;
    size_t at;
    const char *whose; /* of the line before */
};

static bool no_memory(struct request *rq)
{
    return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static const char *word_of(const struct print *p, const char *code, size_t len)
{
    for (size_t i = 0; i < rows_count(p->words); i++) {
        const char *known = rows_text(p->words, i, 0);
        if (strlen(known) == len && strncmp(known, code, len) == 0)
            return rows_text(p->words, i, 1);
    }
    return NULL;
}

/* "chronic,disabled" in the words of the form. */
static const char *words_of(const struct print *p, const char *codes)
{
    struct buf b;
    buf_init(&b, p->rq->arena, 4096);
    for (size_t len = 0; *codes != '\0'; codes += len + (codes[len] == ',')) {
        len = strcspn(codes, ",");
        const char *word = word_of(p, codes, len);
        buf_str(&b, b.len == 0 ? "" : "、");
        buf_add(&b, word != NULL ? word : codes, word != NULL ? strlen(word) : len);
    }
    return buf_text(&b);
}

/* M-225. What no key opens any more is said, not left out. */
static const char *value_of(struct print *p, size_t i)
{
    const char *column = rows_text(p->lines, i, 3), *value = rows_text(p->lines, i, 2);
    if (column == NULL)
        return value;
    value = sealed_open(p->rq, column, rows_text(p->lines, i, 4), value);
    if (value != NULL && strcmp(column, "monitoring.member.health") == 0)
        value = words_of(p, value);
    return value != NULL ? value : "（无法读取）";
}

static bool next_line(void *ctx, const char *cells[PAPER_COLUMNS_MAX])
{
    struct print *p = ctx;
    if (p->at == rows_count(p->lines))
        return false;
    const char *whose = rows_text(p->lines, p->at, 0);
    bool again = p->whose != NULL && strcmp(p->whose, whose) == 0;
    cells[0] = again ? "" : whose;
    cells[1] = rows_text(p->lines, p->at, 1);
    cells[2] = value_of(p, p->at);
    p->whose = whose;
    p->at++;
    return true;
}

/* M-224, M-226: the form and the number, or why not. NULL with rq->err. */
static const struct rows *look(struct request *rq)
{
    struct rows *found = NULL;
    if (!unmasking_permits(rq, PERM_HEALTH_READ) || !db_rows(rq, &SQL_record_print_look, &found))
        return NULL;
    if (rows_count(found) == 0) {
        fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
        return NULL;
    }
    if (rows_text(found, 0, 0) != NULL) {
        unmasking_refused(rq, rows_text(found, 0, 0));
        return NULL;
    }
    return found;
}

static bool gather(struct print *p, const struct rows *found)
{
    struct rows *lines = NULL, *words = NULL;
    const struct paper_value values[VALUES_MAX] = {
        {"number", rows_text(found, 0, 2)},    {"issuer", rows_text(found, 0, 4)},
        {"addressee", rows_text(found, 0, 5)}, {"date", rows_text(found, 0, 6)},
        {"days", rows_text(found, 0, 7)},      {"reason", arg_text(p->rq, "reason")}};
    memcpy(p->values, values, sizeof values);
    if (!db_rows(p->rq, &SQL_record_print_lines, &lines) ||
        !db_rows(p->rq, &SQL_record_print_words, &words))
        return false;
    p->lines = lines;
    p->words = words;
    return paper_template_parse(p->rq->arena, rows_text(found, 0, 3), &p->form, &p->rq->err);
}

/* The bytes lie in memory alone: a file with somebody's whole record would have to be removed. */
static bool answer_paper(struct print *p, const char *name)
{
    struct request *rq = p->rq;
    char made_at[32];
    struct paper_made made;
    clock_format(rq->now, made_at);
    const struct paper paper = {.form = &p->form,
                                .values = p->values,
                                .rows = next_line,
                                .rows_ctx = p,
                                .made_at = made_at};
    int fd = memfd_create("record", MFD_CLOEXEC);
    if (fd < 0)
        return fail(rq, ERR_STORAGE, NULL, "%s", "");
    bool ok = paper_write(&paper, fd, &made, &rq->err);
    char *bytes = ok && made.bytes <= PAPER_MAX ? arena_alloc(rq->arena, (size_t)made.bytes) : NULL;
    if (ok && bytes == NULL)
        ok = no_memory(rq);
    if (ok && pread(fd, bytes, (size_t)made.bytes, 0) != made.bytes)
        ok = fail(rq, ERR_STORAGE, NULL, "%s", "");
    close(fd);
    if (!ok)
        return false;
    rq->status = 201;
    rq->answer = bytes;
    rq->answer_len = (size_t)made.bytes;
    rq->disposition = name;
    return true;
}

/* One transaction from the number to the note: a paper that fails gives its number back. Under an
 * Idempotency-Key nothing is stored: a repeated call is another paper with another number. */
static bool print_record(struct request *rq)
{
    struct print p = {.rq = rq};
    arena_wipe_on_reset(rq->arena);
    rq->idempotency_key = NULL;
    if (!db_begin(rq))
        return false;
    const struct rows *found = look(rq);
    if (found == NULL || !gather(&p, found))
        return false;
    return arg_bind(rq, "position", rows_text(found, 0, 1)) &&
           arg_bind(rq, "number_text", rows_text(found, 0, 2)) &&
           db_write(rq, &SQL_record_print_insert, 201) &&
           answer_paper(&p, "attachment; filename=\"record.pdf\"");
}
