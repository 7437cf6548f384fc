/* tests/unit/test_chain.c - digests of audit rows and macs of seals against vectors made by another
 * hand (the openssl program, from the format in common/audit/README.md), and what the judge calls
 * each kind of tampering. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify.h"
#include "core/clock.h"
#include "keys/vault.h"

static struct arena *arena;
static struct keyring *ring;
static struct err err;
static char dir[64];

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
    (void)chmod(path, 0600);
}

/* The key is 32 times 0x11. */
static void setup(void)
{
    char path[96];
    err_clear(&err);
    arena = arena_create(16 << 20);
    (void)snprintf(dir, sizeof dir, "/tmp/zeren-chain-%d", (int)getpid());
    (void)mkdir(dir, 0700);
    (void)snprintf(path, sizeof path, "%s/seal.keys", dir);
    write_text(path, "11111111 seal hmac-sm3 active 2026-11-22T00:00:00Z "
                     "ERERERERERERERERERERERERERERERERERERERERERE=\n");
    cr_assert(vault_init(&err), "%s", err.cause);
    ring = keyring_open(path, KEY_NEEDS(KEY_SEAL), &err);
    cr_assert_not_null(ring, "%s", err.cause);
}

static void teardown(void)
{
    static const char *const files[] = {"seal.keys", "s.head", "s.anchors", "s.head.new"};
    char path[96];
    keyring_close(ring);
    arena_destroy(&arena);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

TestSuite(chain, .init = setup, .fini = teardown, .timeout = 120);
TestSuite(heads, .init = setup, .fini = teardown, .timeout = 120);
TestSuite(verify, .init = setup, .fini = teardown, .timeout = 120);

static struct audit_row row_of(const char *id, const char *body)
{
    return (struct audit_row){.text = {[AUDIT_ID] = id,
                                       [AUDIT_RECORDED_AT] = "2026-11-22T01:00:00.000000Z",
                                       [AUDIT_AT] = "2026-11-22T01:00:00.000000Z",
                                       [AUDIT_VERB] = "v",
                                       [AUDIT_RECORD] = "item",
                                       [AUDIT_RECORD_ID] = "01950000-0000-7000-8000-000000000001",
                                       [AUDIT_VERSION] = "1",
                                       [AUDIT_OWNER] = "431302000000",
                                       [AUDIT_BODY] = body}};
}

Test(chain, a_row_has_the_digest_that_others_compute)
{
    uint8_t digest[AUDIT_DIGEST];
    char hex[2 * AUDIT_DIGEST + 1];
    struct audit_row row = row_of("1", "{\"a\": \"责\"}");
    cr_assert(chain_row_digest(&row, digest, &err), "%s", err.cause);
    chain_hex(digest, sizeof digest, hex);
    cr_assert_str_eq(hex, "a44c28024f53ca8ca7fae9d3eee5008f18fc2000907d9c8afa4865db15bcea2e");
}

Test(chain, nothing_of_a_row_can_change_unseen)
{
    uint8_t was[AUDIT_DIGEST], is[AUDIT_DIGEST];
    struct audit_row row = row_of("1", "{}");
    cr_assert(chain_row_digest(&row, was, &err));
    for (size_t c = 0; c < AUDIT_COLUMNS; c++) {
        struct audit_row other = row;
        other.text[c] = row.text[c] == NULL ? "" : NULL; /* an empty text is not NULL */
        cr_assert(chain_row_digest(&other, is, &err));
        cr_assert_not(chain_equal(was, is), "%s", audit_column_names[c]);
    }
    struct audit_row moved = row; /* the same letters, in other columns */
    moved.text[AUDIT_VERB] = "vi";
    moved.text[AUDIT_RECORD] = "tem";
    cr_assert(chain_row_digest(&moved, is, &err));
    cr_assert_not(chain_equal(was, is));
}

static struct audit_seal seal_of(int64_t seq, const uint8_t *prev, const struct audit_row *rows,
                                 size_t n)
{
    struct audit_seal s = {.seq = seq,
                           .sealed_at = "2026-11-22T01:00:01.000000Z",
                           .oldest = "2026-11-22T01:00:00.000000Z",
                           .newest = "2026-11-22T01:00:00.000000Z",
                           .n = n};
    for (size_t i = 0; i < n; i++) {
        cr_assert(chain_number(rows[i].text[AUDIT_ID], &s.ids[i]));
        cr_assert(chain_row_digest(&rows[i], s.digests[i], &err));
    }
    if (prev != NULL)
        memcpy(s.prev, prev, sizeof s.prev);
    cr_assert(chain_seal_mac(ring, "s", &s, s.mac, &err), "%s", err.cause);
    return s;
}

Test(chain, a_seal_has_the_mac_that_others_compute)
{
    char hex[2 * AUDIT_DIGEST + 1];
    struct audit_row row = row_of("1", "{\"a\": \"责\"}");
    struct audit_seal s = seal_of(1, NULL, &row, 1);
    cr_assert_eq(s.kid, 0x11111111);
    chain_hex(s.mac, sizeof s.mac, hex);
    cr_assert_str_eq(hex, "6140d153e8eedb64e6770b336e264678003fb654f9f751b7d817112fbae11611");
}

Test(chain, a_key_that_is_not_there_seals_nothing)
{
    uint8_t mac[AUDIT_DIGEST];
    struct audit_row row = row_of("1", "{}");
    struct audit_seal s = seal_of(1, NULL, &row, 1);
    s.kid = 0x22222222;
    cr_assert_not(chain_knows(ring, s.kid));
    cr_assert_not(chain_seal_mac(ring, "s", &s, mac, &err));
    cr_assert_eq(err.code, ERR_INTERNAL);
}

Test(chain, hexadecimal_is_read_strictly)
{
    uint8_t bytes[2];
    cr_assert(chain_unhex("00ff", bytes, 2));
    static const char *const bad[] = {"00f", "00fff", "00FF", "00fg", "", "0x00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(chain_unhex(bad[i], bytes, 2), "%s", bad[i]);
    cr_assert_not(chain_unhex(NULL, bytes, 2));
}

/* --- outside the database --- */

Test(heads, a_head_comes_back_and_a_changed_one_does_not)
{
    struct heads h = {.dir = dir, .ring = ring};
    struct audit_head head = {.seq = 7, .sealed_at = "2026-11-22T01:00:01.000000Z", .anchors = 2};
    struct audit_head back;
    char path[96];
    memset(head.mac, 0xab, sizeof head.mac);
    cr_assert(heads_read(&h, "s", arena, &back, &err));
    cr_assert_eq(back.seq, 0, "no file is the start of a chain");
    cr_assert(heads_write(&h, "s", &head, arena, &err), "%s", err.cause);
    cr_assert(heads_read(&h, "s", arena, &back, &err), "%s", err.detail);
    cr_assert_eq(back.seq, 7);
    cr_assert_eq(back.anchors, 2);
    cr_assert(chain_equal(back.mac, head.mac));
    const char *line = heads_line(ring, "s", &head, arena, &err);
    (void)snprintf(path, sizeof path, "%s/s.head", dir);
    for (size_t i = 0; i < strlen(line); i++) {
        char *bad = arena_strdup(arena, line);
        bad[i] = bad[i] == '6' ? '5' : '6';
        err_clear(&err);
        cr_assert_not(heads_parse(ring, "s", bad, &back, &err), "character %zu", i);
        cr_assert_eq(err.code, ERR_INVALID);
    }
    err_clear(&err);
    cr_assert_not(heads_parse(ring, "t", line, &back, &err), "another service's");
}

static void anchor_add(struct heads *h, struct anchors *list, int64_t seq, enum anchor_kind kind,
                       const char *note)
{
    struct anchor a = {.day = {2026, 11, 22}, .kind = kind, .seq = seq, .note = note};
    cr_assert(anchors_append(h, "s", &a, arena, list, &err), "%s", err.detail);
}

Test(heads, anchors_are_a_chain_of_lines)
{
    struct heads h = {.dir = dir, .ring = ring};
    struct anchors list = {.n = 0}, back;
    char path[96];
    anchor_add(&h, &list, 1, ANCHOR_DAY, "");
    anchor_add(&h, &list, 2, ANCHOR_RESTORED, "从备份恢复");
    anchor_add(&h, &list, 3, ANCHOR_DAY, "");
    cr_assert(anchors_read(&h, "s", arena, &back, &err), "%s", err.detail);
    cr_assert_eq(back.n, 3);
    cr_assert_str_eq(back.all[1].note, "从备份恢复");
    const char *text = anchors_text(&h, "s", arena, &err);
    char *bad = arena_strdup(arena, text);
    *strstr(bad, " day 1 ") = '_';
    cr_assert_not(anchors_parse(ring, "s", bad, arena, &back, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    err_clear(&err);
    cr_assert_not(anchors_parse(ring, "s", strchr(text, '\n') + 1, arena, &back, &err),
                  "without its first line");
    /* A crash left half a line: it is no line, and the next append cuts it off. */
    err_clear(&err);
    (void)snprintf(path, sizeof path, "%s/s.anchors", dir);
    write_text(path, arena_printf(arena, "%szeren-anchor 1 s 20", text));
    cr_assert(anchors_read(&h, "s", arena, &back, &err), "%s", err.detail);
    cr_assert_eq(back.n, 3);
    anchor_add(&h, &back, 4, ANCHOR_DAY, "");
    cr_assert(anchors_read(&h, "s", arena, &list, &err), "%s", err.detail);
    cr_assert_eq(list.n, 4);
}

/* --- the judge --- */

enum { SEALS = 3, ROWS = 2 };

struct story {
    struct audit_row rows[SEALS][ROWS];
    struct audit_seal *seals;
    struct audit_head head;
    struct anchors anchors;
};

static struct story tell(void)
{
    struct story s = {.seals = arena_array(arena, struct audit_seal, SEALS)};
    const uint8_t *prev = NULL;
    for (int i = 0; i < SEALS; i++) {
        for (int r = 0; r < ROWS; r++)
            s.rows[i][r] = row_of(arena_printf(arena, "%d", 1 + i * ROWS + r),
                                  arena_printf(arena, "{\"n\": %d}", i * ROWS + r));
        s.seals[i] = seal_of(i + 1, prev, s.rows[i], ROWS);
        prev = s.seals[i].mac;
    }
    s.head = (struct audit_head){.seq = SEALS, .sealed_at = "2026-11-22T01:00:01.000000Z"};
    memcpy(s.head.mac, s.seals[SEALS - 1].mac, sizeof s.head.mac);
    return s;
}

/* Judges the story; answers what was said, "" when all was well. `skip` leaves a seal out. */
static const char *judge(struct story *s, int n_seals, int skip, const struct audit_row *loose)
{
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);
    struct verify *v = verify_create(arena,
                                     &(struct verify_options){.service = "s",
                                                              .ring = ring,
                                                              .out = out,
                                                              .head = &s->head,
                                                              .anchors = &s->anchors,
                                                              .first = 1},
                                     &err);
    cr_assert_not_null(v);
    for (int i = 0; i < n_seals; i++) {
        struct store_rows rows = {.rows = s->rows[i],
                                  .n = s->rows[i][ROWS - 1].text[0] ? ROWS : ROWS - 1};
        if (i != skip)
            cr_assert(verify_seal(v, &s->seals[i], &rows, &err), "%s", err.cause);
    }
    if (loose != NULL)
        verify_loose(v, loose);
    int64_t faults = verify_end(v, &err);
    verify_destroy(v);
    (void)fclose(out);
    cr_assert_geq(faults, 0);
    const char *kept = arena_strdup(arena, said);
    free(said);
    cr_assert_eq(faults == 0, strstr(kept, "\"fault\"") == NULL);
    return faults == 0 ? "" : kept;
}

static int count_of(const char *said, const char *what)
{
    int n = 0;
    for (const char *at = strstr(said, what); at != NULL; at = strstr(at + 1, what))
        n++;
    return n;
}

#define cr_only(said, what)                                                                        \
    do {                                                                                           \
        cr_assert_not_null(strstr((said), (what)), "%s", (said));                                  \
        cr_assert_eq(count_of((said), "\"fault\""), 1, "%s", (said));                              \
    } while (0)

Test(verify, a_whole_chain_is_clean)
{
    struct story s = tell();
    cr_assert_str_eq(judge(&s, SEALS, -1, NULL), "");
}

Test(verify, a_changed_row_is_named)
{
    struct story s = tell();
    s.rows[1][0].text[AUDIT_BODY] = "{\"n\": 9}";
    cr_only(judge(&s, SEALS, -1, NULL),
            "\"row_changed\",\"service\":\"s\",\"seq\":2,\"audit_id\":3");
}

Test(verify, a_removed_row_is_named)
{
    struct story s = tell();
    s.rows[2][1] = (struct audit_row){.text = {NULL}};
    cr_only(judge(&s, SEALS, -1, NULL),
            "\"row_removed\",\"service\":\"s\",\"seq\":3,\"audit_id\":6");
}

Test(verify, swapped_rows_are_named_as_a_pair)
{
    struct story s = tell();
    struct audit_row a = s.rows[0][1], b = s.rows[2][0];
    s.rows[0][1] = b;
    s.rows[0][1].text[AUDIT_ID] = a.text[AUDIT_ID];
    s.rows[2][0] = a;
    s.rows[2][0].text[AUDIT_ID] = b.text[AUDIT_ID];
    const char *said = judge(&s, SEALS, -1, NULL);
    cr_only(said, "\"rows_swapped\",\"service\":\"s\",\"seq\":1,\"audit_id\":2");
    cr_assert_not_null(strstr(said, "row 5"));
}

Test(verify, an_old_row_without_a_seal_was_inserted)
{
    struct story s = tell();
    struct audit_row old = row_of("99", "{}"), fresh = row_of("99", "{}");
    old.text[AUDIT_RECORDED_AT] = "2026-11-22T00:30:00.000000Z";
    cr_only(judge(&s, SEALS, -1, &old), "\"row_inserted\",\"service\":\"s\",\"audit_id\":99");
    cr_assert_str_eq(judge(&s, SEALS, -1, &fresh), "", "one that waits for its seal is no fault");
}

Test(verify, a_cut_tail_is_seen_by_the_head)
{
    struct story s = tell();
    cr_only(judge(&s, SEALS - 1, -1, NULL), "\"tail_cut\"");
}

Test(verify, a_seal_taken_out_is_missed)
{
    struct story s = tell();
    cr_only(judge(&s, SEALS, 1, NULL), "\"seal_removed\",\"service\":\"s\",\"seq\":2");
}

Test(verify, a_changed_seal_is_named)
{
    struct story s = tell();
    s.seals[1].digests[0][0] ^= 1;
    cr_only(judge(&s, SEALS, -1, NULL), "\"seal_changed\",\"service\":\"s\",\"seq\":2");
    s = tell();
    s.seals[2].ids[0] = 77; /* the last one, its mac left as it was */
    cr_only(judge(&s, SEALS, -1, NULL), "\"seal_changed\",\"service\":\"s\",\"seq\":3");
}

/* Whoever has all of the database but not the key makes every digest and link right, and no mac. */
Test(verify, a_chain_rebuilt_without_the_key_is_called_so)
{
    struct story s = tell();
    s.rows[0][0].text[AUDIT_BODY] = "{\"n\": 666}";
    for (int i = 0; i < SEALS; i++) {
        cr_assert(chain_row_digest(&s.rows[i][0], s.seals[i].digests[0], &err));
        memset(s.seals[i].mac, 0x30 + i, sizeof s.seals[i].mac);
        if (i > 0)
            memcpy(s.seals[i].prev, s.seals[i - 1].mac, sizeof s.seals[i].prev);
    }
    cr_only(judge(&s, SEALS, -1, NULL), "\"chain_rebuilt\",\"service\":\"s\",\"seq\":1");
}

Test(verify, rows_dropped_after_their_time_are_no_fault)
{
    struct story s = tell();
    struct anchor dropped = {
        .kind = ANCHOR_DROPPED, .seq = 3, .note = "2026-12-01T00:00:00.000000Z"};
    memcpy(dropped.mac, s.head.mac, sizeof dropped.mac);
    memset(s.rows, 0, sizeof s.rows);
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);
    s.anchors = (struct anchors){.all = &dropped, .n = 1};
    struct verify *v = verify_create(arena,
                                     &(struct verify_options){.service = "s",
                                                              .ring = ring,
                                                              .out = out,
                                                              .head = &s.head,
                                                              .anchors = &s.anchors,
                                                              .first = 1},
                                     &err);
    struct store_rows none = {.n = 0};
    for (int i = 0; i < SEALS; i++)
        cr_assert(verify_seal(v, &s.seals[i], &none, &err));
    cr_assert_eq(verify_end(v, &err), 0);
    verify_destroy(v);
    (void)fclose(out);
    cr_assert_not_null(strstr(said, "\"retired\":6"));
    free(said);
}

/* A sealer that stands still is told apart from a chain that is wrong. */
Test(verify, a_row_that_waits_too_long_is_told)
{
    const int64_t limits[] = {0, 600, 900, 100000};
    struct audit_row row = {.text = {[AUDIT_ID] = "7"}};
    char at[32];
    clock_format(clock_now() - 800 * INT64_C(1000000), at);
    row.text[AUDIT_RECORDED_AT] = at;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char *said = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&said, &len);
        struct verify *v = verify_create(
            arena,
            &(struct verify_options){
                .service = "s", .ring = ring, .out = out, .first = 1, .pending_max_s = limits[i]},
            &err);
        cr_assert_not_null(v);
        cr_expect_not(verify_waits(v));
        verify_loose(v, &row);
        cr_expect_eq(verify_waits(v), limits[i] == 600);
        cr_assert_eq(verify_end(v, &err), 0);
        verify_destroy(v);
        (void)fclose(out);
        cr_expect_not_null(strstr(said, at), "%s", said);
        cr_expect_not_null(strstr(said, "\"waiting_s\":80"), "%s", said);
        free(said);
    }
}

Test(verify, an_anchor_holds_against_a_good_seal_of_another_chain)
{
    struct story s = tell();
    struct anchor day = {.kind = ANCHOR_DAY, .seq = 2, .note = ""};
    memset(day.mac, 1, sizeof day.mac);
    s.anchors = (struct anchors){.all = &day, .n = 1};
    cr_only(judge(&s, SEALS, -1, NULL), "\"anchor_changed\",\"service\":\"s\",\"seq\":2");
}
