/* common/db/migrate.h - forward-only numbered SQL files, checksummed, under one advisory lock. */
#ifndef ZEREN_DB_MIGRATE_H
#define ZEREN_DB_MIGRATE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/err.h"

/* Applies, in the order of `dirs` ("zeren=common/db/migrations",
 * "registry=services/registry/migrations", …), every file NNNN_verb_object.sql not yet recorded in
 * zeren.schema_migration: each in one transaction as SET ROLE <name>_owner with search_path <name>.
 * Waits for the lock; started five times at once each file runs once. Refuses, changing nothing: an
 * applied file whose SHA-256 differs, a gap or a duplicate in the numbers, a file missing that was
 * applied. Reports each applied file on `out`. */
bool migrate_run(const char *conninfo, const char *const *dirs, FILE *out, struct err *err);

#endif
