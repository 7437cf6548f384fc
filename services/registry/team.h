/* services/registry/team.h - what the files of work teams, leave, groups and meetings share. */
#ifndef ZEREN_REGISTRY_TEAM_H
#define ZEREN_REGISTRY_TEAM_H

#include "registry.h"

extern const struct field ending_fields[]; /* of a verb that ends something on a day */

/* clang-format off */
/* The steps of a record (registry.steps_shown()), whose verbs are those. */
#define STEP_FIELDS(name, verbs)                                                                              \
    static const struct field name[] = {                                                                      \
        F_ENUM("verb", SHOWN, verbs, "What was done."),                                                       \
        F_INSTANT("at", SHOWN, "When."),                                                                      \
        F_UUID("post_id", SHOWN, "By which post."),                                                           \
        F_TEXT("note", SHOWN | NULLABLE, 0, 1000, "What was said to it.", "组织安排"),                        \
        F_DATE("due_on", SHOWN | NULLABLE, "No step sets a deadline here: null.", "2026-06-25"),              \
        FIELDS_END                                                                                            \
    }
/* clang-format on */

#endif
