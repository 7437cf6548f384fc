/* common/db/stmt_form.h - one form of a statement, for the sets of stmt_set.c alone. */
#ifndef ZEREN_DB_STMT_FORM_H
#define ZEREN_DB_STMT_FORM_H

#include "db/stmt.h"

/* The form of a statement: of a page in that order, or its digest (NULL). `nth` counts the forms of
 * a page. NULL when it gets too long, or out of memory. */
const struct stmt_form *stmt_compose(struct arena *a, const struct stmt *st,
                                     const struct stmt_order *o, unsigned nth);

#endif
