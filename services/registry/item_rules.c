/* services/registry/item_rules.c - what makes an item whole. Pure: no database, no HTTP, no clock.
 */
#include <string.h>

#include "registry.h"

static size_t add(struct fault *out, size_t n, const char *field, const char *code,
                  const char *detail)
{
    if (n < ITEM_FAULTS_MAX) {
        out[n++] = (struct fault){field, code, detail};
    }
    return n;
}

/* progress by value needs a target and its unit of measure, and no milestones. */
static size_t value_faults(const struct item_draft *d, struct fault *out, size_t n)
{
    if (!d->has_target) {
        n = add(out, n, "target", "required", "an item measured by value needs a target");
    }
    if (!d->unit_of_measure) {
        n = add(out, n, "unit_of_measure", "required", "a target needs its unit of measure");
    }
    if (d->n_milestones) {
        n = add(out, n, "milestones", "not_taken", "an item measured by value has no milestones");
    }
    return n;
}

/* progress by milestones needs at least one, each due inside the item's period, and no
 * target. */
static size_t milestone_faults(const struct item_draft *d, struct fault *out, size_t n)
{
    if (!d->n_milestones) {
        n = add(out, n, "milestones", "required", "an item measured by milestones needs one");
    }
    if (d->has_target || d->unit_of_measure) {
        n = add(out, n, "target", "not_taken", "an item measured by milestones has no target");
    }
    for (size_t i = 0; i < d->n_milestones; i++) {
        struct date due = d->milestones[i].due_on;
        if (date_compare(due, d->starts_on) < 0 || date_compare(due, d->due_on) > 0) {
            return add(out, n, "milestones", "outside_period",
                       "a milestone is due outside the item's period");
        }
    }
    return n;
}

size_t item_faults(const struct item_draft *d, struct fault out[static ITEM_FAULTS_MAX])
{
    size_t n = 0;
    if (date_compare(d->due_on, d->starts_on) < 0) { /* */
        n = add(out, n, "due_on", "before_start", "the deadline is before the start");
    }
    return strcmp(d->measure, "value") ? milestone_faults(d, out, n) : value_faults(d, out, n);
}
