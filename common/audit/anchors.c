/* common/audit/anchors.c - the append-only log of anchors, each line chained to the one before:
 *     zeren-anchor 1 <service> <day> <kind> <seq> <mac> <note in base64url, or -> <kid> <line mac>
 * A line that a crash left half written is cut off by the next append: no mac, no line. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/files.h"
#include "audit/heads.h"
#include "core/str.h"

#include "core/banned.h"

enum { WORDS = 10, FILE_MAX = 16 * 1024 * 1024, NOTE_TEXT = 4 * (ANCHOR_NOTE_MAX + 2) / 3 + 1 };

static const char title[] = "zeren audit anchor 1";
static const char *const kinds[ANCHOR_KINDS] = {"day", "dropped", "restored"};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static const char *path_of(const struct heads *h, const char *service, struct arena *a)
{
    return arena_printf(a, "%s/%s.anchors", h->dir, service);
}

static bool line_mac(struct keyring *ring, uint32_t *kid, const uint8_t *prev,
                     const char *const *words, uint8_t ret[static AUDIT_DIGEST], struct err *err)
{
    const struct chain_text t = {
        .title = title, .prev = prev, .words = words, .n_words = WORDS - 2};
    return chain_text_mac(ring, kid, &t, ret, err);
}

static bool parse_kind(const char *word, enum anchor_kind *ret)
{
    for (size_t k = 0; k < ANCHOR_KINDS; k++) {
        if (strcmp(kinds[k], word) == 0) {
            *ret = (enum anchor_kind)k;
            return true;
        }
    }
    return false;
}

static const char *parse_note(struct arena *a, const char *word)
{
    size_t n = 0;
    if (strcmp(word, "-") == 0)
        return "";
    unsigned char *note = arena_alloc(a, ANCHOR_NOTE_MAX + 1);
    bool ok = note != NULL && str_base64url_decode(word, strlen(word), note, ANCHOR_NOTE_MAX, &n);
    return ok && str_utf8((const char *)note, n) ? (const char *)note : NULL;
}

static bool parse_words(struct arena *a, char **words, struct anchor *ret)
{
    ret->note = parse_note(a, words[7]);
    return strcmp(words[0], "zeren-anchor") == 0 && strcmp(words[1], "1") == 0 &&
           date_parse(words[3], &ret->day) && parse_kind(words[4], &ret->kind) &&
           str_int(words[5], 0, INT64_MAX, &ret->seq) &&
           chain_unhex(words[6], ret->mac, sizeof ret->mac) && ret->note != NULL;
}

static bool changed(struct err *err, size_t line, const char *why)
{
    return err_set(err, ERR_INVALID, NULL, "line %zu of the anchors %s", line, why);
}

/* One line, in place. */
static bool parse_line(struct keyring *ring, const char *service, char *line, struct arena *a,
                       struct anchors *list, struct err *err)
{
    char *words[WORDS];
    uint8_t said[AUDIT_DIGEST], made[AUDIT_DIGEST];
    uint32_t kid = 0;
    struct anchor *next = &list->all[list->n];
    if (files_words(line, words, WORDS) != WORDS || !parse_words(a, words, next) ||
        strcmp(words[2], service) != 0 || !key_kid_of(words[8], &kid) ||
        !chain_unhex(words[9], said, sizeof said))
        return changed(err, list->n + 1, "is not written as anchors are");
    if (!chain_knows(ring, kid))
        return changed(err, list->n + 1, "is under a key that the key file does not have");
    if (!line_mac(ring, &kid, list->last, (const char *const *)words, made, err))
        return false;
    if (!chain_equal(said, made))
        return changed(err, list->n + 1, "was changed, or stands behind one that was");
    memcpy(list->last, said, sizeof list->last);
    list->n++;
    return true;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n;
}

bool anchors_parse(struct keyring *ring, const char *service, const char *text, struct arena *a,
                   struct anchors *ret, struct err *err)
{
    *ret = (struct anchors){.n = 0};
    ret->all = arena_array(a, struct anchor, count_lines(text) + 1);
    if (ret->all == NULL)
        return no_memory(err);
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        char *line = arena_strndup(a, text, (size_t)(end - text));
        if (line == NULL)
            return no_memory(err);
        if (!parse_line(ring, service, line, a, ret, err))
            return false;
    }
    return true;
}

const char *anchors_text(const struct heads *h, const char *service, struct arena *a,
                         struct err *err)
{
    const char *path = path_of(h, service, a), *text = NULL;
    if (path == NULL) {
        no_memory(err);
        return NULL;
    }
    return files_read(a, path, FILE_MAX, &text, err) ? text : NULL;
}

bool anchors_read(const struct heads *h, const char *service, struct arena *a, struct anchors *ret,
                  struct err *err)
{
    const char *text = anchors_text(h, service, a, err);
    return text != NULL && anchors_parse(h->ring, service, text, a, ret, err);
}

/* Behind the last whole line. */
static bool append_text(const char *path, const char *line, struct arena *a, struct err *err)
{
    const char *text = NULL;
    if (!files_read(a, path, FILE_MAX, &text, err))
        return false;
    const char *last = strrchr(text, '\n');
    off_t whole = last == NULL ? 0 : (off_t)(last - text) + 1;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return files_failed(path, "cannot be written", err);
    ssize_t len = (ssize_t)strlen(line);
    bool ok =
        ftruncate(fd, whole) == 0 && pwrite(fd, line, (size_t)len, whole) == len && fsync(fd) == 0;
    ok &= close(fd) == 0;
    return ok || files_failed(path, "cannot be written", err);
}

/* A list with room for one more. */
static bool list_grow(struct anchors *list, struct arena *a, const struct anchor *next)
{
    struct anchor *all = arena_array(a, struct anchor, list->n + 1);
    const char *note = arena_strdup(a, next->note);
    if (all == NULL || note == NULL)
        return false;
    if (list->n > 0)
        memcpy(all, list->all, list->n * sizeof *all);
    all[list->n] = *next;
    all[list->n++].note = note;
    list->all = all;
    return true;
}

bool anchors_append(const struct heads *h, const char *service, const struct anchor *next,
                    struct arena *a, struct anchors *list, struct err *err)
{
    char day[11], seq[24], mac[2 * AUDIT_DIGEST + 1], own[2 * AUDIT_DIGEST + 1];
    char note[NOTE_TEXT] = "-", kid_text[KEY_KID_TEXT];
    uint8_t digest[AUDIT_DIGEST];
    uint32_t kid = 0;
    if (strlen(next->note) > ANCHOR_NOTE_MAX || strpbrk(next->note, "\n\r") != NULL)
        return err_set(err, ERR_INVALID, NULL, "a note is one line of at most 500 bytes");
    if (*next->note != '\0')
        str_base64url((const unsigned char *)next->note, strlen(next->note), note);
    date_format(next->day, day);
    (void)snprintf(seq, sizeof seq, "%lld", (long long)next->seq);
    chain_hex(next->mac, sizeof next->mac, mac);
    const char *const words[WORDS - 2] = {"zeren-anchor",    "1", service, day,
                                          kinds[next->kind], seq, mac,     note};
    if (!line_mac(h->ring, &kid, list->last, words, digest, err))
        return false;
    chain_hex(digest, sizeof digest, own);
    key_kid_text(kid, kid_text);
    const char *line = arena_printf(a, "zeren-anchor 1 %s %s %s %s %s %s %s %s\n", service, day,
                                    kinds[next->kind], seq, mac, note, kid_text, own);
    const char *path = path_of(h, service, a);
    if (line == NULL || path == NULL)
        return no_memory(err);
    if (!append_text(path, line, a, err) || !files_sync_dir(h->dir, err))
        return false;
    memcpy(list->last, digest, sizeof digest);
    return list_grow(list, a, next) || no_memory(err);
}
