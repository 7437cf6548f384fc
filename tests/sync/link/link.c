/* tests/sync/link/link.c - the bad line: a thread that takes one exchange at a time. */
#include "link.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HELD_MAX = 4, MESSAGE_MAX = 64 * 1024 * 1024 };

struct message {
    char *bytes; /* NUL behind it */
    size_t len, head;
};

struct link {
    struct sockaddr_in server;
    int listener, port;
    link_seen *seen;
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; /* of one exchange */
    uint64_t state;
    unsigned percent;
    struct message held[HELD_MAX];
    unsigned n_held;
    unsigned long counts[LINK_FAULTS];
};

uint64_t link_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static unsigned draw(struct link *l, unsigned n)
{
    return (unsigned)((link_random(&l->state) >> 33) % n);
}

static bool read_more(int fd, struct message *m)
{
    char block[16384];
    ssize_t n = recv(fd, block, sizeof block, 0);
    if (n <= 0 || m->len + (size_t)n > MESSAGE_MAX)
        return false;
    char *grown = realloc(m->bytes, m->len + (size_t)n + 1);
    if (grown == NULL)
        return false;
    m->bytes = grown;
    memcpy(m->bytes + m->len, block, (size_t)n);
    m->len += (size_t)n;
    m->bytes[m->len] = '\0';
    return true;
}

static size_t promised(const struct message *m)
{
    static const char name[] = "\r\nContent-Length:";
    const char *at = strcasestr(m->bytes, name);
    return at == NULL || at > m->bytes + m->head ? 0 : strtoul(at + sizeof name - 1, NULL, 10);
}

/* A message as its head says how long it is; `to_end`: as far as it goes when it does not say. */
static bool read_message(int fd, struct message *m, bool to_end)
{
    *m = (struct message){NULL, 0, 0};
    while (m->head == 0) {
        if (!read_more(fd, m))
            return false;
        const char *end = strstr(m->bytes, "\r\n\r\n");
        m->head = end == NULL ? 0 : (size_t)(end - m->bytes) + 4;
    }
    bool told = strcasestr(m->bytes, "\r\nContent-Length:") != NULL;
    while (told && m->len < m->head + promised(m)) {
        if (!read_more(fd, m))
            return false;
    }
    while (to_end && !told && read_more(fd, m))
        continue;
    return true;
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* One connection an exchange: the server hears that it may close. */
static bool send_request(int fd, const struct message *m, size_t len)
{
    static const char close_it[] = "Connection: close\r\n";
    const char *line = strstr(m->bytes, "\r\n") + 2;
    size_t first = (size_t)(line - m->bytes);
    if (len < first)
        return send_all(fd, m->bytes, len);
    return send_all(fd, m->bytes, first) && send_all(fd, close_it, sizeof close_it - 1) &&
           send_all(fd, line, len - first);
}

static int call_server(struct link *l)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const struct timeval patience = {.tv_sec = 60};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&l->server, sizeof l->server) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The request is done, whoever waits for it. */
static bool deliver(struct link *l, const struct message *m, struct message *answer)
{
    char *head = strndup(m->bytes, m->head);
    const char *body = m->bytes + m->head;
    *answer = (struct message){NULL, 0, 0};
    if (l->seen != NULL)
        l->seen(l->context, head, body, NULL);
    int fd = call_server(l);
    bool came = fd >= 0 && send_request(fd, m, m->len) && read_message(fd, answer, true);
    if (fd >= 0)
        close(fd);
    if (l->seen != NULL && came)
        l->seen(l->context, head, body, answer->bytes);
    free(head);
    return came;
}

static void deliver_held(struct link *l, unsigned n)
{
    struct message answer;
    (void)deliver(l, &l->held[n], &answer);
    free(answer.bytes);
    free(l->held[n].bytes);
    l->held[n] = l->held[--l->n_held];
}

static enum link_fault fault_of(struct link *l)
{
    if (draw(l, 100) >= l->percent)
        return LINK_NONE;
    return (enum link_fault)(1 + draw(l, LINK_FAULTS - 1));
}

static bool go_wrong(struct link *l, enum link_fault fault, struct message *m)
{
    if (fault == LINK_LATE && l->n_held < HELD_MAX) {
        l->held[l->n_held++] = *m;
        m->bytes = NULL;
        return true;
    }
    if (fault != LINK_CUT_REQUEST)
        return fault == LINK_LOSE_REQUEST || fault == LINK_LATE;
    int fd = call_server(l);
    if (fd >= 0) {
        (void)send_request(fd, m, m->len / 2);
        close(fd);
    }
    return true;
}

static void answer_client(struct link *l, int client, enum link_fault fault, struct message *m)
{
    struct message answer;
    if (fault == LINK_DELAY)
        usleep(1000 * (1 + draw(l, 20)));
    bool came = deliver(l, m, &answer);
    if (fault == LINK_REPEAT) {
        free(answer.bytes);
        came = deliver(l, m, &answer);
    }
    if (l->n_held > 0 &&
        draw(l, 3) == 0) /* the client waits: what arrived in which order is known */
        deliver_held(l, draw(l, l->n_held));
    if (came && fault == LINK_CUT_ANSWER)
        (void)send_all(client, answer.bytes, answer.len / 2);
    else if (came && fault != LINK_LOSE_ANSWER)
        (void)send_all(client, answer.bytes, answer.len);
    free(answer.bytes);
}

static void exchange(struct link *l, int client)
{
    struct message m;
    if (read_message(client, &m, false)) {
        enum link_fault fault = fault_of(l);
        l->counts[fault]++;
        if (!go_wrong(l, fault, &m))
            answer_client(l, client, fault, &m);
    }
    free(m.bytes);
}

static void *serve(void *link)
{
    struct link *l = link;
    for (;;) {
        int client = accept(l->listener, NULL, NULL);
        if (client < 0)
            return NULL;
        pthread_mutex_lock(&l->lock);
        exchange(l, client);
        pthread_mutex_unlock(&l->lock);
        close(client);
    }
}

static bool listen_somewhere(struct link *l)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t len = sizeof here;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    l->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(l->listener, (struct sockaddr *)&here, len) != 0 || listen(l->listener, 16) != 0 ||
        getsockname(l->listener, (struct sockaddr *)&here, &len) != 0)
        return false;
    l->port = ntohs(here.sin_port);
    return true;
}

struct link *link_open(const char *host, int port, link_seen *seen, void *context)
{
    struct link *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    l->seen = seen;
    l->context = context;
    l->state = 1;
    pthread_mutex_init(&l->lock, NULL);
    if (inet_pton(AF_INET, host, &l->server.sin_addr) == 1 && listen_somewhere(l) &&
        pthread_create(&l->thread, NULL, serve, l) == 0)
        return l;
    free(l);
    return NULL;
}

int link_port(const struct link *l)
{
    return l->port;
}

void link_plan(struct link *l, uint64_t seed, unsigned percent)
{
    pthread_mutex_lock(&l->lock);
    l->state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    l->percent = percent;
    pthread_mutex_unlock(&l->lock);
}

void link_deliver(struct link *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->n_held > 0)
        deliver_held(l, draw(l, l->n_held));
    pthread_mutex_unlock(&l->lock);
}

const unsigned long *link_counts(const struct link *l)
{
    return l->counts;
}

void link_close(struct link *l)
{
    shutdown(l->listener, SHUT_RDWR);
    pthread_join(l->thread, NULL);
    close(l->listener);
    while (l->n_held > 0)
        free(l->held[--l->n_held].bytes);
    free(l);
}
