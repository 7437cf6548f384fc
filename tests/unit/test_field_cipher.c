/* tests/unit/test_field_cipher.c - sealed fields: the standards' vectors, that a value opens where
 * it was sealed and nowhere else, that no byte of it can be changed, and what happens to it while
 * keys rotate. */
#include <stdlib.h>

#include "core/clock.h"
#include "keys/field.h"
#include "keys/openssl.h"

#include "keys_support.h"

TestSuite(field_cipher, .timeout = 120);

#define GCM_KEYS GCM_PAIR("000000c1", "active", K32_2) LOOKUP("000000b1", "active", K32_3)

static struct arena *arena;
static struct keyring *ring;
static struct err err;
static const struct field_place phone = {"identity.person.phone", "0195-a"};

static void setup(void)
{
    arena = arena_create(64 << 20);
    ring = keys_open(FIELD_KEYS, KEY_NEEDS_FIELDS);
}

static void setup_gcm(void)
{
    arena = arena_create(64 << 20);
    ring = keys_open(GCM_KEYS, KEY_NEEDS_FIELDS);
}

static void teardown(void)
{
    keyring_close(ring);
    arena_destroy(&arena);
    keys_remove();
}

static struct span text_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static const char *sealed(const char *plain)
{
    const char *hex = NULL;
    cr_assert(field_seal(ring, &phone, text_of(plain), arena, &hex, &err), "%s", err.cause);
    return hex;
}

static bool opens(const struct field_place *place, const char *hex, const char *plain)
{
    struct span got = {"untouched", 9};
    err_clear(&err);
    bool opened = field_open(ring, place, hex, arena, &got, &err);
    if (opened)
        return got.len == strlen(plain) && strcmp(got.at, plain) == 0;
    cr_expect_eq(err.code, ERR_INTERNAL);
    cr_expect_neq(*err.cause, '\0');
    cr_expect_null(*plain == '\0' ? NULL : strstr(err.cause, plain));
    cr_expect_str_eq(got.at, "untouched");
    return false;
}

static void expect_hex(const uint8_t *bytes, size_t n, const char *hex)
{
    char text[129] = "";
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    cr_expect_str_eq(text, hex);
}

static struct key key_of(enum key_alg alg, const uint8_t *bytes, size_t len)
{
    return (struct key){.kid = 1, .alg = alg, .state = KEY_ACTIVE, .bytes = bytes, .len = len};
}

/* GB/T 32907-2016 annex A.1: in counter mode the key stream of block 0 is the cipher of the IV. */
Test(field_cipher, sm4_is_that_of_gbt_32907)
{
    static const uint8_t block[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                    0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
    static const uint8_t zeros[16];
    uint8_t out[16];
    struct key key = key_of(KEY_SM4_CTR, block, sizeof block);
    const struct cipher_job job = {.iv = block, .in = {zeros, 16}, .out = out};
    cr_assert(provider_soft.encrypt(&key, &job));
    expect_hex(out, 16, "681edf34d206965e86b3e94f536e4246");
    cr_assert(provider_soft.decrypt(&key, &job));
    expect_hex(out, 16, "681edf34d206965e86b3e94f536e4246");
}

/* A.2 of the same: a million times over. */
Test(field_cipher, sm4_a_million_times_is_that_of_gbt_32907)
{
    static const uint8_t key[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                  0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
    uint8_t block[16];
    int n = 0;
    memcpy(block, key, 16);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    cr_assert_eq(EVP_EncryptInit_ex2(ctx, EVP_sm4_ecb(), key, NULL, NULL), 1);
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    for (int i = 0; i < 1000000; i++)
        EVP_EncryptUpdate(ctx, block, &n, block, 16);
    EVP_CIPHER_CTX_free(ctx);
    expect_hex(block, 16, "595298c7c6fd271f0402f804c33d3f66");
}

/* GB/T 32905-2016 annex A. */
Test(field_cipher, sm3_is_that_of_gbt_32905)
{
    uint8_t out[32];
    char long_one[64];
    for (int i = 0; i < 64; i++)
        long_one[i] = "abcd"[i % 4];
    cr_assert_eq(EVP_Digest("abc", 3, out, NULL, EVP_sm3(), NULL), 1);
    expect_hex(out, 32, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    cr_assert_eq(EVP_Digest(long_one, 64, out, NULL, EVP_sm3(), NULL), 1);
    expect_hex(out, 32, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

/* GM/T 0042-2015 annex D.3, those with keys of 32 bytes; RFC 4231 case 6 has no such key, so HMAC
 * with SHA-256 is held against one made with `openssl mac`. */
Test(field_cipher, hmac_is_that_of_the_standards)
{
    uint8_t counting[32], elevens[32], out[32];
    for (int i = 0; i < 32; i++) {
        counting[i] = (uint8_t)(i + 1);
        elevens[i] = 0x0b;
    }
    const struct span twice[] = {
        text_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
        text_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")};
    const struct span hi[] = {text_of("Hi There")};
    struct key key = key_of(KEY_HMAC_SM3, counting, 32);
    cr_assert(provider_soft.mac(&key, twice, 2, out));
    expect_hex(out, 32, "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a");
    key = key_of(KEY_HMAC_SM3, elevens, 32);
    cr_assert(provider_soft.mac(&key, hi, 1, out));
    expect_hex(out, 32, "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e");
    key = key_of(KEY_HMAC_SHA256, elevens, 32);
    cr_assert(provider_soft.mac(&key, hi, 1, out));
    expect_hex(out, 32, "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7");
    key = key_of(KEY_SM4_CTR, elevens, 16);
    cr_expect_not(provider_soft.mac(&key, hi, 1, out), "no HMAC key");
}

Test(field_cipher, a_provider_refuses_what_it_cannot_do)
{
    uint8_t bytes[32] = {1}, iv[16] = {0}, out[16], tag[16];
    const struct cipher_job job = {.iv = iv, .in = {iv, 16}, .out = out, .tag = tag};
    struct key key = key_of(KEY_SM4_CTR, bytes, 15);
    cr_expect_not(provider_soft.encrypt(&key, &job), "a key of 15 bytes");
    key = key_of(KEY_HMAC_SM3, bytes, 32);
    cr_expect_not(provider_soft.encrypt(&key, &job), "a key that does not encrypt");
    cr_expect(provider_soft.fits(KEY_AES_256_GCM, 32));
    cr_expect_not(provider_soft.fits(KEY_AES_256_GCM, 16));
}

static void round_trips(void)
{
    static const char *const values[] = {"",
                                         "1",
                                         "13800000000",
                                         "110101199003074610",
                                         "工商银行 6222 0200 0000 0000 000",
                                         "0123456789abcdef"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const char *once = sealed(values[i]), *again = sealed(values[i]);
        cr_expect(opens(&phone, once, values[i]), "%s", err.cause);
        cr_expect(opens(&phone, again, values[i]));
        cr_expect_str_neq(once, again, "a new random vector each time");
        cr_expect(strlen(values[i]) < 8 || strstr(once, values[i]) == NULL);
    }
}

static char *changed(const char *hex, size_t digit)
{
    char *copy = arena_strdup(arena, hex);
    copy[digit] = copy[digit] == '0' ? '1' : '0';
    return copy;
}

static void no_digit_can_be_changed(void)
{
    const char *hex = sealed("13800000000");
    for (size_t i = 0; i < strlen(hex); i++)
        cr_expect_not(opens(&phone, changed(hex, i), "13800000000"), "digit %zu", i);
    for (size_t len = strlen(hex) - 1; len > 0; len--)
        cr_expect_not(opens(&phone, arena_strndup(arena, hex, len), "13800000000"));
    cr_expect_not(opens(&phone, arena_printf(arena, "%s00", hex), "13800000000"));
    /* As if written in the other format, whose check would be another one. */
    char *other = arena_strdup(arena, sealed("13800000000, 13900000000"));
    other[3] = other[3] == '1' ? '2' : '1';
    cr_expect_not(opens(&phone, other, "13800000000, 13900000000"));
    cr_expect_not_null(strstr(err.cause, "key file"), "%s", err.cause);
    cr_expect_not(opens(&phone, "", ""));
    cr_expect_not(opens(&phone, "\\x", ""));
    cr_expect_not(opens(&phone, "13800000000", ""));
}

static void no_other_place_opens(void)
{
    const char *hex = sealed("13800000000");
    const struct field_place elsewhere[] = {
        {"identity.person.phone", "0195-b"}, {"identity.person.fax", "0195-a"},
        {"identity.person.phone0", "195-a"}, {"identity.person.phon", "e0195-a"},
        {"", "identity.person.phone0195-a"}, {"identity.person.phone0195-a", ""}};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        cr_expect_not(opens(&elsewhere[i], hex, "13800000000"), "place %zu", i);
    cr_expect(opens(&phone, hex, "13800000000"));
}

Test(field_cipher, sm4_seals_and_opens, .init = setup, .fini = teardown)
{
    round_trips();
    cr_expect_eq(strncmp(sealed("x"), "\\x01000000a1", 12), 0);
    cr_expect_eq(strlen(sealed("x")), 2 + 2 * (1 + 4 + 16 + 1 + 32));
    no_digit_can_be_changed();
    no_other_place_opens();
}

Test(field_cipher, gcm_seals_and_opens, .init = setup_gcm, .fini = teardown)
{
    round_trips();
    cr_expect_eq(strncmp(sealed("x"), "\\x02000000c1", 12), 0);
    cr_expect_eq(strlen(sealed("x")), 2 + 2 * (1 + 4 + 16 + 1 + 16));
    no_digit_can_be_changed();
    no_other_place_opens();
}

Test(field_cipher, bytes_of_any_kind_and_length_up_to_the_limit, .init = setup, .fini = teardown)
{
    static unsigned char big[FIELD_PLAIN_MAX + 1];
    const char *hex = NULL;
    struct span got = {NULL, 0};
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (unsigned char)(i * 7);
    cr_assert(field_seal(ring, &phone, (struct span){big, FIELD_PLAIN_MAX}, arena, &hex, &err));
    cr_assert(field_open(ring, &phone, hex, arena, &got, &err));
    cr_expect(got.len == FIELD_PLAIN_MAX && memcmp(got.at, big, got.len) == 0);
    cr_expect_not(field_seal(ring, &phone, (struct span){big, sizeof big}, arena, &hex, &err));
    err_clear(&err);
    char *endless = arena_alloc(arena, 512);
    memset(endless, 'c', 511);
    const struct field_place far = {endless, "1"};
    cr_expect_not(field_seal(ring, &far, text_of("1"), arena, &hex, &err));
}

Test(field_cipher, opens_what_older_keys_wrote_until_they_are_removed, .init = setup,
     .fini = teardown)
{
    char id[FIELD_KEY_ID], lookup[FIELD_LOOKUP_ID];
    const char *old = sealed("13800000000");
    cr_assert(field_key_id(ring, id, &err) && field_lookup_id(ring, lookup, &err));
    cr_expect_str_eq(id, "\\x01000000a1");
    cr_expect_str_eq(lookup, "\\x000000b1");
    /* To another key, then to another algorithm. */
    keys_write(PAIR("000000a1", "retired", K16, K32_2) GCM_PAIR("000000c1", "active", K32_4)
                   LOOKUP("000000b1", "retired", K32_3) LOOKUP("000000b2", "active", K32_2));
    keys_wait();
    cr_expect(opens(&phone, old, "13800000000"));
    const char *fresh = sealed("13800000000");
    cr_assert(field_key_id(ring, id, &err) && field_lookup_id(ring, lookup, &err));
    cr_expect_str_eq(id, "\\x02000000c1");
    cr_expect_str_eq(lookup, "\\x000000b2");
    cr_expect_eq(strncmp(fresh, id, 12), 0);
    /* The old key is gone: what it wrote is lost, what the new one wrote is not. */
    keys_write(GCM_PAIR("000000c1", "active", K32_4) LOOKUP("000000b2", "active", K32_2));
    keys_wait();
    cr_expect_not(opens(&phone, old, "13800000000"));
    cr_expect_not_null(strstr(err.cause, "not in the key file"), "%s", err.cause);
    cr_expect(opens(&phone, fresh, "13800000000"));
    /* Another key of the same kid opens nothing. */
    keys_write(PAIR("000000a1", "active", K16, K32_4) LOOKUP("000000b2", "active", K32_2));
    keys_wait();
    cr_expect_not(opens(&phone, old, "13800000000"));
}

Test(field_cipher, a_pending_key_opens_and_does_not_write, .init = setup, .fini = teardown)
{
    keys_write(PAIR("000000a1", "active", K16, K32_2) PAIR("000000a2", "pending", K16, K32_4)
                   LOOKUP("000000b1", "active", K32_3));
    keys_wait();
    cr_expect_eq(strncmp(sealed("1"), "\\x01000000a1", 12), 0);
    keys_write(PAIR("000000a1", "retired", K16, K32_2) PAIR("000000a2", "active", K16, K32_4)
                   LOOKUP("000000b1", "active", K32_3));
    keys_wait();
    const char *of_another = sealed("1"); /* as a process would that is a step ahead */
    keys_write(PAIR("000000a1", "active", K16, K32_2) PAIR("000000a2", "pending", K16, K32_4)
                   LOOKUP("000000b1", "active", K32_3));
    keys_wait();
    cr_expect(opens(&phone, of_another, "1"));
}

Test(field_cipher, equal_values_have_equal_hashes, .init = setup, .fini = teardown)
{
    const char *a = NULL, *b = NULL, *other = NULL, *column = NULL, *all = NULL;
    const char *id = "identity.person.id_number";
    cr_assert(field_lookup(ring, id, text_of("110101199003074610"), arena, &a, &err));
    cr_assert(field_lookup(ring, id, text_of("110101199003074610"), arena, &b, &err));
    cr_assert(field_lookup(ring, id, text_of("110101199003074611"), arena, &other, &err));
    cr_assert(field_lookup(ring, "x", text_of("110101199003074610"), arena, &column, &err));
    cr_expect_str_eq(a, b);
    cr_expect_str_neq(a, other);
    cr_expect_str_neq(a, column);
    cr_expect_eq(strlen(a), 2 + 8 + 64);
    cr_expect_eq(strncmp(a, "\\x000000b1", 10), 0);
    cr_assert(field_lookups(ring, id, text_of("110101199003074610"), arena, &all, &err));
    cr_expect_str_eq(all, arena_printf(arena, "{\"\\%s\"}", a));
}

Test(field_cipher, hashes_of_every_key_are_searched_while_rotating, .init = setup, .fini = teardown)
{
    const char *before = NULL, *after = NULL, *all = NULL;
    cr_assert(field_lookup(ring, "c", text_of("1"), arena, &before, &err));
    keys_write(FIELD_KEYS LOOKUP("000000b2", "pending", K32_4));
    keys_wait();
    cr_assert(field_lookup(ring, "c", text_of("1"), arena, &after, &err));
    cr_expect_str_eq(before, after, "a pending key writes nothing");
    cr_assert(field_lookups(ring, "c", text_of("1"), arena, &all, &err));
    cr_expect_not_null(strstr(all, before));
    cr_expect_not_null(strstr(all, "\"\\\\x000000b2"));
    keys_write(PAIR("000000a1", "active", K16, K32_2) LOOKUP("000000b1", "retired", K32_3)
                   LOOKUP("000000b2", "active", K32_4));
    keys_wait();
    cr_assert(field_lookup(ring, "c", text_of("1"), arena, &after, &err));
    cr_expect_eq(strncmp(after, "\\x000000b2", 10), 0);
    cr_assert(field_lookups(ring, "c", text_of("1"), arena, &all, &err));
    cr_expect_not_null(strstr(all, before));
    cr_expect_not_null(strstr(all, after));
}

Test(field_cipher, a_full_arena_is_an_error, .init = setup, .fini = teardown)
{
    struct arena *small = arena_create(64);
    const char *hex = NULL;
    struct span got = {NULL, 0};
    cr_expect_not(field_seal(ring, &phone, text_of("1"), small, &hex, &err));
    cr_expect_eq(err.code, ERR_NO_MEMORY);
    err_clear(&err);
    cr_expect_not(field_lookups(ring, "c", text_of("1"), small, &hex, &err));
    cr_expect_eq(err.code, ERR_NO_MEMORY);
    err_clear(&err);
    cr_expect_not(field_open(ring, &phone, sealed("1"), small, &got, &err));
    arena_destroy(&small);
}

/* A module's keys are handles: nothing but the provider looks at their bytes. */
static unsigned calls;

static bool module_fits(enum key_alg alg, size_t len)
{
    (void)alg;
    return len == 3;
}

static bool module_cipher(const struct key *key, const struct cipher_job *job)
{
    calls += key->len == 3;
    for (size_t i = 0; i < job->in.len; i++)
        job->out[i] = ((const uint8_t *)job->in.at)[i] ^ job->iv[i % KEY_IV] ^ key->bytes[0];
    return true;
}

static bool module_mac(const struct key *key, const struct span *parts, size_t count,
                       uint8_t ret_mac[static KEY_DIGEST])
{
    calls += key->len == 3;
    memset(ret_mac, (int)(count + parts[0].len) & 127, KEY_DIGEST);
    return true;
}

static bool module_random(uint8_t *out, size_t n)
{
    memset(out, 7, n);
    return true;
}

Test(field_cipher, a_module_stands_in_for_openssl, .fini = keys_remove)
{
    static const struct key_provider module = {.name = "module",
                                               .fits = module_fits,
                                               .encrypt = module_cipher,
                                               .decrypt = module_cipher,
                                               .mac = module_mac,
                                               .random = module_random};
    arena = arena_create(1 << 20);
    keys_write(PAIR("000000a1", "active", "AAEC", "AAED") LOOKUP("000000b1", "active", "AAEE"));
    ring = keyring_open_with(&module, keys_path, KEY_NEEDS_FIELDS, &err);
    cr_assert_not_null(ring, "%s", err.cause);
    cr_expect(opens(&phone, sealed("13800000000"), "13800000000"), "%s", err.cause);
    cr_expect_eq(calls, 4);
    keyring_close(ring);
    arena_destroy(&arena);
}

/* Prints what one costs here. */
Test(field_cipher, what_it_costs, .init = setup, .fini = teardown)
{
    enum { ROUNDS = 2000 };
    struct arena_mark mark = arena_mark(arena);
    const char *hex = sealed("110101199003074610");
    struct span got = {NULL, 0};
    const char *names[] = {"field_seal", "field_open", "field_lookup"};
    for (int what = 0; what < 3; what++) {
        int64_t start = clock_ticks_us();
        for (int i = 0; i < ROUNDS; i++) {
            struct arena_mark here = arena_mark(arena);
            const char *out = NULL;
            bool done =
                what == 0
                    ? field_seal(ring, &phone, text_of("110101199003074610"), arena, &out, &err)
                : what == 1
                    ? field_open(ring, &phone, hex, arena, &got, &err)
                    : field_lookup(ring, "c", text_of("110101199003074610"), arena, &out, &err);
            cr_assert(done);
            arena_rewind(arena, here);
        }
        cr_log_info("%s %.2f us", names[what], (double)(clock_ticks_us() - start) / (double)ROUNDS);
    }
    arena_rewind(arena, mark);
}
