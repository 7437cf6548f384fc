/* common/tables/refuse.c - the two vocabularies of the room: what is wrong with a row or a cell,
 * and why a file is not read. */
#include <stdio.h>
#include <string.h>

#include "tables/source.h"

#include "core/banned.h"

static const struct {
    const char *code, *detail, *label;
} faults[] = {
#define X(code, detail, label) {#code, detail, label},
#include "tables/faults.def"
#undef X
};

static const struct {
    const char *code;
    enum err_code error;
    const char *detail;
} refusals[] = {
#define X(code, error, detail) {#code, ERR_##error, detail},
#include "tables/refusals.def"
#undef X
};

const char *fault_detail(const char *code)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(faults[i].code, code) == 0)
            return faults[i].detail;
    }
    return "";
}

const char *table_fault_label(const char *code)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(faults[i].code, code) == 0)
            return faults[i].label;
    }
    return code;
}

bool refuse(struct err *err, const char *code, unsigned row)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (strcmp(refusals[i].code, code) != 0)
            continue;
        if (row == 0)
            return err_set(err, refusals[i].error, code, "%s", refusals[i].detail);
        return err_set(err, refusals[i].error, code, "%s (row %u)", refusals[i].detail, row);
    }
    return err_set(err, ERR_INTERNAL, code, "The table cannot be read");
}
