/* tests/unit/toy_service.h - a small service with every kind of field and route, for the tests and
 * fuzz targets of decoding. It has no handlers and no database. */
#ifndef ZEREN_TESTS_TOY_SERVICE_H
#define ZEREN_TESTS_TOY_SERVICE_H

#include <string.h>

#include "http/decode.h"
#include "http/problem.h"

#define TOY_ID "0191d3c4-0000-7000-8000-00000000000a"
#define TOY_ID_2 "0191d3c4-0000-7000-8000-00000000000b"
#define TOY_BOTH (IN_BODY | IN_QUERY | SHOWN)

/* clang-format off */
static const char *const toy_kinds[] = {"task", "item", "清单", NULL};

static const struct field toy_place[] = {
    F_TEXT("road", IN_BODY | SHOWN | REQUIRED, 1, 20, "Road.", "Main"),
    F_INT("number", IN_BODY | SHOWN | NULLABLE, 1, 999, "House.", "7"),
    F_UUID("seen_by", SHOWN, "Not to be set."),
    FIELDS_END
};
static const struct field toy_part[] = {
    F_TEXT("name", IN_BODY | SHOWN | REQUIRED, 1, 20, "Name.", "a"),
    F_DECIMAL("weight", IN_BODY | SHOWN, 1, 2, "More than zero.", "1.5"),
    F_BOOL("good", IN_BODY | SHOWN, "Good?"),
    F_UUID("maker_id", IN_BODY | SHOWN, "Maker."),
    F_TEXTS("marks", IN_BODY | SHOWN, 2, "Marks."),
    F_OBJECT("place", IN_BODY | SHOWN | NULLABLE, toy_place, "Where."),
    FIELDS_END
};
static const struct field toy_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id."),
    F_TEXT("title", IN_BODY | SHOWN | REQUIRED, 1, 10, "Title.", "a"),
    F_TEXT("note", IN_BODY | SHOWN | NULLABLE, 0, 5, "Note.", ""),
    F_INT("count", TOY_BOTH | NULLABLE, -5, 100, "Count.", "1"),
    F_BOOL("ready", TOY_BOTH, "Ready?"),
    F_DATE("due_on", TOY_BOTH | NULLABLE, "Due.", "2026-05-01"),
    F_INSTANT("met_at", TOY_BOTH, "Met."),
    F_DECIMAL("price", TOY_BOTH, 0, 2, "Price.", "1.50"),
    F_DECIMAL("change", TOY_BOTH, -1, 0, "Change.", "-1"),
    F_DECIMAL("share", TOY_BOTH, 1, 1, "Share.", "0.1"),
    F_CODE("division", TOY_BOTH, "Division."),
    F_ENUM("kind", TOY_BOTH, toy_kinds, "Kind."),
    F_UUIDS("unit_ids", TOY_BOTH, 3, "Units."),
    F_TEXTS("names", TOY_BOTH, 3, "Names."),
    F_OBJECT("place", IN_BODY | SHOWN | NULLABLE, toy_place, "Where."),
    F_ARRAY("parts", IN_BODY | SHOWN, toy_part, 3, "Parts."),
    F_TEXT("secret", IN_BODY | SECRET, 1, 50, "Password.", "x"),
    F_INT("year", IN_QUERY | REQUIRED, 2000, 2199, "Year.", "2026"),
    F_CODE("code", IN_PATH, "Code."),
    F_VERSION(),
    FIELDS_END
};

static const char *const toy_insert_params[] = {"new_id", "title", "note", "count", "ready", "due_on", "met_at", "price",
    "change", "share", "division", "kind", "unit_ids", "names", "place", "parts", "now"};
static const char *const toy_correct_params[] = {"id", "version", "title", "note", "note_given", "due_on", "due_on_given",
    "place"};
static const char *const toy_step_params[] = {"id", "version", "count", "from_states", "to_state"};
static const char *const toy_id_params[] = {"id"};
static const char *const toy_code_params[] = {"code"};
static const char *const toy_list_params[] = {"count", "ready", "due_on", "met_at", "price", "change", "share", "division",
    "kind", "unit_ids", "names", "place", "scope_lo"};
static const char *const toy_sorts[] = {"due_on", "title", NULL};

#define TOY_STMT(name, kind, params) {name, kind, "item", "", params, sizeof(params) / sizeof(params)[0], NULL, NULL, false, 0}
static const struct stmt toy_insert = TOY_STMT("insert", STMT_WRITE, toy_insert_params);
static const struct stmt toy_correct = TOY_STMT("correct", STMT_WRITE, toy_correct_params);
static const struct stmt toy_step = TOY_STMT("step", STMT_WRITE, toy_step_params);
static const struct stmt toy_get = TOY_STMT("get", STMT_ONE, toy_id_params);
static const struct stmt toy_look_up = TOY_STMT("look_up", STMT_VIEW, toy_code_params);
static const struct stmt toy_list = {"list", STMT_PAGE, NULL, "", toy_list_params,
    sizeof toy_list_params / sizeof toy_list_params[0], toy_sorts, "id", false, 0};

#define TOY_ROUTE(method, path, sql, ...) {method, path, PERM_SIGNED_IN, toy_fields, sql, NULL, path, path, __VA_ARGS__}
static const struct route toy_routes[] = {
    TOY_ROUTE(METHOD_GET, "/items", &toy_list, .media = MEDIA_NONE),
    TOY_ROUTE(METHOD_POST, "/items", &toy_insert, .media = MEDIA_JSON),
    TOY_ROUTE(METHOD_GET, "/items/:id", &toy_get, .media = MEDIA_NONE),
    TOY_ROUTE(METHOD_PATCH, "/items/:id", &toy_correct, .media = MEDIA_JSON),
    TOY_ROUTE(METHOD_GET, "/items/newest", NULL, .media = MEDIA_NONE),
    TOY_ROUTE(METHOD_POST, "/items/:id:confirm", &toy_step, .media = MEDIA_JSON),
    TOY_ROUTE(METHOD_POST, "/items/:id:touch", &toy_get, .media = MEDIA_NONE),
    TOY_ROUTE(METHOD_POST, "/items:import", NULL, .media = MEDIA_CSV, .also = "year division"),
    TOY_ROUTE(METHOD_GET, "/items/:id/parts/:code", NULL, .media = MEDIA_NONE),
    TOY_ROUTE(METHOD_GET, "/divisions/:code", &toy_look_up, .media = MEDIA_NONE),
    {METHOD_POST, "/log_in", PERM_PUBLIC, toy_fields, NULL, NULL, "log_in", "Log in.", .media = MEDIA_JSON,
        .also = "title  secret"},
    ROUTES_END
};
/* clang-format on */
static const struct route *const toy_resources[] = {toy_routes, NULL};
static const struct service toy_service = {.name = "toy", .resources = toy_resources};

/* A request as it stands after the guard. `url` is the whole one. */
static inline struct request toy_request(struct arena *a, const char *method, const char *url)
{
    struct request rq = {.arena = a, .method = method, .url = url};
    rq.request_id = "req-1";
    rq.now = INT64_C(1777600000000000);
    rq.signed_in = true;
    return rq;
}

static inline void toy_body(struct request *rq, const char *type, const char *body, size_t len)
{
    rq->content_type = type;
    rq->body = body;
    rq->body_len = len;
}

/* Stages match and decode. */
static inline bool toy_decode(struct request *rq)
{
    struct match m;
    struct err err = {.code = ERR_NONE};
    const struct match_table *t = match_create(rq->arena, &toy_service, &err);
    if (t == NULL || !match_find(t, rq->arena, rq->method, rq->url, &m, &rq->err))
        return false;
    return decode_request(rq, &m);
}

/* "/title required, limit out_of_range" */
static inline const char *toy_problems(const struct request *rq)
{
    const char *text = "";
    for (size_t i = 0; i < rq->n_problems; i++)
        text = arena_printf(rq->arena, "%s%s%s %s", text, i == 0 ? "" : ", ", rq->problems[i].name,
                            rq->problems[i].code);
    return text;
}

#endif
