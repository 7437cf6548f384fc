/* common/tables/text.h - inside the room: lines of a text file as UTF-8. Bytes that are not in the
 * charset become U+FFFD, which is then the fault of the cell they stand in. */
#ifndef ZEREN_TABLES_TEXT_H
#define ZEREN_TABLES_TEXT_H

#include "tables/source.h"

struct text;

/* A reader of the source's file from its start; its end comes with the arena's. */
struct text *text_open(struct source *s, struct err *err);
void text_rewind(struct text *t);

enum text_got { TEXT_LINE, TEXT_END, TEXT_TOO_LONG, TEXT_UNREADABLE };

/* The next line with its end (LF, CR LF or CR; the last may have none), until the next call. */
enum text_got text_line(struct text *t, const char **ret, size_t *ret_len);

#endif
