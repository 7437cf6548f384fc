/* common/feed/consumer.c - see consumer.h. */
#include "feed/consumer.h"

#include <string.h>

#include "sql_feed.h"

#include "core/banned.h"

enum { USUAL_BATCH = 1000 };

/* One batch inside the transaction: its place is held, its work done, its place moved. */
static bool consume(struct work_step *s, const struct consumer *c, bool *ret_any)
{
    struct rows *place = NULL, *ahead = NULL;
    int batch = c->batch > 0 ? c->batch : USUAL_BATCH;
    struct work_value values[] = {
        {"consumer", c->name}, {"kinds", c->kinds}, {"batch", arena_printf(s->arena, "%d", batch)},
        {"after", NULL},       {"upto", NULL},      {0}};
    if (!work_query(s, &SQL_feed_take_place, values, &place) || rows_count(place) != 1)
        return false;
    values[3].text = rows_text(place, 0, 0);
    if (!work_query(s, &SQL_feed_look_ahead, values, &ahead) || rows_count(ahead) != 1)
        return false;
    values[4].text = rows_text(ahead, 0, 0);
    *ret_any = values[4].text != NULL;
    if (!*ret_any)
        return true;
    if (strcmp(rows_text(ahead, 0, 1), "0") != 0 && !work_query(s, c->apply, values, NULL))
        return false;
    return work_query(s, &SQL_feed_move_place, values, NULL);
}

enum work_result feed_consume(struct work_step *s)
{
    bool any = false;
    const struct consumer *c = s->task->arg;
    struct rows *behind = NULL;
    if (!work_query(s, &SQL_feed_is_behind, (const struct work_value[]){{"consumer", c->name}, {0}},
                    &behind))
        return WORK_FAILED;
    if (rows_count(behind) == 0)
        return WORK_NONE;
    if (!tx_begin(&s->tx, NULL, &s->err) || !consume(s, c, &any) || !tx_commit(&s->tx, &s->err))
        return WORK_FAILED;
    work_count(s, any ? 1 : 0);
    return any ? WORK_SOME : WORK_NONE;
}
