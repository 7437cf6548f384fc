/* services/monitoring/block.c - what the yearly blocks of a household share: reading one as it was,
 * entering one, correcting one. Rules M-060 to M-062. Knows no field of any block. */
#include "block.h"

#include "findings.h"
#include "sql_monitoring.h"

const char *const block_stages[] = {"yearly", "identification", "elimination", NULL};

bool block_one(struct request *rq, const struct stmt *as_of)
{
    struct rows *rows = NULL;
    if (arg_text(rq, "as_of") == NULL)
        return read_one(rq);
    if (!db_rows(rq, as_of, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "It was not recorded yet on that day.");
    return reply_json(rq, 200, rows_text(rows, 0, 0));
}

static bool bind_fields(struct request *rq, const char *record)
{
    static const struct archive_value nothing[] = {{0}};
    return archive_fields(rq, record, nothing);
}

/* The household is held first, as by every step; the statement says so when it is not there. */
bool block_create(struct request *rq)
{
    struct rows *rows = NULL;
    const char *household = arg_text(rq, "household_id");
    return db_begin(rq) && arg_bind(rq, "held_id", household) && arg_bind(rq, "other_id", NULL) &&
           db_rows(rq, &SQL_household_hold, &rows) && bind_fields(rq, rq->new_id) &&
           db_write(rq, rq->route->sql, 201) && findings_after(rq, household);
}

bool block_correct(struct request *rq, const struct stmt *hold)
{
    struct rows *rows = NULL;
    if (!db_begin(rq) || !db_rows(rq, hold, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    return bind_fields(rq, arg_text(rq, "id")) && db_write(rq, rq->route->sql, 200) &&
           findings_after(rq, rows_text(rows, 0, 0));
}
