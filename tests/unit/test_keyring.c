/* tests/unit/test_keyring.c - key files: what is read, what is refused, and what happens while a
 * process serves and the file changes under it. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "core/clock.h"
#include "keys_support.h"

TestSuite(keyring, .timeout = 120);

static struct err last;
static int refusals;

static void note(void *ctx, const struct err *err)
{
    (void)ctx;
    last = *err;
    refusals++;
}

static uint32_t active_kid(struct keyring *ring, enum key_purpose purpose)
{
    const struct keyset *set = keyring_take(ring);
    const struct key *key = keyset_active(set, purpose);
    uint32_t kid = key == NULL ? 0 : key->kid;
    keyring_give(set);
    return kid;
}

Test(keyring, reads_keys_and_comments, .fini = keys_remove)
{
    struct keyring *ring =
        keys_open("# comment\n\n" FIELD_KEYS PAIR("000000a2", "retired", K16, K32_4)
                      LOOKUP("fedcba98", "pending", K32_2) SEAL("00000001", "active", K32_4)
                          REFRESH("00000002", "active", K32_4),
                  KEY_NEEDS_FIELDS);
    const struct keyset *set = keyring_take(ring);
    cr_expect_eq(keyset_count(set), 8);
    const struct key *key = keyset_active(set, KEY_ENCRYPT);
    cr_assert_not_null(key);
    cr_expect_eq(key->kid, 0xa1);
    cr_expect_eq(key->alg, KEY_SM4_CTR);
    cr_expect_eq(key->len, 16);
    cr_expect_eq(key->bytes[0], 0x11);
    cr_expect_eq(key->bytes[15], 0x11);
    cr_expect_eq(key->created, (instant_us)1777593600 * 1000000);
    cr_expect_eq(keyset_find(set, KEY_LOOKUP, 0xfedcba98)->state, KEY_PENDING);
    cr_expect_eq(keyset_find(set, KEY_LOOKUP, 0xfedcba98)->bytes[31], 0x22);
    cr_expect_eq(keyset_find(set, KEY_MAC, 0xa2)->state, KEY_RETIRED);
    cr_expect_eq(keyset_active(set, KEY_REFRESH)->alg, KEY_HMAC_SHA256);
    cr_expect_null(keyset_find(set, KEY_MAC, 0xb1), "a kid of another purpose");
    cr_expect_null(keyset_at(set, 8));
    keyring_give(set);
    keyring_close(ring);
    keyring_close(NULL);
}

struct bad {
    const char *text, *cause;
};

Test(keyring, refuses_what_is_no_key_file_and_says_which_line, .fini = keys_remove)
{
    static const struct bad bad[] = {
        {"", "no key"},
        {"# nothing\n", "no key"},
        {FIELD_KEYS "x\n", "line 4 has not six fields"},
        {FIELD_KEYS "0000000g lookup hmac-sm3 retired" AT K32_2 "\n", "no kid"},
        {FIELD_KEYS "00000000 lookup hmac-sm3 retired" AT K32_2 "\n", "no kid"},
        {FIELD_KEYS "000000AB lookup hmac-sm3 retired" AT K32_2 "\n", "no kid"},
        {FIELD_KEYS "0000ab lookup hmac-sm3 retired" AT K32_2 "\n", "no kid"},
        {FIELD_KEYS "000000ab look hmac-sm3 retired" AT K32_2 "\n", "unknown purpose"},
        {FIELD_KEYS "000000ab lookup hmac-md5 retired" AT K32_2 "\n", "algorithm"},
        {FIELD_KEYS "000000ab lookup hmac-sha256 retired" AT K32_2 "\n", "algorithm"},
        {FIELD_KEYS "000000ab encrypt hmac-sm3 retired" AT K32_2 "\n", "algorithm"},
        {FIELD_KEYS "000000ab refresh hmac-sm3 retired" AT K32_2 "\n", "algorithm"},
        {FIELD_KEYS "000000ab lookup hmac-sm3 gone" AT K32_2 "\n", "unknown state"},
        {FIELD_KEYS "000000ab lookup hmac-sm3 retired yesterday " K32_2 "\n", "RFC 3339"},
        {FIELD_KEYS "000000ab  lookup hmac-sm3 retired" AT K32_2 "\n", "six fields"},
        {FIELD_KEYS " 000000ab lookup hmac-sm3 retired" AT K32_2 "\n", "six fields"},
        {FIELD_KEYS "000000ab lookup hmac-sm3 retired" AT K32_2 " \n", "six fields"},
        {FIELD_KEYS "000000ab lookup hmac-sm3 retired" AT K32_2 "\r\n", "base64"},
        {FIELD_KEYS "000000ab lookup hmac-sm3 retired" AT K16 "\n", "base64"},
        {FIELD_KEYS "000000ab lookup hmac-sm3 retired" AT "IiI*\n", "base64"},
        {FIELD_KEYS "000000ab lookup hmac-sm3 retired" AT "====\n", "base64"},
        /* The same key in another spelling: the last digit's spare bits are not 0. */
        {FIELD_KEYS "000000ab lookup hmac-sm3 retired" AT
                    "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiJ=\n",
         "base64"},
        {FIELD_KEYS LOOKUP("000000b1", "retired", K32_2), "repeats a kid"},
        {FIELD_KEYS LOOKUP("000000b2", "active", K32_2), "second active"},
        {FIELD_KEYS "000000a2 mac hmac-sm3 retired" AT K32_2 "\n", "without its pair"},
        {FIELD_KEYS "000000a2 encrypt sm4-ctr retired" AT K16 "\n", "without its pair"},
        {FIELD_KEYS "000000a2 encrypt sm4-ctr retired" AT K16
                    "\n000000a2 mac hmac-sm3 pending" AT K32_2 "\n",
         "without its pair"},
        {FIELD_KEYS "000000b2 lookup hmac-sm3 retired" AT K32_2, "line 4 does not end"},
        {PAIR("000000a1", "active", K16, K32_2), "no active key of purpose lookup"},
        {PAIR("000000a1", "retired", K16, K32_2) LOOKUP("000000b1", "active", K32_3),
         "no active key of purpose encrypt"},
        {PAIR("000000a1", "active", K16, K32_2) LOOKUP("000000b1", "pending", K32_3),
         "no active key of purpose lookup"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        keys_write(bad[i].text);
        cr_expect_null(keyring_open(keys_path, KEY_NEEDS_FIELDS, &err), "%zu", i);
        cr_expect_eq(err.code, ERR_INTERNAL);
        cr_expect_not_null(strstr(err.cause, bad[i].cause), "%zu: %s", i, err.cause);
        cr_expect_null(strstr(err.cause, "IiIi"), "a cause holds no key");
        cr_expect_null(strstr(err.detail, keys_dir), "the client learns no path");
    }
}

Test(keyring, refuses_a_file_others_can_write_or_that_is_missing, .fini = keys_remove)
{
    struct err err = {0};
    keys_write(FIELD_KEYS);
    cr_assert_eq(chmod(keys_path, 0620), 0);
    cr_expect_null(keyring_open(keys_path, KEY_NEEDS_FIELDS, &err));
    cr_expect_not_null(strstr(err.cause, "written by others"), "%s", err.cause);
    cr_assert_eq(unlink(keys_path), 0);
    err_clear(&err);
    cr_expect_null(keyring_open(keys_path, KEY_NEEDS_FIELDS, &err));
    cr_expect_not_null(strstr(err.cause, "cannot be read"), "%s", err.cause);
}

Test(keyring, holds_at_most_so_many_keys, .fini = keys_remove)
{
    static char text[KEYRING_FILE_BYTES];
    size_t len = 0;
    struct err err = {0};
    for (int i = 1; i <= KEYRING_KEYS + 1; i++)
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%08x seal hmac-sm3 %s" AT K32_2 "\n",
                             i, i == 1 ? "active" : "retired");
    keys_write(text);
    cr_expect_null(keyring_open(keys_path, KEY_NEEDS(KEY_SEAL), &err));
    cr_expect_not_null(strstr(err.cause, "as many keys"), "%s", err.cause);
}

Test(keyring, takes_a_changed_file_in_and_keeps_what_is_in_use, .fini = keys_remove)
{
    int64_t began = clock_ticks_us();
    struct keyring *ring = keys_open(FIELD_KEYS, KEY_NEEDS_FIELDS);
    keyring_on_refused(ring, note, NULL);
    const struct keyset *old = keyring_take(ring);
    keys_write(PAIR("000000a1", "retired", K16, K32_2) PAIR("000000a2", "active", K16, K32_4)
                   LOOKUP("000000b1", "active", K32_3));
    bool is_old = active_kid(ring, KEY_ENCRYPT) == 0xa1;
    cr_expect(is_old || clock_ticks_us() - began > 300000, "not looked at yet");
    keys_wait();
    cr_expect_eq(active_kid(ring, KEY_ENCRYPT), 0xa2);
    cr_expect_eq(keyset_active(old, KEY_ENCRYPT)->kid, 0xa1, "what was taken stays");
    cr_expect_eq(keyset_active(old, KEY_ENCRYPT)->bytes[3], 0x11);
    keyring_give(old);
    cr_expect_eq(refusals, 0);
    keyring_close(ring);
}

Test(keyring, refuses_a_bad_change_once_and_keeps_the_keys_before, .fini = keys_remove)
{
    struct keyring *ring = keys_open(FIELD_KEYS, KEY_NEEDS_FIELDS);
    keyring_on_refused(ring, note, NULL);
    keys_write("rubbish\n");
    for (int i = 0; i < 3; i++) {
        keys_wait();
        cr_expect_eq(active_kid(ring, KEY_ENCRYPT), 0xa1);
    }
    cr_expect_eq(refusals, 1);
    cr_expect_not_null(strstr(last.cause, "line 1"), "%s", last.cause);
    cr_assert_eq(unlink(keys_path), 0);
    for (int i = 0; i < 2; i++) {
        keys_wait();
        cr_expect_eq(active_kid(ring, KEY_ENCRYPT), 0xa1);
    }
    cr_expect_eq(refusals, 2, "a missing file is another change");
    keys_write(LOOKUP("000000b1", "active", K32_3));
    keys_wait();
    cr_expect_eq(active_kid(ring, KEY_ENCRYPT), 0xa1, "a file without what is needed");
    cr_expect_eq(refusals, 3);
    keys_write(PAIR("000000a7", "active", K16, K32_2) LOOKUP("000000b1", "active", K32_3));
    keys_wait();
    cr_expect_eq(active_kid(ring, KEY_ENCRYPT), 0xa7);
    keyring_close(ring);
}

/* A process out of descriptors reads no file; the one that waits there is good. */
Test(keyring, reads_again_what_could_not_be_read_for_a_moment, .fini = keys_remove)
{
    struct keyring *ring = keys_open(FIELD_KEYS, KEY_NEEDS_FIELDS);
    keyring_on_refused(ring, note, NULL);
    keys_write(PAIR("000000a7", "active", K16, K32_2) LOOKUP("000000b1", "active", K32_3));
    struct rlimit before, none = {.rlim_cur = 0};
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    uint32_t meanwhile[2];
    for (int i = 0; i < 2; i++) {
        keys_wait();
        meanwhile[i] = active_kid(ring, KEY_ENCRYPT);
    }
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    cr_expect(meanwhile[0] == 0xa1 && meanwhile[1] == 0xa1);
    cr_expect_eq(refusals, 1, "told once");
    keys_wait();
    cr_expect_eq(active_kid(ring, KEY_ENCRYPT), 0xa7);
    cr_expect_eq(refusals, 1);
    keyring_close(ring);
}

static atomic_bool stop;
static atomic_int wrong;

/* Any set is whole: its key bytes are those that its kid says. */
static void *use(void *ring)
{
    while (!atomic_load(&stop)) {
        const struct keyset *set = keyring_take(ring);
        const struct key *key = keyset_active(set, KEY_SEAL);
        uint8_t expected = key->kid == 1 ? 0x22 : 0x33;
        for (size_t i = 0; i < key->len; i++)
            atomic_fetch_add(&wrong, key->bytes[i] != expected);
        keyring_give(set);
    }
    return NULL;
}

Test(keyring, changes_under_many_threads, .fini = keys_remove)
{
    pthread_t threads[4];
    struct keyring *ring = keys_open(SEAL("00000001", "active", K32_2), KEY_NEEDS(KEY_SEAL));
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, use, ring), 0);
    for (int i = 0; i < 6; i++) {
        keys_write(i % 2 == 0 ? SEAL("00000002", "active", K32_3)
                              : SEAL("00000001", "active", K32_2));
        keys_wait();
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_expect_eq(wrong, 0);
    keyring_close(ring);
}

Test(keyring, macs_under_the_active_key_or_the_one_named, .fini = keys_remove)
{
    struct keyring *ring = keys_open(
        SEAL("00000001", "active", K32_2) SEAL("00000002", "retired", K32_3), KEY_NEEDS(KEY_SEAL));
    uint8_t a[KEY_DIGEST], b[KEY_DIGEST];
    struct err err = {0};
    const struct span whole[] = {{"abcdef", 6}}, parts[] = {{"abc", 3}, {NULL, 0}, {"def", 3}};
    struct key_choice choice = {.purpose = KEY_SEAL};
    cr_assert(keyring_mac(ring, &choice, whole, 1, a, &err));
    cr_expect_eq(choice.kid, 1);
    cr_assert(keyring_mac(ring, &choice, parts, 3, b, &err));
    cr_expect(vault_equal(a, b, sizeof a), "parts have no borders");
    choice.kid = 2;
    cr_assert(keyring_mac(ring, &choice, whole, 1, b, &err));
    cr_expect_not(vault_equal(a, b, sizeof a));
    choice.kid = 3;
    cr_expect_not(keyring_mac(ring, &choice, whole, 1, b, &err));
    cr_expect_eq(err.code, ERR_INTERNAL);
    cr_expect_not_null(strstr(err.cause, "00000003"), "%s", err.cause);
    keyring_close(ring);
}

Test(keyring, words_and_kids)
{
    char text[KEY_KID_TEXT];
    uint32_t kid = 0;
    enum key_purpose purpose;
    key_kid_text(0x00c0ffee, text);
    cr_expect_str_eq(text, "00c0ffee");
    cr_expect(key_kid_of("00c0ffee", &kid) && kid == 0x00c0ffee);
    cr_expect_not(key_kid_of(NULL, &kid));
    cr_expect_not(key_kid_of("00c0ffee0", &kid));
    cr_expect(key_purpose_of("seal", &purpose) && purpose == KEY_SEAL);
    cr_expect_not(key_purpose_of("", &purpose));
    cr_expect_not(key_purpose_of(NULL, &purpose));
    cr_expect_str_eq(key_state_name(KEY_RETIRED), "retired");
    cr_expect_str_eq(key_alg_name(KEY_AES_256_GCM), "aes-256-gcm");
    cr_expect_null(key_purpose_name(KEY_PURPOSES));
}
