/* tests/fuzz/fuzz_sealed.c - any bytes as an answer with sealed fields: the walk ends inside them,
 * and no ciphertext under a sealed name leaves; any bytes as a number. */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "core/phone.h"
#include "http/lifecycle.h"
#include "http/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* clang-format off */
static const struct field part[] = {
    F_UUID("id", SHOWN, "Id."),
    F_SEALED("phone", SHOWN, SEALED_PHONE, "toy.part.phone", "Phone."),
    FIELDS_END
};
static const struct field fields[] = {
    F_UUID("id", SHOWN, "Id."),
    F_SEALED("phone", SHOWN, SEALED_PHONE, "toy.person.phone", "Phone."),
    F_ARRAY("parts", SHOWN, part, 9, "Parts."),
    FIELDS_END
};
/* clang-format on */
static const struct stmt list = {.name = "list", .kind = STMT_PAGE};
static const struct route one = {.path = "/a", .fields = fields};
static const struct route page = {.path = "/a", .fields = fields, .sql = &list};

/* PostgreSQL writes nothing else; what is none must only not harm. */
static bool is_json(const char *text)
{
    json_t *root = json_loads(text, 0, NULL);
    json_decref(root);
    return root != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    char phone[PHONE_TEXT];
    struct engine engine = {.keyring = NULL};
    struct arena *a = arena_create(8 << 20);
    const char *text = arena_strndup(a, (const char *)bytes + 1, len - 1);
    struct request rq = {.engine = &engine, .arena = a, .route = bytes[0] % 2 ? &page : &one};
    rq.signed_in = true;
    rq.principal.mask = bytes[0] % 4 > 1 ? MASK_USUAL : MASK_HIDDEN;
    const char *shown = sealed_show(&rq, text);
    if (is_json(text) && *text == '{') {
        assert(shown != NULL && is_json(shown));
        assert(strncmp(shown, "{\"phone\":\"\\\\x0", 14) != 0);
        assert(strcmp(sealed_show(&rq, shown), shown) == 0); /* shown twice is shown once */
    }
    assert(!phone_parse(text, phone) || strlen(phone) < sizeof phone);
    arena_destroy(&a);
    return 0;
}
