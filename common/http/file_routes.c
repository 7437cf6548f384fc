/* common/http/file_routes.c - the table of a service's files: announce, list, read, give up. What
 * comes and goes in bytes: file_bytes.c. */
#include "http/file_routes.h"

#include <string.h>

#include "files/name.h"
#include "http/file_bytes.h"
#include "http/lifecycle.h"
#include "sql_engine.h"

#include "core/banned.h"

enum { DIGEST_TEXT = 64, PIECE_KIB = 4096, ANNOUNCED_MAX_LOG2 = 50 };

static const char *const file_states[] = {"uploading", "ready", "refused", "cancelled",
                                          "expired",   "lost",  NULL};

static handler announce_file, cancel_file;

/* clang-format off */
static const struct field file_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the file; may come from the client."),
    F_CODE("owner_division", IN_BODY | SHOWN | OWN_SCOPE, "The division it belongs to; absent: the widest of the caller's."),
    F_TEXT("name", IN_BODY | SHOWN | REQUIRED | NO_ID_NUMBER, 1, 200, "What people call it; never a path.", "现场照片.jpg"),
    F_INT("size", IN_BODY | SHOWN | REQUIRED, 1, INT64_C(1) << ANNOUNCED_MAX_LOG2, "Bytes that will come.", "2481152"),
    F_TEXT("sha256", IN_BODY | IN_QUERY | SHOWN | REQUIRED, DIGEST_TEXT, DIGEST_TEXT, "SHA-256 of these bytes, 64 small hexadecimal digits.", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    F_TEXT("sm3", IN_BODY | SHOWN | NULLABLE, DIGEST_TEXT, DIGEST_TEXT, "SM3 of these bytes, checked, too, where it is given.", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"),
    F_BOOL("keep_location", IN_BODY | SHOWN, "true: where a photograph was taken stays in it; else it is taken out."),
    F_ENUM("status", IN_QUERY | SHOWN, file_states, "How far it is."),
    F_TEXT("refusal", SHOWN | NULLABLE, 1, 40, "Why it was refused: wrong_digest, type_not_allowed, macros, archive_content, encrypted, damaged.", "macros"),
    F_INT("received", SHOWN, 0, INT64_C(1) << ANNOUNCED_MAX_LOG2, "Bytes that are safe: the Upload-Offset of the next piece.", "0"),
    F_TEXT("media_type", SHOWN | NULLABLE, 1, 100, "What it is, by its content; null: not known yet.", "image/jpeg"),
    F_INT("stored_size", SHOWN | NULLABLE, 0, INT64_C(1) << ANNOUNCED_MAX_LOG2, "Bytes that are kept of it.", "2481152"),
    F_TEXT("stored_sha256", SHOWN | NULLABLE, DIGEST_TEXT, DIGEST_TEXT, "SHA-256 of what is kept: another one where the location was taken out.", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    F_TEXT("stored_sm3", SHOWN | NULLABLE, DIGEST_TEXT, DIGEST_TEXT, "SM3 of what is kept.", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"),
    F_UUID("created_by", SHOWN | NULLABLE, "The post that announced it."),
    F_INSTANT("created_at", SHOWN, "When it was announced."),
    F_INSTANT("ready_at", SHOWN | NULLABLE, "When it was whole."),
    F_VERSION(),
    FIELDS_END
};

const struct transition file_fsm[] = {
    {"uploading", "complete", "ready", PERM_SIGNED_IN, "The last byte is there, the digests fit, and its content is of a type that is taken; PATCH …/content does it."},
    {"uploading", "refuse", "refused", PERM_SIGNED_IN, "Another digest, or a content that is not taken; its bytes are gone."},
    {"uploading", "cancel", "cancelled", PERM_SIGNED_IN, "It is given up; its bytes are gone."},
    {"uploading", "expire", "expired", PERM_SIGNED_IN, "It did not end in time; its bytes are gone."},
    {"ready", "lose", "lost", PERM_SIGNED_IN, "Its bytes are not in the store any more: an operator's matter."},
    {0}
};

/* PERM_SIGNED_IN stands for the service's own permission to write, PERM_PUBLIC for that to read. */
static const struct route file_table[] = {
    {METHOD_GET,   "/files",             PERM_PUBLIC,    file_fields, &SQL_file_list, read_page, "list_files", "Files in the caller's scope"},
    {METHOD_GET,   "/files/:id",         PERM_PUBLIC,    file_fields, &SQL_file_get, read_one, "get_file", "One file: how far it came, and what it is"},
    {METHOD_POST,  "/files",             PERM_SIGNED_IN, file_fields, &SQL_file_announce, announce_file, "announce_file", "Announce a file, whose bytes are sent afterwards",
        .location = "/files/", .status = 201},
    {METHOD_PATCH, "/files/:id/content", PERM_SIGNED_IN, file_fields, NULL, receive_piece, "send_file_content", "Send the next bytes of a file, from Upload-Offset on; the last piece completes it",
        .media = MEDIA_BYTES, .body_max_kib = PIECE_KIB, .unkept = true, .status = 200},
    {METHOD_GET,   "/files/:id/content", PERM_PUBLIC,    file_fields, NULL, give_content, "read_file_content", "The bytes of a file, or ranges of them",
        .answers = "application/octet-stream"},
    {METHOD_POST,  "/files/:id:cancel",  PERM_SIGNED_IN, file_fields, &SQL_file_cancel, cancel_file, "cancel_file", "Give an upload up", .probe = &SQL_file_get, .fsm = file_fsm, .verb = "cancel", .media = MEDIA_NONE},
    ROUTES_END
};
/* clang-format on */

enum { TABLE_ROWS = sizeof file_table / sizeof *file_table };

static bool check_digest(struct request *rq, const char *name, const char *pointer)
{
    const char *text = arg_text(rq, name);
    if (text == NULL || strspn(text, "0123456789abcdef") == DIGEST_TEXT)
        return true;
    return problem_add(rq, (struct problem){AT_POINTER, pointer, 0, "not_a_digest",
                                            "64 small hexadecimal digits are wanted here"});
}

/* F-001 to F-003. */
static bool announce_file(struct request *rq)
{
    if (!file_name_fits(arg_text(rq, "name")))
        return problem_add(rq, (struct problem){AT_POINTER, "/name", 0, "not_a_name",
                                                "a file's name holds no path, no control and no "
                                                "mark that hides or turns text"});
    if (!check_digest(rq, "sha256", "/sha256") || !check_digest(rq, "sm3", "/sm3"))
        return false;
    return db_write(rq, &SQL_file_announce, 201);
}

/* F-009. A piece that is just being written finds afterwards that nobody waits for it. */
static bool cancel_file(struct request *rq)
{
    const char *id = arg_text(rq, "id");
    if (!step_one(rq))
        return false;
    if (!rq->validate_only)
        forget_upload(rq, id);
    return true;
}

static struct route *with_rights(struct arena *a, const struct file_rights *rights)
{
    struct route *own = arena_array(a, struct route, TABLE_ROWS);
    for (size_t i = 0; own != NULL && i < TABLE_ROWS; i++) {
        own[i] = file_table[i];
        if (own[i].path != NULL)
            own[i].permission =
                file_table[i].permission == PERM_PUBLIC ? rights->read : rights->write;
    }
    return own;
}

enum { N_STATEMENTS = 10 };

static const struct stmt *const file_statements[N_STATEMENTS] = {
    &SQL_file_get,     &SQL_file_list,   &SQL_file_announce, &SQL_file_upload, &SQL_file_receive,
    &SQL_file_type_of, &SQL_file_finish, &SQL_file_refuse,   &SQL_file_cancel, &SQL_file_content};

static const struct stmt *const *with_statements(struct arena *a, const struct stmt *const *own)
{
    size_t n = 0;
    while (own != NULL && own[n] != NULL)
        n++;
    const struct stmt **all = arena_array(a, const struct stmt *, n + N_STATEMENTS + 1);
    for (size_t i = 0; all != NULL && i < n + N_STATEMENTS; i++)
        all[i] = i < n ? own[i] : file_statements[i - n];
    return all;
}

const struct service *service_with_files(struct arena *a, const struct service *s)
{
    size_t n = 0;
    if (s->files == NULL)
        return s;
    while (s->resources[n] != NULL)
        n++;
    struct service *copy = arena_new(a, struct service);
    const struct route **resources = arena_array(a, const struct route *, n + 2);
    struct route *own = with_rights(a, s->files);
    const struct stmt *const *statements = with_statements(a, s->statements);
    if (copy == NULL || resources == NULL || own == NULL || statements == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        resources[i] = s->resources[i];
    resources[n] = own;
    *copy = *s;
    copy->resources = resources;
    copy->statements = statements;
    return copy;
}
