/* common/files/sniff.h - what a file is by its content: libmagic, and a look inside what libmagic
 * tells apart by its first entries only. What may be kept is rows of zeren.file_type. */
#ifndef ZEREN_FILES_SNIFF_H
#define ZEREN_FILES_SNIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

#define MEDIA_TYPE_MAX 100

struct sniffed {
    char type[MEDIA_TYPE_MAX]; /* "image/jpeg" */
    const char *refusal;       /* "macros", "archive_content", "encrypted", "damaged"; NULL: none */
};

struct sniffer;

struct sniffer *sniffer_open(struct err *err);
void sniffer_close(struct sniffer **s);

/* Thread-safe. False when the file cannot be read. */
bool sniff(struct sniffer *s, int fd, int64_t size, struct sniffed *ret);

/* The parts of it, for their tests: each fills `ret` when the file is of its kind. */
bool sniff_zip(int fd, int64_t size, struct sniffed *ret);
bool sniff_ole(int fd, int64_t size, struct sniffed *ret);
bool sniff_is_active_text(const char *head, unsigned long n);

#endif
