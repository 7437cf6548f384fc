/* common/feed/look.c - see look.h. */
#include "feed/look.h"

#include "core/banned.h"

enum { SECOND_US = 1000000, SHARE = 50 /* not more than this part of the time, if it may be so */ };

int64_t look_begin(struct look *l, int64_t now)
{
    if (!l->through && now >= l->all_at) {
        l->floor = l->next_floor; /* two rounds back: few transactions are longer than one */
        l->next_floor = l->newest;
        l->through = true;
    }
    return l->through ? 0 : l->floor;
}

void look_end(struct look *l, int64_t began, int64_t now, int64_t last_id, bool full)
{
    if (last_id > l->newest)
        l->newest = last_id;
    if (!l->through || full)
        return;
    int64_t pause = SHARE * (now - began), most = (int64_t)LOOK_SECONDS_MOST * SECOND_US;
    if (pause < (int64_t)LOOK_SECONDS * SECOND_US)
        pause = (int64_t)LOOK_SECONDS * SECOND_US;
    l->all_at = now + (pause < most ? pause : most);
    l->through = false;
}
