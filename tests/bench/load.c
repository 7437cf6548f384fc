/* tests/bench/load.c - a closed loop of keep-alive connections against one port on 127.0.0.1: each
 * sends a request, waits for its answer, sends the next. Counts every status and every lost
 * connection; prints one JSON object. One thread, so that the service keeps the other core. Not for
 * TLS, chunked answers or service levels at a constant rate. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    REQUEST_MAX = 16384,
    HEAD_MAX = 8192,
    TARGETS_MAX = 100000,
    STATUS_MAX = 600,
    RETRY_US = 20000
};

struct options {
    int port, connections;
    double seconds, warm_up;
    const char *headers; /* "Name: value\r\n" of each, one behind the other */
    const char *body;    /* NULL: GET */
    bool keys;           /* an Idempotency-Key of its own for each request */
    char *targets[TARGETS_MAX];
    size_t n_targets;
};

struct conn {
    int fd; /* -1: to be opened at `due_us` */
    int64_t sent_us, due_us;
    size_t head_len;
    int64_t body_left; /* -1: still in the head */
    int status;
    bool closing; /* the server said so */
    char head[HEAD_MAX];
};

struct counts {
    uint64_t status[STATUS_MAX], lost, refused;
    uint32_t *latency;
    size_t n, room;
};

static struct options opt;
static struct counts seen;
static int64_t counting_from;
static uint64_t random_state;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        die("socket");
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static int request_text(char out[static REQUEST_MAX])
{
    const char *target = opt.targets[random_next() % opt.n_targets];
    char key[64] = "", length[64] = "";
    if (opt.keys)
        snprintf(key, sizeof key, "Idempotency-Key: %016" PRIx64 "%016" PRIx64 "\r\n",
                 random_next(), random_next());
    if (opt.body != NULL)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(opt.body));
    return snprintf(out, REQUEST_MAX, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s%s\r\n%s",
                    opt.body == NULL ? "GET" : "POST", target, opt.port, opt.headers, key, length,
                    opt.body == NULL ? "" : opt.body);
}

static void hang_up(struct conn *c, int64_t wait_us)
{
    close(c->fd);
    c->fd = -1;
    c->due_us = now_us() + wait_us;
}

static void ask(struct conn *c)
{
    char text[REQUEST_MAX];
    int n = request_text(text);
    if (n <= 0 || n >= REQUEST_MAX) {
        errno = EMSGSIZE;
        die("request");
    }
    c->head_len = 0;
    c->body_left = -1;
    c->closing = false;
    c->sent_us = now_us();
    if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL) != n) {
        seen.lost += c->sent_us >= counting_from;
        hang_up(c, RETRY_US);
    }
}

static void open_due(struct conn *c, int epoll)
{
    if (c->fd >= 0 || c->due_us > now_us())
        return;
    c->fd = dial();
    if (c->fd < 0) {
        seen.refused += now_us() >= counting_from;
        c->due_us = now_us() + RETRY_US;
        return;
    }
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) != 0)
        die("epoll_ctl");
    ask(c);
}

static void note(const struct conn *c)
{
    int64_t took = now_us() - c->sent_us;
    if (c->sent_us < counting_from)
        return;
    seen.status[c->status > 0 && c->status < STATUS_MAX ? c->status : 0]++;
    if (seen.n == seen.room) {
        seen.room = seen.room == 0 ? 1 << 16 : seen.room * 2;
        seen.latency = realloc(seen.latency, seen.room * sizeof *seen.latency);
        if (seen.latency == NULL)
            die("memory");
    }
    seen.latency[seen.n++] = (uint32_t)took;
}

/* The value of a header in the NUL-terminated head, or NULL. */
static const char *header(const char *head, const char *name)
{
    size_t n = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':')
            return line + 3 + n;
    }
    return NULL;
}

/* Reads the head once it is whole. False: not an answer we understand. */
static bool read_head(struct conn *c, size_t *ret_len)
{
    c->head[c->head_len] = '\0';
    char *end = strstr(c->head, "\r\n\r\n");
    *ret_len = 0;
    if (end == NULL)
        return c->head_len < HEAD_MAX - 1;
    end[2] = '\0';
    *ret_len = (size_t)(end - c->head) + 4;
    const char *length = header(c->head, "content-length"),
               *connection = header(c->head, "connection");
    c->closing =
        connection != NULL && strncasecmp(connection + strspn(connection, " "), "close", 5) == 0;
    bool empty = strstr(c->head, " 204 ") != NULL;
    c->body_left = length != NULL ? strtoll(length, NULL, 10) : 0;
    return sscanf(c->head, "HTTP/1.1 %d", &c->status) == 1 && (length != NULL || empty);
}

static void finish(struct conn *c)
{
    note(c);
    if (c->closing)
        hang_up(c, 0);
    else
        ask(c);
}

static void drop(struct conn *c)
{
    seen.lost += c->sent_us >= counting_from;
    hang_up(c, RETRY_US);
}

static void hear(struct conn *c)
{
    char body[65536];
    bool in_head = c->body_left < 0;
    char *into = in_head ? c->head + c->head_len : body;
    ssize_t n = recv(c->fd, into, in_head ? HEAD_MAX - 1 - c->head_len : sizeof body, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        drop(c);
        return;
    }
    size_t head = 0;
    if (in_head) {
        c->head_len += (size_t)n;
        if (!read_head(c, &head)) {
            drop(c);
            return;
        }
        n = c->body_left < 0 ? 0 : (ssize_t)(c->head_len - head);
    }
    if (c->body_left < 0)
        return;
    c->body_left -= n;
    if (c->body_left <= 0)
        finish(c);
}

static void run(void)
{
    struct conn *conns = calloc((size_t)opt.connections, sizeof *conns);
    struct epoll_event events[256];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (conns == NULL || epoll < 0)
        die("start");
    for (int i = 0; i < opt.connections; i++)
        conns[i].fd = -1;
    int64_t until = counting_from + (int64_t)(opt.seconds * 1e6), look = 0;
    for (int64_t now = now_us(); now < until; now = now_us()) {
        for (int i = 0; now >= look && i < opt.connections; i++)
            open_due(&conns[i], epoll);
        look = now >= look ? now + RETRY_US / 4 : look;
        int n = epoll_wait(epoll, events, 256, 5);
        for (int i = 0; i < n; i++)
            hear(events[i].data.ptr);
    }
    free(conns); /* the sockets close with the process: answers under way are not counted */
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t percentile(double p)
{
    return seen.n == 0 ? 0 : seen.latency[(size_t)((double)(seen.n - 1) * p)];
}

static void report(void)
{
    uint64_t ok = 0;
    const char *comma = "";
    printf("{\"status\":{");
    for (int i = 0; i < STATUS_MAX; i++) {
        if (seen.status[i] == 0)
            continue;
        printf("%s\"%d\":%" PRIu64, comma, i, seen.status[i]);
        comma = ",";
        ok += i >= 200 && i < 300 ? seen.status[i] : 0;
    }
    if (seen.n > 0)
        qsort(seen.latency, seen.n, sizeof *seen.latency, by_size);
    printf("},\"ok\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"refused\":%" PRIu64,
           ok, seen.n - ok, seen.lost, seen.refused);
    printf(",\"rate\":%.1f,\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u}\n", (double)ok / opt.seconds,
           percentile(0.5), percentile(0.99), percentile(1));
}

static void read_targets(const char *name)
{
    char line[4096];
    FILE *f = fopen(name, "r");
    if (f == NULL)
        die(name);
    while (opt.n_targets < TARGETS_MAX && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if ((opt.targets[opt.n_targets++] = strdup(line)) == NULL)
            die("memory");
    }
    fclose(f);
    if (opt.n_targets == 0) {
        errno = EINVAL;
        die(name);
    }
}

static void add_header(const char *text)
{
    static char all[REQUEST_MAX / 2];
    size_t len = strlen(all);
    int n = snprintf(all + len, sizeof all - len, "%s\r\n", text);
    if (n < 0 || (size_t)n >= sizeof all - len) {
        errno = EMSGSIZE;
        die("headers");
    }
    opt.headers = all;
}

static void read_options(int argc, char **argv)
{
    opt = (struct options){.connections = 16, .seconds = 5, .warm_up = 1, .headers = ""};
    for (int o; (o = getopt(argc, argv, "p:c:d:w:t:H:b:k")) != -1;) {
        switch (o) {
        case 'p':
            opt.port = atoi(optarg);
            break;
        case 'c':
            opt.connections = atoi(optarg);
            break;
        case 'd':
            opt.seconds = atof(optarg);
            break;
        case 'w':
            opt.warm_up = atof(optarg);
            break;
        case 't':
            read_targets(optarg);
            break;
        case 'H':
            add_header(optarg);
            break;
        case 'b':
            opt.body = optarg;
            break;
        case 'k':
            opt.keys = true;
            break;
        default:
            opt.port = 0;
            break;
        }
    }
    if (opt.port <= 0 || opt.connections <= 0 || opt.seconds <= 0 || opt.n_targets == 0) {
        fprintf(stderr, "usage: load -p PORT -t FILE [-c CONNECTIONS] [-d SECONDS] [-w WARM_UP] "
                        "[-H HEADER]... [-b BODY] [-k]\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    if (getrandom(&random_state, sizeof random_state, 0) != sizeof random_state)
        die("getrandom");
    random_state |= 1;
    counting_from = now_us() + (int64_t)(opt.warm_up * 1e6);
    run();
    report();
    return 0;
}
