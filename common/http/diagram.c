/* common/http/diagram.c - state tables as mermaid diagrams and tables of steps. A state that no
 * step leads to is where a record begins, one that no step leaves is where it ends. */
#include "http/diagram.h"

#include <stdbool.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

enum { DIAGRAM_MAX = 64 * 1024 };

static bool leads_to(const struct transition *fsm, const char *state)
{
    for (const struct transition *t = fsm; t->verb != NULL; t++) {
        if (str_equal(t->to, state))
            return true;
    }
    return false;
}

static bool leaves(const struct transition *fsm, const char *state)
{
    for (const struct transition *t = fsm; t->verb != NULL; t++) {
        if (str_equal(t->from, state))
            return true;
    }
    return false;
}

/* Is this row the first that names the state as where it comes from, or goes to? */
static bool first_from(const struct transition *fsm, const struct transition *row)
{
    while (fsm < row && !str_equal(fsm->from, row->from))
        fsm++;
    return fsm == row;
}

static bool first_to(const struct transition *fsm, const struct transition *row)
{
    while (fsm < row && !str_equal(fsm->to, row->to))
        fsm++;
    return fsm == row;
}

static void draw(struct buf *b, const struct transition *fsm)
{
    buf_str(b, "```mermaid\nstateDiagram-v2\n");
    for (const struct transition *t = fsm; t->verb != NULL; t++) {
        if (first_from(fsm, t) && !leads_to(fsm, t->from))
            buf_printf(b, "    [*] --> %s\n", t->from);
    }
    for (const struct transition *t = fsm; t->verb != NULL; t++)
        buf_printf(b, "    %s --> %s: %s\n", t->from, t->to, t->verb);
    for (const struct transition *t = fsm; t->verb != NULL; t++) {
        if (first_to(fsm, t) && !leaves(fsm, t->to))
            buf_printf(b, "    %s --> [*]\n", t->to);
    }
    buf_str(b, "```\n");
}

static void tabulate(struct buf *b, const struct transition *fsm)
{
    buf_str(b, "\n| from | step | to | permission | rule |\n|---|---|---|---|---|\n");
    for (const struct transition *t = fsm; t->verb != NULL; t++)
        buf_printf(b, "| %s | %s | %s | %s | %s |\n", t->from, t->verb, t->to,
                   permission_code(t->permission), t->rule != NULL ? t->rule : "");
}

/* Has an earlier route the same state table? */
static bool drawn(const struct service *s, const struct route *route)
{
    for (const struct route *const *t = s->resources; *t != NULL; t++) {
        for (const struct route *r = *t; r->path != NULL; r++) {
            if (r == route)
                return false;
            if (r->fsm == route->fsm)
                return true;
        }
    }
    return false;
}

static void resource(struct buf *b, const struct route *r)
{
    size_t len = strcspn(r->path + 1, "/:");
    if (b->len > 0)
        buf_char(b, '\n');
    buf_printf(b, "### %.*s\n\n", (int)len, r->path + 1);
    draw(b, r->fsm);
    tabulate(b, r->fsm);
}

const char *diagram_render(struct arena *a, const struct service *s)
{
    struct buf b;
    buf_init(&b, a, DIAGRAM_MAX);
    for (const struct route *const *t = s->resources; *t != NULL; t++) {
        for (const struct route *r = *t; r->path != NULL; r++) {
            if (r->fsm != NULL && !drawn(s, r))
                resource(&b, r);
        }
    }
    return buf_text(&b);
}
