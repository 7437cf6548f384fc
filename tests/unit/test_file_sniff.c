/* tests/unit/test_file_sniff.c - office documents of before 2007 are told by their streams, and
 * macros among them are found wherever they stand; what is cut short is damaged. The files are made
 * here. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/sniff.h"

TestSuite(file_sniff, .timeout = 120);

enum { CHUNK = 64 * 1024, WHOLE = 3 * CHUNK };

static const unsigned char OLE[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};

static unsigned char bytes[WHOLE];

static void begin(void)
{
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, OLE, sizeof OLE);
}

/* A stream's name, as a directory entry has it. */
static void name_at(size_t at, const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++)
        bytes[at + 2 * i] = (unsigned char)name[i];
}

/* The same bytes in a file of `there`, which says that it has `said`. */
static bool told(size_t there, int64_t said, struct sniffed *ret)
{
    FILE *f = tmpfile();
    cr_assert_not_null(f);
    cr_assert_eq(fwrite(bytes, 1, there, f), there);
    cr_assert_eq(fflush(f), 0);
    *ret = (struct sniffed){.refusal = "untouched"};
    bool is = sniff_ole(fileno(f), said, ret);
    (void)fclose(f);
    return is;
}

static void expect(const char *type, const char *refusal)
{
    struct sniffed s;
    cr_assert(told(WHOLE, WHOLE, &s));
    cr_expect_str_eq(s.type, type);
    if (refusal == NULL)
        cr_expect_null(s.refusal);
    else
        cr_expect_str_eq(s.refusal, refusal);
}

Test(file_sniff, a_document_is_named_by_its_stream)
{
    static const struct {
        const char *stream, *type;
    } cases[] = {{"WordDocument", "application/msword"},
                 {"Workbook", "application/vnd.ms-excel"},
                 {"PowerPoint Document", "application/vnd.ms-powerpoint"},
                 {"Contents", "application/x-ole-storage"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        name_at(1024, cases[i].stream);
        expect(cases[i].type, NULL);
    }
}

Test(file_sniff, macros_are_found_at_every_place)
{
    static const size_t places[] = {512,        CHUNK - 2,      CHUNK - 13,
                                    CHUNK - 24, 2 * CHUNK - 40, WHOLE - 24};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        begin();
        name_at(256, "WordDocument");
        name_at(places[i], "_VBA_PROJECT");
        expect("application/msword", "macros");
    }
}

Test(file_sniff, a_document_cut_short_is_damaged)
{
    struct sniffed s;
    begin();
    name_at(1024, "Workbook");
    cr_assert(told(CHUNK, WHOLE, &s));
    cr_expect_str_eq(s.refusal, "damaged");
}

Test(file_sniff, what_is_none_is_left_alone)
{
    struct sniffed s;
    begin();
    bytes[7] = 0;
    cr_expect_not(told(WHOLE, WHOLE, &s));
    begin();
    cr_expect_not(told(4, 4, &s), "four bytes are no head");
    cr_expect_str_eq(s.refusal, "untouched");
}
