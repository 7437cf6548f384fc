/* tests/unit/test_archive_lengths.c - M-160: what a table takes the contract takes, and the other
 * way round: texts and lists of every column are as long as the field of that name. */
#include <criterion/criterion.h>
#include <string.h>

#include "bulk.h"
#include "household_parts.h"
#include "monitoring.h"

static const struct field *field_of(const struct field *fields, const char *name)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0)
            return fields;
    }
    return NULL;
}

/* An id has its form, and a settlement is looked up by its name; neither is a text of a record. */
static bool is_measured(const struct batch_column *c)
{
    return (c->cell == BATCH_TEXT || c->cell == BATCH_KEY || c->cell == BATCH_WORDS) &&
           strcmp(c->name, "id") != 0 && strcmp(c->name, "settlement") != 0;
}

static size_t expect_equal(const struct batch_column *c, const struct field *fields)
{
    size_t n = 0;
    for (; c->name != NULL; c++) {
        if (!is_measured(c))
            continue;
        const struct field *own = field_of(fields, c->name);
        const struct field *f = own != NULL ? own : field_of(household_fields, c->name);
        cr_assert(f != NULL, "%s is no field", c->name);
        cr_expect_eq((int64_t)c->max, f->max, "%s: %u in a table", c->name, c->max);
        n++;
    }
    return n;
}

Test(archive_lengths, M_160_tables_and_the_contract_take_the_same)
{
    size_t n = 0;
    for (const struct batch_kind *k = monitoring_batches.imports; k->name != NULL; k++) {
        for (const struct batch_part *p = k->parts; p->name != NULL; p++)
            n += expect_equal(p->columns,
                              p->columns == member_columns ? member_fields : household_fields);
    }
    cr_expect_geq(n, 10);
}
