/* services/monitoring/facts_json.h - values out of JSON that PostgreSQL wrote, by a table of
 * members. What is no such value is as if nothing were said. Pure. */
#ifndef ZEREN_FACTS_JSON_H
#define ZEREN_FACTS_JSON_H

#include "household_facts.h"

enum fact_kind {
    FACT_TEXT,  /* const char * */
    FACT_WORDS, /* struct words: an array of strings */
    FACT_ANSWER,
    FACT_COUNT,
    FACT_AMOUNT, /* a number or a string that is one */
    FACT_DATE,
    FACT_SEALED, /* struct personal: ciphertext of `column` under the record's "id" */
};

struct fact {
    const char *name;
    enum fact_kind kind;
    size_t offset;
    const char *column;
};

struct fact_reader {
    struct arena *arena;
    const struct fact_opener *opener;
    bool failed; /* memory ran out */
};

/* Fills `into` by the members of the object at `json`; `table` ends with {0}. */
void facts_read(struct fact_reader *r, const char *json, const struct fact *table, void *into);

/* How many elements the array at `json` has; 0 when it is none. */
size_t facts_length(const char *json);

/* The next element of the array that `*at` stands in ("[" at first); NULL at its end. */
const char *facts_next(const char **at);

/* The value of a member of an object (not ended by a NUL), or NULL; and how long it is. */
const char *facts_member(const char *json, const char *name, size_t *ret_len);

/* The text of a JSON value: a string without its escapes, anything else as it stands; NULL for
 * null, or when memory ran out. */
const char *facts_text(struct fact_reader *r, const char *value, size_t len);

/* Words between commas. */
struct words facts_split(struct fact_reader *r, const char *text);

#endif
