/* common/http/file_bytes.c - bytes of files: pieces that come, whole files that are examined and
 * kept, and the redirect by which the gateway sends them. No connection to the database is held
 * while the disk works. */
#include "http/file_bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/str.h"
#include "core/uuid.h"
#include "files/intake.h"
#include "files/name.h"
#include "http/file_routes.h"
#include "http/lifecycle.h"
#include "http/render.h"
#include "sql_engine.h"

#include "core/banned.h"

struct file_room {
    struct file_store *store;
    struct sniffer *sniffer;
};

struct file_room *file_room_open(const char *dir, struct err *err)
{
    struct file_room *room = calloc(1, sizeof *room);
    if (room == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    room->store = file_store_open(dir, err);
    room->sniffer = room->store == NULL ? NULL : sniffer_open(err);
    if (room->sniffer == NULL)
        file_room_close(&room);
    return room;
}

void file_room_close(struct file_room **room)
{
    if (*room == NULL)
        return;
    sniffer_close(&(*room)->sniffer);
    file_store_close(&(*room)->store);
    free(*room);
    *room = NULL;
}

void forget_upload(struct request *rq, const char *id)
{
    (void)upload_remove(rq->engine->files->store, id);
}

/* ---- what an upload's row says ---- */

struct upload_row {
    const char *id, *status, *sha256, *sm3, *shown;
    int64_t received, size;
    bool keep_location;
};

static bool look(struct request *rq, struct upload_row *ret)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_file_upload, &rows))
        return false;
    tx_end(&rq->tx);
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    *ret = (struct upload_row){.id = arg_text(rq, "id"),
                               .status = rows_text(rows, 0, 0),
                               .sha256 = rows_text(rows, 0, 3),
                               .sm3 = rows_text(rows, 0, 4),
                               .keep_location = str_equal(rows_text(rows, 0, 5), "true")};
    return (str_int(rows_text(rows, 0, 1), 0, INT64_MAX, &ret->received) &&
            str_int(rows_text(rows, 0, 2), 0, INT64_MAX, &ret->size)) ||
           fail(rq, ERR_INTERNAL, NULL, "%s", "");
}

/* Where the next piece begins, said with every answer to a piece. */
static bool say_offset(struct request *rq, int64_t offset)
{
    rq->next_offset = arena_printf(rq->arena, "%lld", (long long)offset);
    return rq->next_offset != NULL || fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool refuse_offset(struct request *rq, int64_t offset)
{
    return say_offset(rq, offset) && fail(rq, ERR_UPLOAD_OFFSET, "Upload-Offset",
                                          "The next piece begins at %lld.", (long long)offset);
}

static bool answer_row(struct request *rq)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_file_get, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    rq->etag = render_etag(rq->arena, rows_text(rows, 0, 1));
    return reply_json(rq, 200, rows_text(rows, 0, 0));
}

/* The row follows the disk: forward by a piece, or back to what the disk has. */
static bool note_received(struct request *rq, const struct upload_row *row, int64_t upto)
{
    struct rows *rows = NULL;
    const char *was = arena_printf(rq->arena, "%lld", (long long)row->received);
    const char *to = arena_printf(rq->arena, "%lld", (long long)upto);
    if (was == NULL || to == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!arg_bind(rq, "was", was) || !arg_bind(rq, "upto", to) ||
        !db_rows(rq, &SQL_file_receive, &rows))
        return false;
    tx_end(&rq->tx);
    return rows_count(rows) == 1 ||
           fail(rq, ERR_STATE, NULL, "%s", "The upload was given up meanwhile.");
}

/* ---- the last byte is there ---- */

static const char *says(const char *refusal)
{
    static const char *const prose[][2] = {
        {"wrong_digest", "What came has another digest than was announced."},
        {"type_not_allowed", "Files of this type are not taken."},
        {"macros", "Documents with macros are not taken."},
        {"archive_content", "The archive holds programs or pages."},
        {"encrypted", "What is encrypted cannot be examined and is not taken."},
    };
    for (size_t i = 0; i < sizeof prose / sizeof *prose; i++) {
        if (strcmp(prose[i][0], refusal) == 0)
            return prose[i][1];
    }
    return "The file is not built as its type is.";
}

/* The row says refused before the caller is told, and the bytes go behind it. */
static bool refuse_file(struct request *rq, const struct upload_row *row, const struct intake *i)
{
    const char *type = i->media_type[0] == '\0' ? NULL : i->media_type;
    if (!arg_bind(rq, "refusal", i->refusal) || !arg_bind(rq, "media_type", type) ||
        !db_write(rq, &SQL_file_refuse, 200))
        return false;
    tx_end(&rq->tx);
    forget_upload(rq, row->id);
    rq->etag = NULL;
    rq->answer = NULL;
    rq->answer_len = 0;
    problem_add(rq, (struct problem){AT_POINTER, "", 0, i->refusal, says(i->refusal)});
    err_clear(&rq->err);
    return fail(rq, ERR_FILE_REFUSED, NULL, "%s", says(i->refusal));
}

static bool check_type(struct request *rq, struct intake *i)
{
    struct rows *rows = NULL;
    if (i->refusal != NULL)
        return true;
    if (!arg_bind(rq, "media_type", i->media_type) || !db_rows(rq, &SQL_file_type_of, &rows))
        return false;
    tx_end(&rq->tx);
    if (rows_count(rows) == 0)
        i->refusal = "type_not_allowed";
    return true;
}

static bool bind_kept(struct request *rq, const struct intake *i)
{
    const char *size = arena_printf(rq->arena, "%lld", (long long)i->kept_size);
    if (size == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return arg_bind(rq, "media_type", i->media_type) && arg_bind(rq, "stored_size", size) &&
           arg_bind(rq, "stored_sha256", i->kept.sha256) && arg_bind(rq, "stored_sm3", i->kept.sm3);
}

static bool keep(struct request *rq, const struct upload *u, const struct intake *i)
{
    int bucket = store_hold(u->store, i->kept.sha256, &rq->err);
    if (bucket < 0)
        return false;
    bool ok = store_keep(u, i->rewritten, bucket, i->kept.sha256, &rq->err) && bind_kept(rq, i) &&
              db_write(rq, &SQL_file_finish, 200);
    store_release(bucket);
    if (ok)
        (void)upload_remove(u->store, u->id);
    return ok;
}

static bool complete(struct request *rq, struct upload *u, const struct upload_row *row)
{
    const struct announced told = {row->sha256, row->sm3, row->size};
    struct intake *i = arena_new(rq->arena, struct intake);
    if (i == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!intake_examine(u, rq->engine->files->sniffer, &told, i, &rq->err) || !check_type(rq, i))
        return false;
    if (i->refusal == NULL && !intake_prepare(u, row->keep_location, i, &rq->err))
        return false;
    return i->refusal != NULL ? refuse_file(rq, row, i) : keep(rq, u, i);
}

/* ---- a piece ---- */

/* The upload is held: nobody else moves it. */
static bool take_piece(struct request *rq, struct upload *u, int64_t offset)
{
    struct upload_row row = {0};
    int64_t end = offset + (int64_t)rq->body_len;
    if (!look(rq, &row))
        return false;
    assert(row.status != NULL);
    if (strcmp(row.status, "uploading") != 0)
        return fail(rq, ERR_STATE, NULL, "The file is %s; this needs uploading.", row.status);
    if (row.received > u->size) { /* the disk lost what it had said was safe */
        if (!note_received(rq, &row, u->size))
            return false;
        row.received = u->size;
    }
    if (offset != row.received)
        return refuse_offset(rq, row.received);
    if (end > row.size)
        return fail(rq, ERR_TOO_LARGE, NULL, "%lld bytes were announced.", (long long)row.size);
    if (rq->body_len == 0 && end < row.size)
        return fail(rq, ERR_MALFORMED, NULL, "The next bytes of the file are needed here.");
    if (rq->body_len > 0 && (!upload_write(u, offset, rq->body, rq->body_len, &rq->err) ||
                             !note_received(rq, &row, end)))
        return false;
    if (!say_offset(rq, end))
        return false;
    return end < row.size ? answer_row(rq) : complete(rq, u, &row);
}

/* F-004 to F-007. The offset is what makes a repeated piece harmless, so a key adds nothing. */
bool receive_piece(struct request *rq)
{
    struct upload u;
    struct upload_row row = {0};
    int64_t offset = 0;
    rq->idempotency_key = NULL;
    if (rq->upload_offset == NULL || !str_int(rq->upload_offset, 0, INT64_MAX / 2, &offset))
        return fail(rq, ERR_BAD_PARAMETER, "Upload-Offset",
                    "Send where these bytes begin: the `received` of the file.");
    if (!look(rq, &row))
        return false;
    assert(row.status != NULL);
    if (strcmp(row.status, "ready") == 0 && offset == row.size && rq->body_len == 0)
        return say_offset(rq, offset) && answer_row(rq); /* its last answer was lost */
    if (strcmp(row.status, "uploading") != 0)
        return fail(rq, ERR_STATE, NULL, "The file is %s; this needs uploading.", row.status);
    if (!upload_open(rq->engine->files->store, row.id, true, &u, &rq->err))
        return say_offset(rq, row.received) && false;
    bool ok = take_piece(rq, &u, offset);
    upload_close(&u);
    return ok;
}

/* ---- a file of the service's own making ---- */

static bool keep_made(struct request *rq, struct upload *u, struct kept_file *ret)
{
    struct file_digests digests;
    struct stat st;
    if (fstat(u->fd, &st) != 0 || !file_digests(u->fd, st.st_size, &digests))
        return fail(rq, ERR_STORAGE, NULL, "%s", "");
    memcpy(ret->sha256, digests.sha256, sizeof ret->sha256);
    memcpy(ret->sm3, digests.sm3, sizeof ret->sm3);
    ret->size = st.st_size;
    int bucket = store_hold(u->store, ret->sha256, &rq->err);
    if (bucket < 0)
        return false;
    bool ok = store_keep(u, false, bucket, ret->sha256, &rq->err);
    store_release(bucket);
    return ok;
}

bool file_keep_made(struct request *rq, file_maker *make, void *ctx, struct kept_file *ret)
{
    struct upload u;
    if (!uuid_new(rq->now, ret->id))
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    if (!upload_open(rq->engine->files->store, ret->id, true, &u, &rq->err))
        return false;
    bool ok = make(ctx, u.fd, &rq->err) && keep_made(rq, &u, ret);
    (void)upload_remove(u.store, u.id);
    upload_close(&u);
    return ok;
}

/* ---- what leaves ---- */

/* F-008: the gateway sends the bytes, and knows where they are by this answer alone. */
bool give_content(struct request *rq)
{
    struct rows *rows = NULL;
    int64_t size = 0;
    if (!db_rows(rq, &SQL_file_content, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    if (strcmp(rows_text(rows, 0, 0), "ready") != 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "The file is %s: it has no content.",
                    rows_text(rows, 0, 0));
    const char *sha256 = rows_text(rows, 0, 3);
    if (!store_has(rq->engine->files->store, sha256, &size)) {
        fail(rq, ERR_STORAGE, NULL, "%s", "");
        err_cause(&rq->err, "the bytes of a file are not in the store");
        return false;
    }
    rq->disposition = file_disposition(rq->arena, rows_text(rows, 0, 1), rows_text(rows, 0, 4));
    rq->redirect = arena_printf(rq->arena, "/.files/%s/store/%.2s/%s", rq->engine->service->name,
                                sha256, sha256);
    rq->answer_type = rows_text(rows, 0, 2);
    if (rq->disposition == NULL || rq->redirect == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    rq->status = 200;
    return true;
}
