/* tests/sync/conformance/model.h - what M-4 and M-5 of proto/sync.md say of reports, by itself:
 * given the operations in the order in which they arrived, what each must come to, what the reports
 * must look like, and which conflicts must be open. Knows the two members that the histories
 * change. */
#ifndef ZEREN_SYNC_MODEL_H
#define ZEREN_SYNC_MODEL_H

#include <stdbool.h>

#include <jansson.h>

enum { MODEL_REPORTS = 4, MODEL_OPERATIONS = 96, MODEL_MEMBERS = 2, MODEL_WORD = 12 };

enum model_end { END_NONE, END_DONE, END_MERGED, END_UNCHANGED, END_CONFLICT, END_REFUSED };

struct model_report {
    char id[37];
    bool there, submitted;
    int version;                            /* writes so far */
    char member[MODEL_MEMBERS][MODEL_WORD]; /* value, note */
};

struct model_operation {
    char op_id[37];
    enum model_end end;
    int report;
    bool open;                  /* its conflict */
    bool fields[MODEL_MEMBERS]; /* in conflict */
    char mine[MODEL_MEMBERS][MODEL_WORD], theirs[MODEL_MEMBERS][MODEL_WORD];
    int theirs_version, version;
};

struct model {
    struct model_report reports[MODEL_REPORTS];
    struct model_operation operations[MODEL_OPERATIONS];
    int n_reports, n_operations;
};

extern const char *const model_members[MODEL_MEMBERS];

/* A report that devices will make. */
int model_add(struct model *m, const char *id);
struct model_report *model_find(struct model *m, const char *id);

/* An operation arrives from a device that may report, or decide. The same one again changes
 * nothing. */
void model_arrives(struct model *m, const json_t *operation, bool may_report, bool may_decide);
struct model_operation *model_operation(struct model *m, const char *op_id);

/* Somebody chose for a conflict as he saw it at that version. */
void model_settle(struct model *m, struct model_operation *o, int version, bool mine);

#endif
