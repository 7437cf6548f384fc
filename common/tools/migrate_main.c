/* common/tools/migrate_main.c - the program `migrate`: brings a database up to date.
 *     migrate --db CONNINFO name=directory...
 * Exit status 0: up to date; 1: a file was refused, one line says which and why; 2: wrong usage;
 * 3: the database cannot be reached. Services never migrate; this runs before they start. */
#include <stdio.h>
#include <string.h>

#include "db/migrate.h"

#include "core/banned.h"

enum { EXIT_UP_TO_DATE, EXIT_REFUSED, EXIT_USAGE, EXIT_UNREACHABLE };

int main(int argc, char **argv)
{
    if (argc < 4 || strcmp(argv[1], "--db") != 0) {
        (void)fputs("usage: migrate --db CONNINFO name=directory...\n", stderr);
        return EXIT_USAGE;
    }
    struct err err = {.code = ERR_NONE};
    if (migrate_run(argv[2], (const char *const *)argv + 3, stdout, &err))
        return EXIT_UP_TO_DATE;
    (void)fprintf(stderr, "migrate: %s\n", *err.cause != '\0' ? err.cause : err.detail);
    if (err.code == ERR_MALFORMED)
        return EXIT_USAGE;
    return err.code == ERR_DB_DOWN ? EXIT_UNREACHABLE : EXIT_REFUSED;
}
