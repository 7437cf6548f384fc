/* common/http/match.c - the matcher: paths of equal shape in one row, rows sorted so that literal
 * segments come before parameters. Does not decode values and does not judge them. */
#include "http/match.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "http/decode.h"

#include "core/banned.h"

enum { SEGMENTS_MAX = 8, METHODS = METHOD_PATCH + 1 };

/* In order of preference. */
enum segment_kind {
    SEGMENT_LITERAL, /* "items", "divisions:import" */
    SEGMENT_VERB,    /* ":id:confirm" */
    SEGMENT_VALUE,   /* ":id" */
};

struct segment {
    enum segment_kind kind;
    const char *text; /* the literal or the verb */
    size_t len;
};

struct shape { /* all routes whose paths match the same URLs */
    unsigned n;
    struct segment segments[SEGMENTS_MAX];
    const struct route *routes[METHODS];
    unsigned n_params;
    const char *names[METHODS][MATCH_PARAMS_MAX]; /* each route's own */
    const char *allow;
};

struct match_table {
    const char *prefix;
    size_t prefix_len;
    struct shape *shapes;
    size_t n;
};

struct piece { /* one segment of a URL or a pattern */
    const char *text;
    size_t len;
};

static const char *method_name(enum method m)
{
    static const char *const names[METHODS] = {"GET", "POST", "PATCH"};
    return names[m];
}

/* Cuts "/a/b?query" at its slashes. False when a piece is empty or there are too many. */
static bool split_path(const char *path, struct piece pieces[SEGMENTS_MAX], unsigned *ret_n)
{
    unsigned n = 0;
    if (*path != '/')
        return false;
    while (*path == '/') {
        size_t len = strcspn(path + 1, "/?");
        if (len == 0 || n == SEGMENTS_MAX)
            return false;
        pieces[n++] = (struct piece){path + 1, len};
        path += 1 + len;
    }
    *ret_n = n;
    return true;
}

static const char *last_colon(struct piece p)
{
    for (size_t i = p.len; i > 0; i--) {
        if (p.text[i - 1] == ':')
            return p.text + i - 1;
    }
    return NULL;
}

static bool is_name(const char *s, size_t len)
{
    return len > 0 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") >= len;
}

/* Reads one segment of a pattern into `s`, a parameter's name into `ret_name`. */
static bool parse_segment(struct arena *a, struct piece p, struct segment *s, const char **ret_name)
{
    if (p.text[0] != ':') {
        *s = (struct segment){SEGMENT_LITERAL, p.text, p.len};
        return true;
    }
    const char *colon = last_colon(p);
    size_t name_len = colon == p.text ? p.len - 1 : (size_t)(colon - p.text) - 1;
    if (!is_name(p.text + 1, name_len))
        return false;
    *s = (struct segment){SEGMENT_VALUE, "", 0};
    if (colon != p.text) {
        *s = (struct segment){SEGMENT_VERB, colon + 1, p.len - name_len - 2};
        if (!is_name(s->text, s->len))
            return false;
    }
    *ret_name = arena_strndup(a, p.text + 1, name_len);
    return *ret_name != NULL;
}

static bool name_taken(const struct shape *s, enum method m, const char *name)
{
    for (unsigned i = 0; i < s->n_params; i++) {
        if (strcmp(s->names[m][i], name) == 0)
            return true;
    }
    return false;
}

static bool parse_pattern(struct arena *a, const struct route *r, struct shape *ret)
{
    struct piece pieces[SEGMENTS_MAX];
    *ret = (struct shape){.n = 0};
    if (!split_path(r->path, pieces, &ret->n))
        return false;
    for (unsigned i = 0; i < ret->n; i++) {
        const char *name = NULL;
        if (!parse_segment(a, pieces[i], &ret->segments[i], &name))
            return false;
        if (name == NULL)
            continue;
        if (ret->n_params == MATCH_PARAMS_MAX || name_taken(ret, r->method, name))
            return false;
        ret->names[r->method][ret->n_params++] = name;
    }
    ret->routes[r->method] = r;
    return true;
}

static bool same_text(const struct segment *x, const char *text, size_t len)
{
    return x->len == len && memcmp(x->text, text, len) == 0;
}

static bool equal_segments(const struct segment *x, const struct segment *y)
{
    return x->kind == y->kind && same_text(x, y->text, y->len);
}

/* Does the piece of a URL fit? A value may hold a ':' only in front of its verb. */
static bool fits(const struct segment *s, struct piece p)
{
    if (s->kind == SEGMENT_LITERAL)
        return same_text(s, p.text, p.len);
    const char *colon = last_colon(p);
    if (s->kind == SEGMENT_VALUE || colon == NULL)
        return s->kind == SEGMENT_VALUE && colon == NULL;
    size_t verb_len = p.len - (size_t)(colon - p.text) - 1;
    return colon > p.text && same_text(s, colon + 1, verb_len);
}

/* Is there a piece that fits both? */
static bool segments_meet(const struct segment *x, const struct segment *y)
{
    if (x->kind == y->kind)
        return equal_segments(x, y);
    const struct segment *literal = x->kind == SEGMENT_LITERAL ? x : y;
    const struct segment *other = literal == x ? y : x;
    return literal->kind == SEGMENT_LITERAL &&
           fits(other, (struct piece){literal->text, literal->len});
}

/* Could one URL match both, with neither the more literal one throughout? */
static bool ambiguous(const struct shape *x, const struct shape *y)
{
    bool x_wins = false, y_wins = false;
    if (x->n != y->n)
        return false;
    for (unsigned i = 0; i < x->n; i++) {
        if (!segments_meet(&x->segments[i], &y->segments[i]))
            return false;
        x_wins |= x->segments[i].kind < y->segments[i].kind;
        y_wins |= y->segments[i].kind < x->segments[i].kind;
    }
    return x_wins == y_wins;
}

static bool equal_shapes(const struct shape *x, const struct shape *y)
{
    if (x->n != y->n)
        return false;
    for (unsigned i = 0; i < x->n; i++) {
        if (!equal_segments(&x->segments[i], &y->segments[i]))
            return false;
    }
    return true;
}

static const struct route *any_route(const struct shape *s)
{
    for (unsigned m = 0; m < METHODS; m++) {
        if (s->routes[m] != NULL)
            return s->routes[m];
    }
    return NULL;
}

static bool refuse_pair(const struct route *x, const struct route *y, struct err *err)
{
    return err_set(err, ERR_INTERNAL, NULL, "%s %s and %s %s can match the same address.",
                   method_name(x->method), x->path, method_name(y->method), y->path);
}

/* Puts a route's shape into the table: beside its like, or in a row of its own. */
static bool add_shape(struct match_table *t, const struct shape *s, const struct route *r,
                      struct err *err)
{
    struct shape *like = NULL;
    for (size_t i = 0; i < t->n; i++) {
        if (equal_shapes(&t->shapes[i], s))
            like = &t->shapes[i];
        else if (ambiguous(&t->shapes[i], s))
            return refuse_pair(any_route(&t->shapes[i]), r, err);
    }
    if (like == NULL) {
        t->shapes[t->n++] = *s;
        return true;
    }
    if (like->routes[r->method] != NULL)
        return refuse_pair(like->routes[r->method], r, err);
    like->routes[r->method] = r;
    memcpy(like->names[r->method], s->names[r->method], sizeof s->names[r->method]);
    return true;
}

static bool add_route(struct match_table *t, struct arena *a, const struct route *r,
                      struct err *err)
{
    struct shape s;
    if (!parse_pattern(a, r, &s))
        return err_set(err, ERR_INTERNAL, NULL, "%s %s is not a path that can be matched.",
                       method_name(r->method), r->path);
    const struct field *clash = route_clash(r);
    if (clash != NULL)
        return err_set(err, ERR_INTERNAL, NULL,
                       "%s %s has a query field by the name of the parameter %s.",
                       method_name(r->method), r->path, clash->name);
    return add_shape(t, &s, r, err);
}

static int shape_order(const void *left, const void *right)
{
    const struct shape *x = left, *y = right;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    for (unsigned i = 0; i < x->n; i++) {
        if (x->segments[i].kind != y->segments[i].kind)
            return x->segments[i].kind < y->segments[i].kind ? -1 : 1;
    }
    return 0;
}

/* "GET, HEAD, PATCH" */
static const char *allow_text(struct arena *a, const struct shape *s)
{
    const char *text = "";
    for (unsigned m = 0; m < METHODS && text != NULL; m++) {
        if (s->routes[m] != NULL)
            text = arena_printf(a, "%s%s%s", text, *text == '\0' ? "" : ", ",
                                m == METHOD_GET ? "GET, HEAD" : method_name(m));
    }
    return text;
}

static size_t count_routes(const struct service *s)
{
    size_t n = 0;
    for (const struct route *const *table = s->resources; *table != NULL; table++) {
        for (const struct route *r = *table; r->path != NULL; r++)
            n++;
    }
    return n;
}

static bool add_all(struct match_table *t, struct arena *a, const struct service *s,
                    struct err *err)
{
    for (const struct route *const *table = s->resources; *table != NULL; table++) {
        for (const struct route *r = *table; r->path != NULL; r++) {
            if (!add_route(t, a, r, err))
                return false;
        }
    }
    return true;
}

struct match_table *match_create(struct arena *a, const struct service *s, struct err *err)
{
    struct match_table *t = arena_new(a, struct match_table);
    char *prefix = arena_printf(a, "/api/v1/%s", s->name);
    struct shape *shapes = arena_array(a, struct shape, count_routes(s));
    if (t == NULL || prefix == NULL || shapes == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    *t = (struct match_table){.prefix = prefix, .prefix_len = strlen(prefix), .shapes = shapes};
    if (!add_all(t, a, s, err))
        return NULL;
    qsort(t->shapes, t->n, sizeof *t->shapes, shape_order);
    for (size_t i = 0; i < t->n; i++) {
        t->shapes[i].allow = allow_text(a, &t->shapes[i]);
        if (t->shapes[i].allow == NULL) {
            err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
            return NULL;
        }
    }
    return t;
}

static const struct shape *find_shape(const struct match_table *t, const struct piece *pieces,
                                      unsigned n)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct shape *s = &t->shapes[i];
        unsigned fitting = 0;
        while (s->n == n && fitting < n && fits(&s->segments[fitting], pieces[fitting]))
            fitting++;
        if (fitting == n)
            return s;
    }
    return NULL;
}

static const struct route *find_method(const struct shape *s, const char *method)
{
    for (unsigned m = 0; m < METHODS; m++) {
        bool head = m == METHOD_GET && strcmp(method, "HEAD") == 0;
        if (head || strcmp(method, method_name(m)) == 0)
            return s->routes[m];
    }
    return NULL;
}

static bool take_values(struct arena *a, const struct shape *s, const struct piece *pieces,
                        struct match *ret)
{
    for (unsigned i = 0; i < s->n; i++) {
        const struct segment *g = &s->segments[i];
        if (g->kind == SEGMENT_LITERAL)
            continue;
        size_t verb_len = g->kind == SEGMENT_VERB ? g->len + 1 : 0;
        const char *value = arena_strndup(a, pieces[i].text, pieces[i].len - verb_len);
        if (value == NULL)
            return false;
        ret->names[ret->n_params] = s->names[ret->route->method][ret->n_params];
        ret->values[ret->n_params++] = value;
    }
    return true;
}

bool match_find(const struct match_table *t, struct arena *a, const char *method, const char *path,
                struct match *ret, struct err *err)
{
    struct piece pieces[SEGMENTS_MAX] = {{NULL, 0}};
    unsigned n = 0;
    const struct shape *s = NULL;
    *ret = (struct match){.route = NULL};
    if (strncmp(path, t->prefix, t->prefix_len) == 0 &&
        split_path(path + t->prefix_len, pieces, &n))
        s = find_shape(t, pieces, n);
    if (s == NULL)
        return err_set(err, ERR_NO_ROUTE, NULL, "%s", "");
    ret->path_exists = true;
    ret->allow = s->allow;
    ret->route = find_method(s, method);
    if (ret->route == NULL)
        return err_set(err, ERR_METHOD, NULL, "This address takes %s.", s->allow);
    return take_values(a, s, pieces, ret) || err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}
