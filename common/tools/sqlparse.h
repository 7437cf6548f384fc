/* common/tools/sqlparse.h - reads a file of named SQL statements (db/stmt.h says how one is
 * written). Knows strings, quoted names, comments, dollar quotes and casts; does not know SQL
 * beyond that, and opens no file. */
#ifndef ZEREN_TOOLS_SQLPARSE_H
#define ZEREN_TOOLS_SQLPARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "db/stmt.h"

struct sqlparse_list {
    struct stmt **items; /* in order of the file; index not set */
    size_t n;
};

/* Parses `len` bytes, NUL-terminated. Comments are left out of the texts, parameters become $1….
 * Fails with ERR_INVALID, a detail for the author and the field "line N". */
bool sqlparse(struct arena *a, const char *bytes, size_t len, struct sqlparse_list *ret,
              struct err *err);

#endif
