/* common/files/sniff.c - libmagic behind a lock, and text that a browser would take for more. */
#include "files/sniff.h"

#include <magic.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/banned.h"

enum { HEAD = 4096 };

struct sniffer {
    magic_t magic; /* one thread at a time */
    pthread_mutex_t lock;
};

/* Bounds of what a made-up file can have libmagic do. */
static void bound(magic_t m)
{
    size_t depth = 15, names = 50, regex = 8192, bytes = (size_t)1024 * 1024;
    magic_setparam(m, MAGIC_PARAM_INDIR_MAX, &depth);
    magic_setparam(m, MAGIC_PARAM_NAME_MAX, &names);
    magic_setparam(m, MAGIC_PARAM_REGEX_MAX, &regex);
    magic_setparam(m, MAGIC_PARAM_BYTES_MAX, &bytes);
}

struct sniffer *sniffer_open(struct err *err)
{
    struct sniffer *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    s->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR);
    if (s->magic != NULL && magic_load(s->magic, NULL) == 0) {
        bound(s->magic);
        return s;
    }
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "libmagic cannot read its table of types");
    sniffer_close(&s);
    return NULL;
}

void sniffer_close(struct sniffer **s)
{
    if (*s == NULL)
        return;
    if ((*s)->magic != NULL)
        magic_close((*s)->magic);
    pthread_mutex_destroy(&(*s)->lock);
    free(*s);
    *s = NULL;
}

static void set_type(struct sniffed *ret, const char *type)
{
    size_t n = strnlen(type, sizeof ret->type - 1);
    memcpy(ret->type, type, n);
    ret->type[n] = '\0';
}

/* Names of one thing, as libmagic's versions have them. */
static const char *canonical(const char *type)
{
    static const char *const same[][2] = {
        {"application/csv", "text/csv"},       {"audio/x-m4a", "audio/mp4"},
        {"audio/x-wav", "audio/wav"},          {"video/x-m4v", "video/mp4"},
        {"image/heif", "image/heic"},          {"image/heic-sequence", "image/heic"},
        {"image/heif-sequence", "image/heic"}, {"application/json", "application/x-ndjson"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        if (strcmp(type, same[i][0]) == 0)
            return same[i][1];
    }
    return type;
}

static void ask_magic(struct sniffer *s, int fd, struct sniffed *ret)
{
    pthread_mutex_lock(&s->lock);
    const char *type = magic_descriptor(s->magic, fd); /* its next call overwrites the text */
    set_type(ret, type == NULL ? "application/octet-stream" : canonical(type));
    pthread_mutex_unlock(&s->lock);
}

static bool has_word(const char *head, size_t n, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= n; i++) {
        if (strncasecmp(head + i, word, len) == 0)
            return true;
    }
    return false;
}

bool sniff_is_active_text(const char *head, unsigned long n)
{
    static const char *const words[] = {"<html",   "<!doctype", "<script", "<svg",    "<iframe",
                                        "<?php",   "<body",     "<head",   "<object", "<embed",
                                        "<?xml-s", "<x:script", NULL};
    if (n >= 2 && head[0] == '#' && head[1] == '!')
        return true;
    for (const char *const *w = words; *w != NULL; w++) {
        if (has_word(head, n, *w))
            return true;
    }
    return false;
}

bool sniff(struct sniffer *s, int fd, int64_t size, struct sniffed *ret)
{
    char head[HEAD];
    *ret = (struct sniffed){.refusal = NULL};
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (n < 0)
        return false;
    if (sniff_zip(fd, size, ret) || sniff_ole(fd, size, ret))
        return true;
    ask_magic(s, fd, ret);
    bool text = strncmp(ret->type, "text/", 5) == 0;
    if (text && sniff_is_active_text(head, (size_t)n))
        set_type(ret, "text/html");
    return true;
}
