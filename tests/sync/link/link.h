/* tests/sync/link/link.h - a bad line between a client and a server: a proxy of HTTP/1.1 that
 * loses, repeats, delays, reorders and truncates, by a seed. One exchange at a time. Understands
 * framing by Content-Length alone; what the messages say it does not know. */
#ifndef ZEREN_SYNC_LINK_H
#define ZEREN_SYNC_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_fault {
    LINK_NONE,
    LINK_LOSE_REQUEST, /* it never arrives */
    LINK_CUT_REQUEST,  /* half of it arrives */
    LINK_LOSE_ANSWER,  /* the work is done, the answer is lost */
    LINK_CUT_ANSWER,   /* half of the answer arrives */
    LINK_REPEAT,       /* it arrives twice, the second answer comes back */
    LINK_LATE,         /* the client is told nothing; it arrives behind later ones */
    LINK_DELAY,        /* some milliseconds */
    LINK_FAULTS
};

struct link;

/* Called before a whole request is given to the server, with its head and body; and, with `answer`
 * (NULL: none came), behind it. On the link's thread, or on the caller's of link_deliver(). */
typedef void link_seen(void *context, const char *head, const char *body, const char *answer);

/* Listens on a free port of 127.0.0.1. NULL: it cannot. */
struct link *link_open(const char *host, int port, link_seen *seen, void *context);
int link_port(const struct link *l);

/* From now on, of a hundred exchanges that many go wrong, drawn by the seed. */
void link_plan(struct link *l, uint64_t seed, unsigned percent);

/* What still is on its way arrives now. */
void link_deliver(struct link *l);

/* How many of each fault so far: LINK_FAULTS numbers. */
const unsigned long *link_counts(const struct link *l);
void link_close(struct link *l);

/* xorshift64*: the same numbers everywhere. */
uint64_t link_random(uint64_t *state);

#endif
