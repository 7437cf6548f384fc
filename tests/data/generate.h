/* tests/data/generate.h - rows of the two tables, words, and where rows go. */
#ifndef ZEREN_TESTS_DATA_GENERATE_H
#define ZEREN_TESTS_DATA_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns by name, from the import's own lists: H_address, M_name, ... */
#define X(name, ...) H_##name,
enum household_column {
#include "../../services/monitoring/bulk_household.def"
    HOUSEHOLD_COLUMNS
};
#undef X
#define X(name, ...) M_##name,
enum member_column {
#include "../../services/monitoring/bulk_member.def"
    MEMBER_COLUMNS
};
#undef X

enum { FAMILY = 8, COLUMNS = 48, CELL = 96 };
_Static_assert((int)MEMBER_COLUMNS <= (int)COLUMNS, "COLUMNS is too small");

struct row {
    char cells[COLUMNS][CELL];
};

struct family {
    struct row household, members[FAMILY];
    int n;
};

/* Where a fault is told: in the table of the household (member -1) or in that of members; column
 * -1: of the row as a whole. `code` is what the import says of it. */
struct fault {
    int member, column;
    const char *kind, *code;
};

/* Gives a family the n-th known fault, in turn; false, and nothing is changed: it cannot have that
 * one. */
bool spoil(struct family *f, int64_t n, struct fault *ret);

/* Of an ID number whose first seventeen digits stand there. */
void put_check_character(char number[static 19]);

void row_clear(struct row *r);
void put(struct row *r, int column, const char *format, ...) __attribute__((format(printf, 3, 4)));

extern const char *const words_surname[], *const words_given_male[], *const words_given_female[],
                                                                         *const words_group[];
extern const size_t n_words_surname, n_words_given_male, n_words_given_female, n_words_group;

/* households.csv, members.csv, faults.csv and mends.csv (which cells make it good again) in a
 * directory that is there; with xlsx also archive.xlsx with the first two as sheets. NULL with
 * errno. */
struct tables;
struct tables *tables_open(const char *dir, bool xlsx);
/* `clean`: what the family was before the fault; NULL: it has none. */
void tables_put(struct tables *t, const struct family *f, const struct family *clean,
                const struct fault *fault);
bool tables_close(struct tables *t);

/* incomes.csv, three_guarantees.csv, living_conditions.csv and block_faults.csv in a directory that
 * is there: blocks of one year. NULL with errno. */
struct blocks_wanted {
    uint64_t seed;
    int year, dirty;      /* faulty ones of a thousand rows of income */
    const char *last_day; /* of the window of income, YYYYMMDD */
};
struct blocks;
struct blocks *blocks_open(const char *dir, const struct blocks_wanted *w);
/* Of the n-th household of the archive, as it is without faults. */
void blocks_put(struct blocks *b, const struct family *f, int64_t n);
bool blocks_close(struct blocks *b);

#endif
