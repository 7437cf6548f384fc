/* services/registry/table_load.h - a CSV of records as one call: read by a column table, held
 * against what is there by one statement, written whole by another. What rows mean is said there.
 */
#ifndef ZEREN_REGISTRY_TABLE_LOAD_H
#define ZEREN_REGISTRY_TABLE_LOAD_H

#include "http/request.h"

struct table_load {
    const struct field *columns; /* "owner_division" among them, but in one of the country's */
    size_t max_rows;
    /* :rows, a JSON array of {n, <column>…}; returns (n, column, code, detail) for each fault and,
     * with n NULL, (NULL, NULL, how many rows would change something, NULL). */
    const struct stmt *check;
    /* A :write of :rows, with an `id` each in place of n, and :n_rows. Answers id, rows, inserted,
     * updated, unchanged, version. */
    const struct stmt *write;
};

extern const struct field loaded_fields[]; /* of its answer */

bool table_load(struct request *rq, const struct table_load *t);

#endif
