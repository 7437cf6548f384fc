/* common/tables/workbook.h - inside the room: what a workbook says beside its rows: where its parts
 * are, formats of cells, merged cells. */
#ifndef ZEREN_TABLES_WORKBOOK_H
#define ZEREN_TABLES_WORKBOOK_H

#include "tables/number.h"
#include "tables/xml.h"

struct workbook {
    bool from_1904;
    const char *sheet;                                   /* its name */
    const char *sheet_part, *strings_part, *styles_part; /* the latter two may be NULL */
    const unsigned char *styles; /* [n_styles]: enum number_class of a cell's style */
    size_t n_styles;
};

/* Reads what is needed for the wanted sheet, and its merged cells into s->merges. */
bool workbook_read(struct workbook *w, struct source *s, struct xml *x, struct err *err);

/* The cells "B2:D5" or "B2" names; false when it names none. */
bool workbook_range(const char *ref, struct merge *ret);

#endif
