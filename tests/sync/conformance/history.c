/* tests/sync/conformance/history.c - carries a history out and judges it: both devices hold what
 * the model and the server's digests say, each operation came to what the model says, and the
 * conflicts are those that the model expects. */
#include "history.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PERCENT = 35, PATIENCE = 600 };

static const char *const values[] = {NULL, "1", "2", "3", "4"};
static const char *const notes[] = {NULL, "甲", "乙", "丙", "丁"};

struct side {
    struct world *world;
    struct side_setup setup;
    struct link *line;
    struct device *device;
    char url[200];
};

static bool wrong(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (w->why[0] == '\0')
        vsnprintf(w->why, sizeof w->why, format, args);
    va_end(args);
    return false;
}

/* --- what arrives at the server is what the model is told --- */

static void settle_arrives(struct world *w, const char *head, const char *body, const char *path)
{
    char key[37] = "";
    int version = 0;
    const char *at = strcasestr(head, "Idempotency-Key: ");
    const char *if_match = strcasestr(head, "If-Match: \"");
    if (at == NULL || if_match == NULL || sscanf(at + 17, "%36s", key) != 1 ||
        sscanf(if_match + 11, "%d", &version) != 1)
        return;
    for (int i = 0; i < w->n_settles; i++) {
        struct settle *s = &w->settles[i];
        if (s->done || strcmp(s->key, key) != 0 || strncmp(path, s->conflict, 36) != 0)
            continue;
        s->done = true;
        model_settle(&w->model, s->of, version, strstr(body, "\"mine\"") != NULL);
    }
}

static void arrives(void *context, const char *head, const char *body, const char *answer)
{
    size_t i;
    json_t *op;
    struct side *s = context;
    if (answer == NULL || strncmp(head, "POST ", 5) != 0)
        return;
    const char *settle = strstr(head, "/conflicts/");
    if (settle != NULL) {
        settle_arrives(s->world, head, body, settle + 11);
        return;
    }
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
        return;
    json_t *list = json_loads(body, 0, NULL);
    json_array_foreach(json_object_get(list, "operations"), i, op)
        model_arrives(&s->world->model, op, s->setup.may_report, s->setup.may_decide);
    json_decref(list);
}

/* What the device is told of an operation is what the model says; what was written before and whose
 * answer was lost is `done`. */
static void told(void *context, const json_t *op, const json_t *result)
{
    static const char *const words[] = {"", "done", "merged", "unchanged", "conflict", "refused"};
    struct side *s = context;
    const char *op_id = json_string_value(json_object_get(op, "op_id"));
    const char *outcome = json_string_value(json_object_get(result, "outcome"));
    const struct model_operation *o = model_operation(&s->world->model, op_id);
    enum model_end end = o == NULL ? END_NONE : o->end;
    bool again = (end == END_MERGED || end == END_UNCHANGED) && strcmp(outcome, "done") == 0;
    if (!again && strcmp(outcome, words[end]) != 0) {
        char *text = json_dumps(op, JSON_COMPACT);
        wrong(s->world, "outcome %s, expected %s, of %s", outcome, words[end], text);
        free(text);
    }
}

static bool token_of(void *context, bool stale, char *into, size_t size)
{
    (void)stale;
    struct side *s = context;
    FILE *f = popen(s->setup.token_command, "r");
    bool got = f != NULL && fgets(into, (int)size, f) != NULL;
    into[got ? strcspn(into, "\r\n") : 0] = '\0';
    return f != NULL && pclose(f) == 0 && got;
}

bool side_open(struct world *w, int n, const struct side_setup *setup)
{
    struct side *s = calloc(1, sizeof *s);
    if (s == NULL)
        return false;
    s->world = w;
    s->setup = *setup;
    s->line = link_open(setup->host, setup->port, arrives, s);
    if (s->line != NULL)
        snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d%s", link_port(s->line), setup->path);
    const struct device_setup d = {.store = ":memory:",
                                   .url = s->url,
                                   .page = n == 0 ? 40 : 0,
                                   .batch = n == 0 ? 3 : 0,
                                   .token = token_of,
                                   .context = s,
                                   .told = told};
    s->device = s->line == NULL ? NULL : device_open(&d);
    w->sides[n] = s;
    return s->device != NULL;
}

void side_close(struct world *w, int n)
{
    device_close(w->sides[n]->device);
    link_close(w->sides[n]->line);
    free(w->sides[n]);
    w->sides[n] = NULL;
}

const unsigned long *side_faults(const struct world *w, int n)
{
    return link_counts(w->sides[n]->line);
}

/* --- steps --- */

int history_draw(uint64_t seed, struct step *steps)
{
    static const enum act acts[] = {ACT_SUBMIT, ACT_CHANGE, ACT_CHANGE, ACT_CHANGE,
                                    ACT_CHANGE, ACT_CHANGE, ACT_DECIDE, ACT_PUSH,
                                    ACT_PUSH,   ACT_PULL,   ACT_PULL,   ACT_SETTLE};
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 7;
    int n = 8 + (int)(link_random(&state) >> 33) % (STEPS_MAX - 8);
    for (int i = 0; i < n; i++) {
        uint64_t r = link_random(&state) >> 16;
        steps[i] = (struct step){.device = (int)(r & 1),
                                 .act = acts[(r >> 1) % (sizeof acts / sizeof *acts)],
                                 .report = (unsigned)(r >> 8) % MODEL_REPORTS,
                                 .value = (unsigned)(r >> 12) % 5,
                                 .note = (unsigned)(r >> 20) % 5};
    }
    steps[0] = (struct step){.act = ACT_SUBMIT, .value = 1, .note = 1};
    return n;
}

void history_print(const struct step *steps, int n)
{
    static const char *const words[] = {"submit", "change", "decide", "push", "pull", "settle"};
    for (int i = 0; i < n; i++) {
        const struct step *s = &steps[i];
        printf("  %2d  device %d  %-7s report %u value %s note %s\n", i, s->device, words[s->act],
               s->report, s->value == 0 ? "-" : values[s->value],
               s->note == 0 ? "-" : notes[s->note]);
    }
}

/* An item measured by value; of one list where ZEREN_SYNC_LIST names one, whose items are all the
 * own unit's. */
static bool is_fit(const json_t *record)
{
    const char *list = getenv("ZEREN_SYNC_LIST");
    if (strcmp(json_string_value(json_object_get(record, "measure")), "value") != 0)
        return false;
    return list == NULL ||
           strcmp(json_string_value(json_object_get(record, "duty_list_id")), list) == 0;
}

static bool submit(struct side *s, const struct step *step)
{
    char id[DEVICE_UUID];
    const char *item, *chosen = NULL;
    json_t *record, *items = device_copy(s->device, "item");
    unsigned nth = 0;
    json_object_foreach(items, item, record)
    {
        if (is_fit(record) && nth++ % 7 == step->report)
            chosen = item;
    }
    device_new_id(id);
    json_t *body =
        json_pack("{s:s, s:s, s:s}", "id", id, "value", values[step->value == 0 ? 1 : step->value],
                  "note", notes[step->note == 0 ? 1 : step->note]);
    bool ok = chosen != NULL && model_add(&s->world->model, id) >= 0 &&
              device_queue(s->device, "report", "submit_report", chosen, body, NULL);
    json_decref(body);
    json_decref(items);
    return ok || wrong(s->world, "cannot queue a report: %s", chosen == NULL ? "no item" : "store");
}

static bool change(struct side *s, const struct step *step, const char *id)
{
    json_t *body = json_object();
    if (step->value > 0)
        json_object_set_new(body, "value", json_string(values[step->value]));
    if (step->note > 0 || step->value == 0)
        json_object_set_new(body, "note", json_string(notes[step->note == 0 ? 2 : step->note]));
    json_t *known = device_record(s->device, "report", id);
    bool ok = known == NULL || device_change(s->device, "report", "update_report", id, body, NULL);
    json_decref(known);
    json_decref(body);
    return ok || wrong(s->world, "cannot queue a change");
}

static bool decide(struct side *s, const struct step *step, const char *id)
{
    json_t *known = device_record(s->device, "report", id);
    bool confirms = step->value == 1;
    json_t *body = confirms ? json_object() : json_pack("{s:s}", "decision_note", "补充材料");
    bool ok = known == NULL ||
              device_queue(s->device, "report", confirms ? "confirm_report" : "send_back_report",
                           id, body, NULL);
    json_decref(known);
    json_decref(body);
    return ok || wrong(s->world, "cannot queue a decision");
}

static struct settle *note_settle(struct world *w, const json_t *conflict)
{
    const char *op_id = json_string_value(json_object_get(conflict, "op_id"));
    struct model_operation *o = model_operation(&w->model, op_id);
    if (o == NULL || w->n_settles == SETTLES_MAX)
        return NULL;
    struct settle *s = &w->settles[w->n_settles++];
    *s = (struct settle){.of = o};
    snprintf(s->conflict, sizeof s->conflict, "%s",
             json_string_value(json_object_get(conflict, "id")));
    device_new_id(s->key);
    return s;
}

/* The same key until it is answered. */
static bool settle_one(struct side *s, const json_t *conflict, bool mine)
{
    struct settle *chosen = note_settle(s->world, conflict);
    enum device_end end = DEVICE_LATER;
    for (int i = 0; chosen != NULL && end == DEVICE_LATER && i < PATIENCE; i++)
        end = device_settle(s->device, conflict, mine ? "mine" : "theirs", chosen->key);
    if (end == DEVICE_DONE && chosen->of->open)
        return wrong(s->world, "a conflict was settled that should have been looked at again");
    return end == DEVICE_DONE || end == DEVICE_REFUSED ||
           wrong(s->world, "settle: %s", device_why(s->device));
}

/* The open conflicts of this history's reports; NULL: the line did not bring them. */
static json_t *conflicts_of(struct side *s)
{
    size_t i;
    json_t *c, *all = NULL, *own = json_array();
    enum device_end end = device_conflicts(s->device, &all);
    json_array_foreach(all, i, c)
    {
        if (model_find(&s->world->model, json_string_value(json_object_get(c, "record_id"))) !=
            NULL)
            json_array_append(own, c);
    }
    json_decref(all);
    if (end == DEVICE_DONE)
        return own;
    json_decref(own);
    return NULL;
}

static bool settle(struct side *s, const struct step *step)
{
    json_t *all = conflicts_of(s);
    if (json_array_size(all) == 0) {
        json_decref(all);
        return true;
    }
    bool ok = settle_one(s, json_array_get(all, step->report % json_array_size(all)),
                         step->value % 2 == 0);
    json_decref(all);
    return ok;
}

static bool carry_out(struct world *w, const struct step *step)
{
    struct side *s = w->sides[step->device];
    int n = w->model.n_reports;
    const char *id = n == 0 ? NULL : w->model.reports[step->report % (unsigned)n].id;
    enum device_end end = DEVICE_DONE;
    if (step->act == ACT_SUBMIT)
        return n == MODEL_REPORTS || !s->setup.may_report || submit(s, step);
    if (step->act == ACT_CHANGE)
        return id == NULL || change(s, step, id);
    if (step->act == ACT_DECIDE)
        return id == NULL || decide(s, step, id);
    if (step->act == ACT_SETTLE)
        return settle(s, step);
    end = step->act == ACT_PUSH ? device_push(s->device) : device_pull(s->device, NULL);
    return end == DEVICE_DONE || end == DEVICE_LATER ||
           wrong(w, "device %d: %d, %s", step->device, (int)end, device_why(s->device));
}

/* --- the end of it --- */

static bool bring_all(struct world *w, int n)
{
    struct side *s = w->sides[n];
    enum device_end end = DEVICE_LATER;
    for (int i = 0; end == DEVICE_LATER && i < PATIENCE; i++) {
        end = device_push(s->device);
        if (end == DEVICE_LATER)
            usleep(5000);
    }
    return end == DEVICE_DONE || wrong(w, "device %d cannot push: %s", n, device_why(s->device));
}

static bool come_up_to_date(struct world *w, int n)
{
    struct side *s = w->sides[n];
    bool verified = false;
    for (int i = 0; !verified && i < PATIENCE; i++) {
        enum device_end end = device_pull(s->device, &verified);
        if (end != DEVICE_DONE && end != DEVICE_LATER)
            return wrong(w, "device %d cannot pull: %s", n, device_why(s->device));
        if (!verified)
            usleep(15000);
    }
    return verified || wrong(w, "device %d never gets its digests", n);
}

static bool same_report(struct world *w, int n, const struct model_report *r)
{
    json_t *record = device_record(w->sides[n]->device, "report", r->id);
    const char *status = json_string_value(json_object_get(record, "status"));
    bool same = (record != NULL) == r->there;
    for (int i = 0; same && r->there && i < MODEL_MEMBERS; i++)
        same =
            strcmp(json_string_value(json_object_get(record, model_members[i])), r->member[i]) == 0;
    same = same &&
           (!r->there || (json_integer_value(json_object_get(record, "version")) == r->version &&
                          (strcmp(status, "submitted") == 0) == r->submitted));
    char *text = same ? NULL : json_dumps(record, JSON_COMPACT);
    if (!same)
        wrong(w, "device %d has %s, expected %s %s version %d", n, text == NULL ? "nothing" : text,
              r->member[0], r->member[1], r->version);
    free(text);
    json_decref(record);
    return same;
}

static bool same_conflict(struct world *w, const json_t *c)
{
    const char *op_id = json_string_value(json_object_get(c, "op_id"));
    const struct model_operation *o = model_operation(&w->model, op_id);
    if (o == NULL || !o->open)
        return wrong(w, "a conflict that is none: %s", op_id);
    for (int i = 0; i < MODEL_MEMBERS; i++) {
        const json_t *mine = json_object_get(json_object_get(c, "mine"), model_members[i]);
        const json_t *theirs = json_object_get(json_object_get(c, "theirs"), model_members[i]);
        if ((mine != NULL) != o->fields[i] ||
            (mine != NULL && (strcmp(json_string_value(mine), o->mine[i]) != 0 ||
                              strcmp(json_string_value(theirs), o->theirs[i]) != 0)))
            return wrong(w, "conflict of %s: not the members that the model says", op_id);
    }
    return true;
}

/* Those that the model expects, each settled then. */
static bool judge_conflicts(struct world *w, int n)
{
    size_t i, expected = 0;
    json_t *c, *all = conflicts_of(w->sides[n]);
    for (int k = 0; k < w->model.n_operations; k++)
        expected += w->model.operations[k].open;
    if (all == NULL)
        return wrong(w, "cannot list conflicts: %s", device_why(w->sides[n]->device));
    bool ok = json_array_size(all) == expected ||
              wrong(w, "%zu conflicts, expected %zu", json_array_size(all), expected);
    json_array_foreach(all, i, c) ok = ok && same_conflict(w, c);
    json_array_foreach(all, i, c)
    {
        ok = ok && settle_one(w->sides[n], c, i % 2 == 0);
        ok = ok && settle_one(w->sides[n], c, false);
    }
    json_decref(all);
    return ok;
}

static bool judge_copies(struct world *w)
{
    for (int n = 0; n < 2; n++) {
        if (!come_up_to_date(w, n))
            return false;
        for (int i = 0; i < w->model.n_reports; i++) {
            if (!same_report(w, n, &w->model.reports[i]))
                return false;
        }
        json_t *status = device_status(w->sides[n]->device);
        bool once = json_integer_value(json_object_get(status, "copies")) == 1;
        bool brought = json_integer_value(json_object_get(status, "queued")) == 0;
        json_decref(status);
        if (!once || !brought)
            return wrong(w, "device %d %s", n,
                         once ? "still has operations" : "had to begin again");
        json_decref(device_refused(w->sides[n]->device, true));
    }
    return true;
}

static void quiet(struct world *w)
{
    for (int n = 0; n < 2; n++) {
        link_plan(w->sides[n]->line, 1, 0);
        link_deliver(w->sides[n]->line);
    }
}

/* Conflicts are listed by account and by post: of the other post's device there are none. */
static bool judge(struct world *w)
{
    quiet(w);
    if (!bring_all(w, 0) || !bring_all(w, 1) || !judge_copies(w) || !judge_conflicts(w, 0) ||
        !judge_conflicts(w, w->sides[1]->setup.may_report ? 1 : 0))
        return false;
    for (int i = 0; w->ledger != NULL && i < w->model.n_reports; i++) {
        if (w->model.reports[i].there)
            fprintf(w->ledger, "%s %d\n", w->model.reports[i].id, w->model.reports[i].version);
    }
    return judge_copies(w);
}

bool history_run(struct world *w, uint64_t seed, const struct step *steps, int n)
{
    memset(&w->model, 0, sizeof w->model);
    w->n_settles = 0;
    w->why[0] = '\0';
    quiet(w);
    if (!come_up_to_date(w, 0) || !come_up_to_date(w, 1))
        return false;
    for (int i = 0; i < 2; i++)
        link_plan(w->sides[i]->line, 2 * seed + (uint64_t)i, PERCENT);
    for (int i = 0; i < n; i++) {
        if (!carry_out(w, &steps[i]))
            return false;
    }
    return judge(w) && w->why[0] == '\0';
}

int history_shrink(struct world *w, uint64_t seed, struct step *steps, int n)
{
    for (int i = n - 1; i > 0; i--) {
        struct step fewer[STEPS_MAX];
        memcpy(fewer, steps, (size_t)i * sizeof *steps);
        memcpy(fewer + i, steps + i + 1, (size_t)(n - i - 1) * sizeof *steps);
        if (history_run(w, seed, fewer, n - 1))
            continue;
        n--;
        memcpy(steps, fewer, (size_t)n * sizeof *steps);
    }
    return n;
}
