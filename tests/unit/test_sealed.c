/* tests/unit/test_sealed.c - sealed fields: what is taken, what a statement is bound to, and what
 * an answer shows. */
#include "http/decode.h"
#include "http/json_scan.h"
#include "http/lifecycle.h"
#include "http/render.h"
#include "http/sealed.h"
#include "http/values.h"
#include "keys/field.h"
#include "keys_support.h"

TestSuite(sealed, .timeout = 120);

#define ID "0191d3c4-0000-7000-8000-00000000000a"
#define ID_2 "0191d3c4-0000-7000-8000-00000000000b"
#define NUMBER "11010519491231002X"

static const struct field part[] = {
    F_UUID("id", SHOWN, "Id."),
    F_SEALED("phone", SHOWN, SEALED_PHONE, "toy.part.phone", "Phone."),
    FIELDS_END,
};
static const struct field fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id."),
    F_TEXT("name", IN_BODY | SHOWN, 1, 60, "Name.", "x"),
    F_SEALED("citizen_id", IN_BODY | SHOWN | NULLABLE, SEALED_CITIZEN_ID, "toy.person.citizen_id",
             "Number."),
    F_SEALED("phone", IN_BODY | SHOWN | NULLABLE, SEALED_PHONE, "toy.person.phone", "Phone."),
    F_ARRAY("parts", SHOWN, part, 9, "Parts."),
    FIELDS_END,
};
static const struct stmt list = {.name = "list", .kind = STMT_PAGE};
static const struct route one = {.method = METHOD_POST, .path = "/people", .fields = fields};
static const struct route by_id = {.method = METHOD_PATCH, .path = "/people/:id", .fields = fields};
static const struct route page = {.path = "/people", .fields = fields, .sql = &list};

static struct arena *arena;
static struct engine engine;

static void setup(void)
{
    arena = arena_create(8 << 20);
    engine.keyring = keys_open(FIELD_KEYS, KEY_NEEDS_FIELDS);
}

static void teardown(void)
{
    keyring_close(engine.keyring);
    arena_destroy(&arena);
    keys_remove();
}

#define SEALED_TEST(name) Test(sealed, name, .init = setup, .fini = teardown)

static struct request asked(const struct route *r, enum personal_mask mask)
{
    struct request rq = {.engine = &engine, .arena = arena, .route = r, .signed_in = true};
    rq.principal.mask = mask;
    return rq;
}

/* A ciphertext as row_to_json() writes it, without quotes. */
static const char *sealed(const char *column, const char *record, const char *plain)
{
    struct err err = {.code = ERR_NONE};
    const char *hex = NULL;
    const struct field_place place = {column, record};
    cr_assert(
        field_seal(engine.keyring, &place, (struct span){plain, strlen(plain)}, arena, &hex, &err));
    return arena_printf(arena, "\\%s", hex);
}

static const char *person(const char *id, const char *name)
{
    return arena_printf(arena,
                        "{\"id\":\"%s\",\"name\":\"%s\",\"citizen_id\":\"%s\",\"phone\":null}", id,
                        name, sealed("toy.person.citizen_id", id, NUMBER));
}

static const char *shown(enum personal_mask mask, const char *json)
{
    struct request rq = asked(&one, mask);
    return sealed_show(&rq, json);
}

SEALED_TEST(an_answer_is_masked_by_role)
{
    const char *json = person(ID, "x");
    cr_expect_not_null(strstr(shown(MASK_HIDDEN, json), "\"citizen_id\":\"******\""));
    cr_expect_not_null(strstr(shown(MASK_STRICT, json), "\"citizen_id\":\"110***********002X\""));
    cr_expect_not_null(strstr(shown(MASK_USUAL, json), "\"citizen_id\":\"110105********002X\""));
    cr_expect_not_null(strstr(shown(MASK_USUAL, json), "\"phone\":null"));
    cr_expect_null(strstr(shown(MASK_USUAL, json), "\\\\x"));
}

SEALED_TEST(what_only_looks_like_a_member_is_not_touched)
{
    const char *hex = sealed("toy.person.citizen_id", ID, NUMBER);
    const char *name = arena_printf(arena, "\\\"citizen_id\\\":\\\"\\%s\\\"", hex);
    const char *json = shown(MASK_USUAL, person(ID, name));
    cr_expect_not_null(strstr(json, name), "%s", json);
    cr_expect_not_null(strstr(json, "\"citizen_id\":\"110105********002X\""));
    const char *other = arena_printf(arena, "{\"id\":\"" ID "\",\"name\":\"%s\"}", hex);
    cr_expect_str_eq(shown(MASK_USUAL, other), other, "a text that holds a ciphertext stays");
}

SEALED_TEST(pages_nested_records_and_masks_that_are_there)
{
    struct request rq = asked(&page, MASK_USUAL);
    const char *items = arena_printf(arena, "{\"items\":[%s,%s],\"next_cursor\":\"}x\"}",
                                     person(ID, "a"), person(ID_2, "]},{"));
    const char *json = sealed_show(&rq, items);
    const char *first = strstr(json, "110105********002X");
    cr_assert_not_null(first, "%s", json);
    cr_expect_not_null(strstr(first + 1, "110105********002X"));
    cr_expect_not_null(strstr(json, "],\"next_cursor\":\"}x\"}"));
    cr_expect_str_eq(sealed_show(&rq, json), json, "shown twice is shown once");
    const char *nested = arena_printf(
        arena, "{\"id\":\"" ID "\",\"parts\":[{\"phone\":\"%s\",\"id\":\"" ID_2 "\"}]}",
        sealed("toy.part.phone", ID_2, "13812345678"));
    cr_expect_str_eq(shown(MASK_USUAL, nested),
                     "{\"id\":\"" ID "\",\"parts\":[{\"phone\":\"138****5678\",\"id\":\"" ID_2
                     "\"}]}");
    cr_expect_str_eq(shown(MASK_USUAL, "{\"parts\":[],\"name\":null}"),
                     "{\"parts\":[],\"name\":null}");
}

SEALED_TEST(a_value_of_another_record_or_without_its_key_is_unreadable)
{
    const char *moved = arena_printf(arena, "{\"id\":\"" ID_2 "\",\"citizen_id\":\"%s\"}",
                                     sealed("toy.person.citizen_id", ID, NUMBER));
    cr_expect_str_eq(shown(MASK_USUAL, moved),
                     "{\"id\":\"" ID_2 "\",\"citizen_id\":\"unreadable\"}");
    const char *other = arena_printf(arena, "{\"id\":\"" ID "\",\"phone\":\"%s\"}",
                                     sealed("toy.person.citizen_id", ID, NUMBER));
    cr_expect_str_eq(shown(MASK_USUAL, other), "{\"id\":\"" ID "\",\"phone\":\"unreadable\"}");
}

SEALED_TEST(only_what_was_unmasked_leaves_in_full)
{
    struct request rq = asked(&one, MASK_HIDDEN);
    const char *json = arena_printf(
        arena, "{\"id\":\"" ID "\",\"citizen_id\":\"%s\",\"phone\":\"%s\"}",
        sealed("toy.person.citizen_id", ID, NUMBER), sealed("toy.person.phone", ID, "13812345678"));
    rq.unmasked = "phone";
    cr_expect_str_eq(sealed_show(&rq, json),
                     "{\"id\":\"" ID "\",\"citizen_id\":\"******\",\"phone\":\"13812345678\"}");
}

SEALED_TEST(fields_are_cut_after_they_are_masked)
{
    struct request rq = asked(&one, MASK_USUAL);
    rq.only_fields = "citizen_id";
    cr_expect_str_eq(render_fields(&rq, person(ID, "x")),
                     "{\"citizen_id\":\"110105********002X\"}");
}

static const char *bound(struct request *rq, const char *name)
{
    const char *value = NULL;
    cr_expect(sealed_bind(rq, name, &value), "%s", name);
    cr_expect_eq(rq->err.code, ERR_NONE, "%s", rq->err.cause);
    return value;
}

SEALED_TEST(a_statement_is_bound_to_ciphertext_and_hashes)
{
    const char *args[] = {ID, "x", NUMBER, NULL, NULL};
    struct request rq = asked(&by_id, MASK_USUAL);
    rq.args = args;
    rq.new_id = ID_2;
    const char *hex = bound(&rq, "citizen_id"), *value = NULL;
    struct span plain;
    struct err err = {.code = ERR_NONE};
    const struct field_place place = {"toy.person.citizen_id", ID};
    cr_assert(field_open(engine.keyring, &place, hex, arena, &plain, &err), "for the path's id");
    cr_expect_str_eq(plain.at, NUMBER);
    const char *hash = bound(&rq, "citizen_id_hash"), *hashes = bound(&rq, "citizen_id_hashes");
    cr_expect_not_null(strstr(hashes, hash + 1), "%s in %s", hash, hashes);
    cr_expect_null(bound(&rq, "phone"));
    cr_expect_null(bound(&rq, "phone_hash"));
    cr_expect_null(bound(&rq, "phone_hashes"));
    cr_expect_not(sealed_bind(&rq, "name", &value));
    cr_expect_not(sealed_bind(&rq, "citizen_id_given", &value));
    rq.route = &one;
    const struct field_place made = {"toy.person.citizen_id", ID_2};
    cr_expect(field_open(engine.keyring, &made, bound(&rq, "citizen_id"), arena, &plain, &err),
              "a POST seals for the new id");
}

SEALED_TEST(numbers_are_checked_and_brought_to_one_form)
{
    const char *problem = NULL, *detail = NULL;
    cr_expect_str_eq(decode_value(arena, &fields[2], "11010519491231002x", &problem, &detail),
                     NUMBER);
    static const char *const bad[] = {"110105194912310021", "532900197002290010",
                                      "1101051949123100",   "",
                                      "11010519491231002Y", "110105194912310020000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_null(decode_value(arena, &fields[2], bad[i], &problem, &detail), "%s", bad[i]);
        cr_expect_str_eq(problem, "not_a_citizen_id");
        cr_expect(bad[i][0] == '\0' || strstr(detail, bad[i]) == NULL, "the value is not repeated");
    }
    cr_expect_null(decode_value(arena, &fields[3], "12345", &problem, &detail));
    cr_expect_str_eq(problem, "not_a_phone_number");
}

SEALED_TEST(tables_are_linted)
{
    static const struct field no_column[] = {F_SEALED("a", IN_BODY, SEALED_PHONE, NULL, "x"),
                                             FIELDS_END};
    static const struct field in_query[] = {F_SEALED("b", IN_QUERY, SEALED_PHONE, "t.b", "x"),
                                            FIELDS_END};
    static const struct field no_kind[] = {F_SEALED("c", IN_BODY, SEALED_KINDS, "t.c", "x"),
                                           FIELDS_END};
    static const struct field inside[] = {F_SEALED("d", IN_BODY, SEALED_PHONE, "t.d", "x"),
                                          FIELDS_END};
    static const struct field nested[] = {F_ARRAY("list", IN_BODY, inside, 3, "x"), FIELDS_END};
    static const struct field shown_to_none[] = {
        F_SEALED_FOR("d", IN_BODY, SEALED_CODES, "t.d", PERM_COUNT, "x"), FIELDS_END};
    static const struct field text[] = {F_SEALED("g", IN_BODY, SEALED_TEXT, "t.g", "x"),
                                        FIELDS_END};
    static const struct field deep_text[] = {F_OBJECT("one", IN_BODY, text, "x"), FIELDS_END};
    static const struct field deep[] = {F_ARRAY("list", IN_BODY, shown_to_none, 3, "x"),
                                        FIELDS_END};
    static const struct field shown_to_all[] = {
        F_SEALED_FOR("f", IN_BODY, SEALED_CODES, "t.f", PERM_SIGNED_IN, "x"), FIELDS_END};
    const struct field *which = NULL;
    cr_expect_null(sealed_fault(fields, &which));
    cr_expect_null(sealed_fault(nested, &which));
    cr_expect_not_null(sealed_fault(shown_to_all, &which));
    cr_expect_null(sealed_fault(text, &which));
    cr_expect_not_null(sealed_fault(deep_text, &which));
    const struct field *const bad[] = {no_column, in_query, no_kind, deep};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_not_null(sealed_fault(bad[i], &which), "table %zu", i);
        cr_expect_eq(which->name[0], (char)('a' + (int)i));
    }
}

/* --- kinds that monitoring has, who sees them, and records inside a body --- */

static const struct field member[] = {
    F_UUID("id", IN_BODY | SHOWN, "Id."),
    F_TEXT("name", IN_BODY | SHOWN, 1, 60, "Name.", "x"),
    F_SEALED("phone", IN_BODY | SHOWN | NULLABLE, SEALED_PHONE, "toy.member.phone", "Phone."),
    F_SEALED_FOR("health", IN_BODY | SHOWN | NULLABLE, SEALED_CODES, "toy.member.health",
                 PERM_HEALTH_READ, "Health."),
    F_SEALED_AMONG("card", IN_BODY | SHOWN | NULLABLE, SEALED_DISABILITY_CARD, "toy.member.card",
                   PERM_HEALTH_READ, "Card."),
    FIELDS_END,
};
static const struct field home[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id."),
    F_ARRAY("members", IN_BODY | SHOWN, member, 9, "Members."),
    F_OBJECT("head", IN_BODY | SHOWN | NULLABLE, member, "Head."),
    FIELDS_END,
};
static const char *const home_params[] = {"members", "head", "caller_may_health_read",
                                          "caller_may_minor_read"};
static const struct stmt put_home = {
    .name = "put", .kind = STMT_WRITE, .text = "", .params = home_params, .n_params = 4};
static const struct route homes = {.method = METHOD_POST,
                                   .path = "/homes",
                                   .fields = home,
                                   .also = "members head",
                                   .id = "create_home"};

#define CARD NUMBER "43"

static const char *home_json(void)
{
    return arena_printf(arena,
                        "{\"id\":\"" ID "\",\"members\":[{\"id\":\"" ID_2
                        "\",\"health\":\"%s\",\"card\":\"%s\"}]}",
                        sealed("toy.member.health", ID_2, "chronic,disabled"),
                        sealed("toy.member.card", ID_2, CARD));
}

static const char *home_shown(enum personal_mask mask, permission_set may)
{
    struct request rq = asked(&homes, mask);
    rq.principal.permissions = may;
    return sealed_show(&rq, home_json());
}

SEALED_TEST(codes_are_hidden_whole_and_shown_to_their_permission)
{
    permission_set other = permission_add(0, PERM_PERSON_UNMASK);
    const char *json = home_shown(MASK_USUAL, other);
    cr_expect_not_null(strstr(json, "\"health\":\"******\""), "%s", json);
    cr_expect_null(strstr(json, "chronic"));
    cr_expect_not_null(strstr(json, "\"card\":null"), "to have a card is health: %s", json);
    json = home_shown(MASK_HIDDEN, permission_add(0, PERM_HEALTH_READ));
    cr_expect_not_null(strstr(json, "\"health\":\"chronic,disabled\""), "%s", json);
    cr_expect_not_null(strstr(json, "\"card\":\"******\""), "%s", json);
}

SEALED_TEST(a_card_never_shows_class_and_level)
{
    permission_set may = permission_add(0, PERM_HEALTH_READ);
    cr_expect_not_null(strstr(home_shown(MASK_USUAL, may), "\"card\":\"110105**************\""));
    cr_expect_not_null(strstr(home_shown(MASK_STRICT, may), "\"card\":\"110*****************\""));
}

static const char *normal(const struct field *f, const char *text)
{
    const char *problem = NULL, *detail = NULL;
    const char *value = decode_value(arena, f, text, &problem, &detail);
    cr_expect_eq(value == NULL, problem != NULL);
    cr_expect(value != NULL || strlen(text) < 4 || strstr(detail, text) == NULL);
    return value == NULL ? problem : value;
}

SEALED_TEST(codes_and_cards_have_one_form)
{
    cr_expect_str_eq(normal(&member[3], "disabled,chronic"), "chronic,disabled");
    cr_expect_str_eq(normal(&member[3], "healthy"), "healthy");
    static const char *const no_codes[] = {
        "",     ",",  "chronic,", "chronic,chronic",      "b,a,b", "Chronic", "chronic disabled",
        "a,,b", "\"", "a\\b",     "a,b,c,d,e,f,g,h,i,j,k"};
    for (size_t i = 0; i < sizeof no_codes / sizeof *no_codes; i++)
        cr_expect_str_eq(normal(&member[3], no_codes[i]), "not_codes", "%s", no_codes[i]);
    cr_expect_str_eq(normal(&member[4], "11010519491231002x71"), NUMBER "71");
    static const char *const no_cards[] = {NUMBER,
                                           NUMBER "4",
                                           NUMBER "83",
                                           NUMBER "05",
                                           NUMBER "70",
                                           NUMBER "433",
                                           "11010519491231002143",
                                           ""};
    for (size_t i = 0; i < sizeof no_cards / sizeof *no_cards; i++)
        cr_expect_str_eq(normal(&member[4], no_cards[i]), "not_a_disability_card", "%s",
                         no_cards[i]);
}

SEALED_TEST(what_people_write_is_sealed_as_it_is_and_hidden_whole)
{
    static const struct field words = F_SEALED("w", IN_BODY, SEALED_TEXT, "t.w", "x");
    char mask[MASK_TEXT], long_one[302] = {0};
    memset(long_one, 'x', 301);
    cr_expect_str_eq(normal(&words, "王\"五\" 1986"), "王\"五\" 1986");
    cr_expect_str_eq(normal(&words, ""), "not_a_text");
    cr_expect_str_eq(normal(&words, "  "), "not_a_text");
    cr_expect_str_eq(normal(&words, long_one), "not_a_text");
    cr_expect_str_eq(normal(&words, long_one + 1), long_one + 1);
    personal_mask_of(SEALED_TEXT, PERSONAL_USUAL, "a long text that says much", mask);
    cr_expect_str_eq(mask, MASK_HIDES_ALL);
}

SEALED_TEST(what_was_sealed_is_opened_for_a_handler)
{
    struct request rq = asked(&homes, MASK_HIDDEN);
    const char *twice = sealed("toy.member.health", ID_2, "serious"); /* as JSON has it */
    cr_expect_str_eq(sealed_open(&rq, "toy.member.health", ID_2, twice), "serious");
    cr_expect_str_eq(sealed_open(&rq, "toy.member.health", ID_2, twice + 1), "serious");
    cr_expect_null(sealed_open(&rq, "toy.member.health", ID, twice), "of another record");
    cr_expect_null(sealed_open(&rq, "toy.member.health", ID_2, NULL));
    cr_expect_eq(rq.err.code, ERR_NONE, "what cannot be opened is no failure");
}

static const char *member_of(const char *json, const char *name)
{
    struct json_member m;
    while (json_next_member(&json, &m)) {
        if (json_is_key(&m, name))
            return arena_strndup(arena, m.value + 1, m.value_len - 2);
    }
    return NULL;
}

SEALED_TEST(records_inside_a_body_are_sealed_for_a_statement)
{
    const char *args[] = {NULL,
                          "[{\"id\":\"" ID_2 "\",\"name\":\"a,b\",\"phone\":\"13812345678\"},"
                          "{\"name\":\"\\\"]\",\"phone\":null,\"health\":\"chronic\"}]",
                          NULL};
    struct request rq = asked(&homes, MASK_HIDDEN);
    const char *json = NULL, *none = "x";
    rq.args = args;
    rq.now = clock_now();
    cr_assert(sealed_members(&rq, "members", &json), "%s", rq.err.cause);
    cr_expect_null(strstr(json, "13812345678"));
    cr_expect_null(strstr(json, "chronic"));
    cr_expect_not_null(strstr(json, "\"name\":\"\\\"]\""), "%s", json);
    const char *phone = member_of(json + 1, "phone");
    cr_expect_str_eq(sealed_open(&rq, "toy.member.phone", ID_2, phone), "13812345678");
    cr_expect_not_null(member_of(json + 1, "phone_hash"));
    const char *second = json_skip_value(json + 1) + 1;
    const char *made = member_of(second, "id");
    cr_expect_eq(strlen(made), 36, "%s", json);
    cr_expect_str_eq(sealed_open(&rq, "toy.member.health", made, member_of(second, "health")),
                     "chronic");
    cr_expect_not_null(strstr(second, "\"phone\":null,\"phone_hash\":null"));
    cr_expect_not_null(strstr(second, "\"health_hash\":null"), "codes have no hash");
    cr_expect(sealed_members(&rq, "head", &none));
    cr_expect_null(none);
}

static const char *const *home_values(struct request *rq, const char *const *args, unsigned first)
{
    struct stmt_form f = {.params = home_params + first, .n_params = 4 - first};
    const struct value_context c = {.status = 200};
    rq->args = args;
    return values_of(rq, &f, &c);
}

SEALED_TEST(a_statement_never_gets_personal_data_in_the_clear)
{
    const char *args[] = {NULL, "[{\"phone\":\"13812345678\"}]", NULL};
    struct request rq = asked(&homes, MASK_HIDDEN);
    cr_expect_not(values_know(&homes, "members"));
    cr_expect_null(home_values(&rq, args, 0));
    cr_expect_eq(rq.err.code, ERR_INTERNAL);
}

SEALED_TEST(a_statement_is_told_what_the_caller_may)
{
    const char *args[] = {NULL, NULL, NULL};
    struct request rq = asked(&homes, MASK_HIDDEN);
    const struct stmt *const all[] = {&put_home, NULL};
    const char *param = NULL;
    rq.principal.permissions = permission_add(0, PERM_MINOR_READ);
    const char *const *values = home_values(&rq, args, 2);
    cr_assert_not_null(values);
    cr_expect_str_eq(values[0], "false");
    cr_expect_str_eq(values[1], "true");
    rq.signed_in = false;
    cr_expect_str_eq(home_values(&rq, args, 2)[1], "false");
    const char *untouched = "x";
    cr_expect_not(values_may(&rq, "ids", &untouched));
    cr_expect_str_eq(untouched, "x", "what is another's name gets no value");
    cr_expect(values_know(&homes, "caller_may_minor_read"));
    cr_expect_not(values_know(&homes, "caller_may_fly"));
    cr_expect_null(values_fault(all, &param));
}
