/* common/audit/chain.c - digests of rows and macs of seals. Decides nothing: verify.c does. */
#include "audit/chain.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "keys/openssl.h"
#include "keys/vault.h"

#include "core/banned.h"

enum { MAX_WORDS = 16, SEAL_PARTS = 14, ID_TEXT = 21 };

const char *const audit_column_names[AUDIT_COLUMNS] = {
    [AUDIT_ID] = "id",
    [AUDIT_RECORDED_AT] = "recorded_at",
    [AUDIT_AT] = "at",
    [AUDIT_ACCOUNT] = "account_id",
    [AUDIT_POST] = "post_id",
    [AUDIT_SESSION] = "session_id",
    [AUDIT_ADDRESS] = "address",
    [AUDIT_VERB] = "verb",
    [AUDIT_RECORD] = "record",
    [AUDIT_RECORD_ID] = "record_id",
    [AUDIT_VERSION] = "version",
    [AUDIT_OWNER] = "owner_division",
    [AUDIT_REQUEST] = "request_id",
    [AUDIT_REASON] = "reason",
    [AUDIT_BODY] = "body",
    [AUDIT_BEFORE] = "before",
};

static const char row_title[] = "zeren audit row 1", seal_title[] = "zeren audit seal 1";

/* Fetched once: looking an algorithm up costs more than a row's digest. */
static EVP_MD *sm3;
static pthread_once_t sm3_once = PTHREAD_ONCE_INIT;

static void sm3_fetch(void)
{
    sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
}

static void big_endian(uint64_t n, size_t bytes, uint8_t *out)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(n >> (8 * (bytes - 1 - i)));
}

static bool broken(struct err *err)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "%s", "SM3 cannot be computed");
    return false;
}

/* Four bytes of length and the text; NULL is the length that no text has. */
static bool digest_text(EVP_MD_CTX *c, const char *text)
{
    uint8_t length[4] = {0xff, 0xff, 0xff, 0xff};
    size_t n = text == NULL ? 0 : strlen(text);
    if (text != NULL)
        big_endian(n, sizeof length, length);
    return EVP_DigestUpdate(c, length, sizeof length) == 1 && EVP_DigestUpdate(c, text, n) == 1;
}

static bool digest_row(EVP_MD_CTX *c, const struct audit_row *row, uint8_t *ret)
{
    bool ok = EVP_DigestInit_ex2(c, sm3, NULL) == 1 && digest_text(c, row_title);
    for (size_t i = 0; ok && i < AUDIT_COLUMNS; i++)
        ok = digest_text(c, row->text[i]);
    return ok && EVP_DigestFinal_ex(c, ret, NULL) == 1;
}

bool chain_row_digest(const struct audit_row *row, uint8_t ret[static AUDIT_DIGEST],
                      struct err *err)
{
    pthread_once(&sm3_once, sm3_fetch);
    EVP_MD_CTX *c = sm3 == NULL ? NULL : EVP_MD_CTX_new();
    bool ok = c != NULL && digest_row(c, row, ret);
    EVP_MD_CTX_free(c);
    return ok || broken(err);
}

/* A message in parts; lengths live beside them until it is sent. */
struct message {
    struct span parts[2 * MAX_WORDS + SEAL_PARTS];
    uint8_t lengths[MAX_WORDS + SEAL_PARTS][4];
    size_t n, n_lengths;
};

static void put_bytes(struct message *m, const void *at, size_t len)
{
    assert(m->n < sizeof m->parts / sizeof *m->parts);
    m->parts[m->n++] = (struct span){.at = at, .len = len};
}

static void put_text(struct message *m, const char *text)
{
    assert(m->n_lengths < sizeof m->lengths / sizeof *m->lengths);
    uint8_t *length = m->lengths[m->n_lengths++];
    big_endian(strlen(text), sizeof *m->lengths, length);
    put_bytes(m, length, sizeof *m->lengths);
    put_bytes(m, text, strlen(text));
}

static bool send(struct keyring *ring, uint32_t *kid, const struct message *m, uint8_t *ret,
                 struct err *err)
{
    struct key_choice choice = {.purpose = KEY_SEAL, .kid = *kid};
    if (!keyring_mac(ring, &choice, m->parts, m->n, ret, err))
        return false;
    *kid = choice.kid;
    return true;
}

bool chain_seal_mac(struct keyring *ring, const char *service, struct audit_seal *seal,
                    uint8_t ret[static AUDIT_DIGEST], struct err *err)
{
    uint8_t seq[8], count[4], ids[AUDIT_BATCH][8];
    struct message m = {.n = 0};
    assert(seal->n <= AUDIT_BATCH);
    big_endian((uint64_t)seal->seq, sizeof seq, seq);
    big_endian(seal->n, sizeof count, count);
    for (size_t i = 0; i < seal->n; i++)
        big_endian((uint64_t)seal->ids[i], sizeof *ids, ids[i]);
    put_text(&m, seal_title);
    put_bytes(&m, seal->prev, sizeof seal->prev);
    put_text(&m, service);
    put_bytes(&m, seq, sizeof seq);
    put_bytes(&m, count, sizeof count);
    put_text(&m, seal->sealed_at);
    put_text(&m, seal->oldest);
    put_text(&m, seal->newest);
    put_bytes(&m, ids, seal->n * sizeof *ids);
    put_bytes(&m, seal->digests, seal->n * sizeof *seal->digests);
    return send(ring, &seal->kid, &m, ret, err);
}

bool chain_text_mac(struct keyring *ring, uint32_t *kid, const struct chain_text *t,
                    uint8_t ret[static AUDIT_DIGEST], struct err *err)
{
    struct message m = {.n = 0};
    assert(t->n_words <= MAX_WORDS);
    put_text(&m, t->title);
    if (t->prev != NULL)
        put_bytes(&m, t->prev, AUDIT_DIGEST);
    for (size_t i = 0; i < t->n_words; i++)
        put_text(&m, t->words[i]);
    return send(ring, kid, &m, ret, err);
}

bool chain_knows(struct keyring *ring, uint32_t kid)
{
    const struct keyset *set = keyring_take(ring);
    bool known = keyset_find(set, KEY_SEAL, kid) != NULL;
    keyring_give(set);
    return known;
}

void chain_hex(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

static int nibble(char c)
{
    const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

bool chain_unhex(const char *text, uint8_t *ret, size_t n)
{
    if (text == NULL || strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool chain_number(const char *text, int64_t *ret)
{
    return text != NULL && str_int(text, 0, INT64_MAX, ret);
}

/* "1,2,3" into the seal's ids. */
static bool parse_ids(const char *text, struct audit_seal *ret)
{
    char one[ID_TEXT];
    for (ret->n = 0; ret->n < AUDIT_BATCH; text++) {
        size_t n = strcspn(text, ",");
        if (n >= sizeof one)
            return false;
        memcpy(one, text, n);
        one[n] = '\0';
        if (!chain_number(one, &ret->ids[ret->n++]))
            return false;
        text += n;
        if (*text == '\0')
            return true;
    }
    return false;
}

static bool copy_text(char *to, size_t size, const char *from)
{
    int n = from == NULL ? -1 : snprintf(to, size, "%s", from);
    return n > 0 && (size_t)n < size;
}

bool chain_seal_parse(const char *const text[static AUDIT_SEAL_WORDS], struct audit_seal *ret)
{
    for (size_t i = 0; i < AUDIT_SEAL_WORDS; i++) {
        if (text[i] == NULL)
            return false;
    }
    return chain_number(text[0], &ret->seq) && key_kid_of(text[2], &ret->kid) &&
           copy_text(ret->sealed_at, sizeof ret->sealed_at, text[1]) &&
           copy_text(ret->oldest, sizeof ret->oldest, text[3]) &&
           copy_text(ret->newest, sizeof ret->newest, text[4]) && parse_ids(text[5], ret) &&
           chain_unhex(text[6], ret->digests[0], ret->n * AUDIT_DIGEST) &&
           chain_unhex(text[7], ret->prev, AUDIT_DIGEST) &&
           chain_unhex(text[8], ret->mac, AUDIT_DIGEST);
}

bool chain_equal(const uint8_t a[static AUDIT_DIGEST], const uint8_t b[static AUDIT_DIGEST])
{
    return vault_equal(a, b, AUDIT_DIGEST);
}
