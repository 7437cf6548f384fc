/* common/audit/heads.h - what is kept outside the database, in the directory ZEREN_ANCHOR_DIR: of
 * each service the chain's newest end (<service>.head, replaced with every seal) and the log of its
 * anchors (<service>.anchors, a line a day, never rewritten). Both are lines of text under the seal
 * key. Knows no database. */
#ifndef ZEREN_AUDIT_HEADS_H
#define ZEREN_AUDIT_HEADS_H

#include "audit/chain.h"
#include "core/arena.h"
#include "core/date.h"

/* The end of a chain. seq 0: nothing is sealed yet; mac all zero. sealed_at "": there is no file.
 */
struct audit_head {
    int64_t seq;
    uint8_t mac[AUDIT_DIGEST];
    char sealed_at[32];
    int64_t anchors; /* lines of the anchor log when this was written */
};

enum anchor_kind {
    ANCHOR_DAY,      /* the end of the chain on a day */
    ANCHOR_DROPPED,  /* rows recorded before `note` were dropped after their time */
    ANCHOR_RESTORED, /* the chain was found shorter and taken on: `note` says why */
    ANCHOR_KINDS
};

struct anchor {
    struct date day; /* Asia/Shanghai */
    enum anchor_kind kind;
    int64_t seq;
    uint8_t mac[AUDIT_DIGEST]; /* the seal's */
    const char *note;          /* "" with ANCHOR_DAY; no control characters */
};

enum { ANCHOR_NOTE_MAX = 500 };

/* What was read of one directory. */
struct anchors {
    struct anchor *all;
    size_t n;
    uint8_t last[AUDIT_DIGEST]; /* mac of the last line: the next one's predecessor */
};

/* Where heads and anchors are, and under which keys. */
struct heads {
    const char *dir;
    struct keyring *ring;
};

/* Why a file of heads cannot be believed: the reason is in err->detail (ERR_INVALID), in words and
 * without a path. ERR_INTERNAL: it cannot be read at all. No file: seq 0. */
bool heads_read(const struct heads *h, const char *service, struct arena *a, struct audit_head *ret,
                struct err *err);

/* The same from the text of a line, as an export carries it. */
bool heads_parse(struct keyring *ring, const char *service, const char *line,
                 struct audit_head *ret, struct err *err);

/* The line of a head, without a line feed; NULL with err. */
const char *heads_line(struct keyring *ring, const char *service, const struct audit_head *head,
                       struct arena *a, struct err *err);

/* Replaces the file in one step that outlasts a loss of power: written, synced, renamed, synced. */
bool heads_write(const struct heads *h, const char *service, const struct audit_head *head,
                 struct arena *a, struct err *err);

/* The anchor log, checked line by line; ERR_INVALID with "line N …" when it was changed. */
bool anchors_read(const struct heads *h, const char *service, struct arena *a, struct anchors *ret,
                  struct err *err);

/* The same from text that lives as long as `a`. */
bool anchors_parse(struct keyring *ring, const char *service, const char *text, struct arena *a,
                   struct anchors *ret, struct err *err);

/* The log as it stands in its file, "" when there is none; NULL with err. */
const char *anchors_text(const struct heads *h, const char *service, struct arena *a,
                         struct err *err);

/* Appends a line and syncs it; `list` grows by it. */
bool anchors_append(const struct heads *h, const char *service, const struct anchor *next,
                    struct arena *a, struct anchors *list, struct err *err);

/* Takes the directory for this process alone, until it ends. False when another has it. */
bool heads_lock(const struct heads *h, struct err *err);

#endif
