/* services/monitoring/persons.h - a living person belongs to one household, province-wide (M-130 to
 * M-137): what handlers that write members do about it. The functions that their statements call:
 * head of migrations/0006_persons.sql. */
#ifndef ZEREN_MONITORING_PERSONS_H
#define ZEREN_MONITORING_PERSONS_H

#include <stdbool.h>

#include "http/request.h"

/* Whose entry was refused. */
struct person_entered {
    const char *household; /* the household's id, or NULL: it is not there yet */
    const char *division;  /* the household's, where `household` is NULL */
    const char *hashes;    /* of the ID number (sealed_hashes()); NULL: of the route's id_number */
};

/* Binds :may_locate: does the caller hold person.locate, is it no rehearsal (which would be a way
 * to ask without a trace), and is a question left in this hour? That one is set aside in a
 * transaction of its own, so that entries at once share what is left (M-133): call it before
 * db_begin(), where `numbered`: the body gives an ID number. For a statement with enter_person() or
 * correct_person().
 */
bool person_bind(struct request *rq, bool numbered);

/* Behind the write that went through: it told nothing, and its question is free again. */
bool person_untold(struct request *rq);

/* What a handler ends with, whatever failed behind person_bind(): where the person is registered
 * elsewhere (registered_elsewhere), that this caller was told so is kept and counted, and the
 * answer names a claim to ask for a transfer by; whatever else was said told nothing of that, and
 * the question is free again (M-133). Always false. */
bool person_refused(struct request *rq, const struct person_entered *p);

/* M-139: what tells who is confirmed is for holders of person.locate; 403 for anybody else. */
bool person_told(struct request *rq);

#endif
