/* common/tables/strings.h - inside the room: the shared texts of a workbook by number, in constant
 * memory, and text as XML of a workbook writes it. */
#ifndef ZEREN_TABLES_STRINGS_H
#define ZEREN_TABLES_STRINGS_H

#include "tables/spill.h"
#include "tables/xml.h"

struct strings {
    struct spill text, ends; /* ends: where each text ends, 8 bytes each */
};

/* Reads the part; a workbook without one has no shared texts. */
bool strings_load(struct strings *s, struct source *source, struct xml *x, const char *part,
                  struct err *err);

/* Adds text `number` to the open cell of `row`; false when there is none. */
bool strings_put(struct strings *s, uint64_t number, struct raw_row *row);

/* Undoes _xHHHH_ in place, which stands for a character that XML cannot hold. */
void strings_unescape(char *text, size_t *len);

#endif
