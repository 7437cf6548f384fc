/* tests/sync/link/zeren_link.c - the bad line as a program: prints its port, runs until it is
 * ended, and then says how often what went wrong. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "link.h"

int main(int argc, char **argv)
{
    static const char *const names[] = {"none",       "lose_request", "cut_request", "lose_answer",
                                        "cut_answer", "repeat",       "late",        "delay"};
    sigset_t ends;
    int which;
    if (argc != 5) {
        fputs("usage: zeren-link ADDRESS PORT SEED PERCENT\n", stderr);
        return 2;
    }
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    struct link *l = link_open(argv[1], atoi(argv[2]), NULL, NULL);
    if (l == NULL)
        return 1;
    link_plan(l, strtoull(argv[3], NULL, 10), (unsigned)atoi(argv[4]));
    printf("%d\n", link_port(l));
    fflush(stdout);
    sigwait(&ends, &which);
    link_deliver(l);
    for (int i = 0; i < LINK_FAULTS; i++)
        printf("%s %lu\n", names[i], link_counts(l)[i]);
    link_close(l);
    return 0;
}
