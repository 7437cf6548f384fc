/* tests/sync/conformance/history.h - one history of two devices: a list of steps, what carries it
 * out over bad lines, and what must hold in the end. */
#ifndef ZEREN_SYNC_HISTORY_H
#define ZEREN_SYNC_HISTORY_H

#include <stdio.h>

#include "device.h"
#include "link.h"
#include "model.h"

enum { STEPS_MAX = 24, WHY = 400, SETTLES_MAX = 32 };

enum act { ACT_SUBMIT, ACT_CHANGE, ACT_DECIDE, ACT_PUSH, ACT_PULL, ACT_SETTLE, ACTS };

struct step {
    int device;
    enum act act;
    unsigned report, value, note; /* which; which words, 0: that member not */
};

struct side; /* one device, its line, and what it may do */

struct world {
    struct side *sides[2];
    struct model model;
    uint64_t seed;
    char why[WHY];
    FILE *ledger; /* or NULL: "<report> <version>" of each one that was made */
    struct settle {
        char conflict[37], key[37];
        struct model_operation *of;
        bool done;
    } settles[SETTLES_MAX];
    int n_settles;
};

struct side_setup {
    const char *host, *path; /* of the service, and its /api/v1/… */
    int port;
    const char *token_command;
    bool may_report, may_decide;
};

bool side_open(struct world *w, int n, const struct side_setup *s);
void side_close(struct world *w, int n);
const unsigned long *side_faults(const struct world *w, int n);

/* The steps that a seed stands for; how many. */
int history_draw(uint64_t seed, struct step *steps);

/* Carries them out; false: w->why. */
bool history_run(struct world *w, uint64_t seed, const struct step *steps, int n);

/* Leaves steps out as long as it fails; how many are left. */
int history_shrink(struct world *w, uint64_t seed, struct step *steps, int n);
void history_print(const struct step *steps, int n);

#endif
