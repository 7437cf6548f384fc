/* tests/data/generate_blocks.c - yearly blocks of the households of a synthetic archive, as tables
 * with the headings of the import: income with every line, its figures computed here besides;
 * three guarantees; living conditions. Chance of its own for each household, so that the archive is
 * the same with and without them. Known faults are told as those of the archive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"

#define X(name, ...) I_##name,
enum income_column {
#include "../../services/monitoring/bulk_income.def"
    INCOME_COLUMNS
};
#undef X
#define X(name, ...) G_##name,
enum guarantee_column {
#include "../../services/monitoring/bulk_guarantees.def"
    GUARANTEE_COLUMNS
};
#undef X
#define X(name, ...) L_##name,
enum living_column {
#include "../../services/monitoring/bulk_living.def"
    LIVING_COLUMNS
};
#undef X
#define X(name, label, ...) label,
static const char *const income_headings[] = {
#include "../../services/monitoring/bulk_income.def"
};
static const char *const guarantee_headings[] = {
#include "../../services/monitoring/bulk_guarantees.def"
};
static const char *const living_headings[] = {
#include "../../services/monitoring/bulk_living.def"
};
#undef X

enum { WIDEST = INCOME_COLUMNS, TEXT = CELL, FIRST_LINE = I_a1, LAST_LINE = I_e4 };
_Static_assert((int)LIVING_COLUMNS <= (int)WIDEST, "WIDEST is too small");

struct block {
    char cells[WIDEST][TEXT];
};

struct sheet {
    FILE *file;
    unsigned rows; /* with the heading */
};

struct blocks {
    struct sheet incomes, guarantees, living;
    FILE *faults;
    uint64_t seed, state;
    int year, dirty, n_faults;
    char last_day[9];
};

static int between(struct blocks *b, int low, int high)
{
    uint64_t z = (b->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return low + (int)((z ^ (z >> 31)) % (uint64_t)(high - low + 1));
}

static bool chance(struct blocks *b, int per_mille)
{
    return between(b, 0, 999) < per_mille;
}

static void say(struct block *row, int column, const char *text)
{
    snprintf(row->cells[column], TEXT, "%s", text);
}

static void write_row(struct sheet *s, const struct block *row, int columns)
{
    for (int i = 0; i < columns; i++)
        fprintf(s->file, "%s%s", i == 0 ? "" : ",", row->cells[i]);
    fputs("\r\n", s->file);
    s->rows++;
}

static bool open_sheet(struct sheet *s, const char *dir, const char *name,
                       const char *const *headings, int columns)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.csv", dir, name);
    *s = (struct sheet){fopen(path, "w"), 1};
    for (int i = 0; s->file != NULL && i < columns; i++)
        fprintf(s->file, "%s%s", i == 0 ? "" : ",", headings[i]);
    if (s->file != NULL)
        fputs("\r\n", s->file);
    return s->file != NULL;
}

struct blocks *blocks_open(const char *dir, const struct blocks_wanted *w)
{
    char path[4096];
    struct blocks *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    *b = (struct blocks){.seed = w->seed, .year = w->year, .dirty = w->dirty};
    snprintf(b->last_day, sizeof b->last_day, "%s", w->last_day);
    snprintf(path, sizeof path, "%s/block_faults.csv", dir);
    b->faults = fopen(path, "w");
    if (b->faults == NULL ||
        !open_sheet(&b->incomes, dir, "incomes", income_headings, INCOME_COLUMNS) ||
        !open_sheet(&b->guarantees, dir, "three_guarantees", guarantee_headings,
                    GUARANTEE_COLUMNS) ||
        !open_sheet(&b->living, dir, "living_conditions", living_headings, LIVING_COLUMNS))
        return NULL;
    fputs("table,row,column,kind,code\r\n", b->faults);
    return b;
}

/* ---- income ---- */

static int64_t fen(struct blocks *b, int low, int high)
{
    return (int64_t)between(b, low, high) * 100 + (chance(b, 300) ? between(b, 1, 99) : 0);
}

/* Whoever lived there on the last day: born by then. */
static int heads(const struct blocks *b, const struct family *f)
{
    int n = 0;
    for (int i = 0; i < f->n; i++)
        n += strncmp(f->members[i].cells[M_id_number] + 6, b->last_day, 8) <= 0;
    return n;
}

/* What somebody working away brings home, old-age pensions, subsidies by head. */
static void earn_by_member(struct blocks *b, const struct family *f, int64_t *lines)
{
    for (int i = 0; i < f->n; i++) {
        const struct row *m = &f->members[i];
        int age = b->year - atoi((char[]){m->cells[M_id_number][6], m->cells[M_id_number][7],
                                          m->cells[M_id_number][8], m->cells[M_id_number][9], 0});
        lines[I_a1] += atoi(m->cells[M_work_months]) * (int64_t)atoi(m->cells[M_work_income]) * 60;
        if (age >= 61)
            lines[I_d4] += fen(b, 1300, 2600);
        if (age >= 81)
            lines[I_d6d] += fen(b, 300, 600);
        if (age >= 18 && age < 60 && chance(b, 120))
            lines[I_a5] += fen(b, 400, 4000);
    }
}

static void earn(struct blocks *b, const struct family *f, int64_t *lines)
{
    static const int rare[] = {I_a2, I_a3,  I_a4,  I_b3,  I_b4,  I_c1,  I_c3,  I_c4,  I_c5,
                               I_d1, I_d5a, I_d5b, I_d5d, I_d6a, I_d6g, I_d6h, I_d6l, I_d6p};
    earn_by_member(b, f, lines);
    lines[I_b1] = fen(b, 1500, 14000);
    lines[I_e1] = lines[I_b1] * between(b, 15, 40) / 100;
    if (chance(b, 450)) {
        lines[I_b2] = fen(b, 800, 16000);
        lines[I_e2] = lines[I_b2] * between(b, 30, 60) / 100;
    }
    if (chance(b, 350))
        lines[I_c2] = fen(b, 150, 2500);
    lines[I_d6b] = fen(b, 90, 700);
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++) {
        if (chance(b, 60))
            lines[rare[i]] += fen(b, 50, 3000);
    }
    lines[I_e3] = lines[I_b3] * between(b, 10, 30) / 100;
    lines[I_e4] = lines[I_b4] * between(b, 20, 50) / 100;
    if (lines[I_a1] + lines[I_d4] == 0) /* everybody lives of something */
        lines[I_a5] += fen(b, 6000, 18000) * f->n;
}

static void say_fen(struct block *row, int column, int64_t amount)
{
    int64_t size = amount < 0 ? -amount : amount;
    snprintf(row->cells[column], TEXT, "%s%lld.%02lld", amount < 0 ? "-" : "",
             (long long)(size / 100), (long long)(size % 100));
}

/* Half away from zero. */
static int64_t by_head(int64_t amount, int n)
{
    int64_t size = amount < 0 ? -amount : amount;
    int64_t share = (2 * size + n) / (2 * n);
    return amount < 0 ? -share : share;
}

static int64_t sum(const int64_t *lines, int first, int last)
{
    int64_t all = 0;
    for (int i = first; i <= last; i++)
        all += lines[i];
    return all;
}

static void say_figures(struct block *row, const int64_t *lines, int n)
{
    int64_t wage = sum(lines, I_a1, I_a5), production = sum(lines, I_b1, I_b4);
    int64_t property = sum(lines, I_c1, I_c5), transfer = sum(lines, I_d1, I_d6p);
    int64_t expense = sum(lines, I_e1, I_e4);
    int64_t net = wage + production + property + transfer - expense;
    int64_t reference = net + lines[I_claims] - lines[I_compliant_expense];
    snprintf(row->cells[I_headcount], TEXT, "%d", n);
    say_fen(row, I_wage, wage);
    say_fen(row, I_production, production);
    say_fen(row, I_property, property);
    say_fen(row, I_transfer, transfer);
    say_fen(row, I_expense, expense);
    say_fen(row, I_net, net);
    say_fen(row, I_per_capita, by_head(net, n));
    say_fen(row, I_reference, reference);
    say_fen(row, I_reference_per_capita, by_head(reference, n));
}

static void say_income(struct blocks *b, const struct family *f, struct block *row)
{
    int64_t lines[INCOME_COLUMNS] = {0};
    earn(b, f, lines);
    if (chance(b, 150)) {
        lines[I_compliant_expense] = fen(b, 300, 9000);
        lines[I_claims] = lines[I_compliant_expense] * between(b, 20, 70) / 100;
    }
    say(row, I_household_number, f->household.cells[H_household_number]);
    say(row, I_owner_division, f->household.cells[H_owner_division]);
    say(row, I_head_name, f->members[0].cells[M_name]);
    snprintf(row->cells[I_year], TEXT, "%d", b->year);
    say(row, I_stage, "年度");
    say(row, I_period_end, b->last_day);
    for (int i = FIRST_LINE; i <= LAST_LINE; i++)
        say_fen(row, i, lines[i]);
    say_fen(row, I_claims, lines[I_claims]);
    say_fen(row, I_compliant_expense, lines[I_compliant_expense]);
    say_figures(row, lines, heads(b, f));
}

/* ---- the other two ---- */

static const char *yes(struct blocks *b, int per_mille)
{
    return chance(b, per_mille) ? "是" : "否";
}

static void say_guarantees(struct blocks *b, const struct family *f, struct block *row)
{
    say(row, G_household_number, f->household.cells[H_household_number]);
    say(row, G_owner_division, f->household.cells[H_owner_division]);
    say(row, G_head_name, f->members[0].cells[M_name]);
    snprintf(row->cells[G_year], TEXT, "%d", b->year);
    say(row, G_stage, "年度");
    for (int i = G_housing_unsafe; i <= G_uninsured; i++)
        say(row, i, "否");
    say(row, G_water_unsafe, yes(b, 4));
}

static void say_living(struct blocks *b, const struct family *f, struct block *row)
{
    static const char *const roads[] = {"水泥路", "沥青路", "砂石路"};
    static const char *const fuels[] = {"柴草", "燃气", "电", "煤炭"};
    say(row, L_household_number, f->household.cells[H_household_number]);
    say(row, L_owner_division, f->household.cells[H_owner_division]);
    say(row, L_head_name, f->members[0].cells[M_name]);
    snprintf(row->cells[L_year], TEXT, "%d", b->year);
    say(row, L_stage, "年度");
    for (int i = L_farmland; i <= L_orchard; i++)
        say_fen(row, i,
                i == L_farmland  ? between(b, 50, 900)
                : chance(b, 300) ? between(b, 10, 600)
                                 : 0);
    say(row, L_road_kind, roads[between(b, 0, 2)]);
    say_fen(row, L_road_distance, between(b, 1, 180));
    say(row, L_cooperative, yes(b, 200));
    say(row, L_house_grade, chance(b, 700) ? "A级" : "B级");
    say_fen(row, L_house_area, between(b, 60, 200) * 100);
    say(row, L_fuel, fuels[between(b, 0, 3)]);
    say(row, L_enterprise_led, yes(b, 100));
    say(row, L_leader_led, yes(b, 150));
    say(row, L_electricity, "是");
    say(row, L_broadcast, "是");
    say(row, L_support_kind, chance(b, 300) ? "种植" : "无");
    say(row, L_sanitary_toilet, "是");
    say(row, L_safe_water, "是");
}

/* ---- faults of income, one a row, in turn ---- */

static void spoil_income(struct blocks *b, struct block *row)
{
    static const struct {
        const char *kind, *code, *value;
        int column;
    } kinds[] = {
        {"words_for_an_amount", "not_a_number", "三千", I_a1},
        {"negative_amount", "not_a_number", "-1", I_b1},
        {"too_large_amount", "too_large", "123456789", I_d2},
        {"unknown_stage", "not_one_of", "年中", I_stage},
        {"year_to_come", "in_future", "2199", I_year},
        {"year_too_early", "too_early", "2001", I_year},
        {"window_of_another_year", "contradicts", "20190630", I_period_end},
        {"no_day", "not_a_date", "2025-13-40", I_period_start},
        {"unknown_household", "bundle_unknown", "SYN-NOBODY", I_household_number},
    };
    size_t at = (size_t)b->n_faults++ % (sizeof kinds / sizeof *kinds);
    say(row, kinds[at].column, kinds[at].value);
    if (strcmp(kinds[at].kind, "unknown_household") == 0)
        snprintf(row->cells[I_household_number], TEXT, "SYN-NOBODY-%d", b->n_faults);
    fprintf(b->faults, "家庭收支,%u,%s,%s,%s\r\n", b->incomes.rows + 1,
            income_headings[kinds[at].column], kinds[at].kind, kinds[at].code);
}

void blocks_put(struct blocks *b, const struct family *f, int64_t n)
{
    static struct block income, guarantees, living;
    b->state = (b->seed ^ 0x5eedb10c5eedb10cu) + (uint64_t)n * 0xd1342543de82ef95u;
    memset(&income, 0, sizeof income);
    memset(&guarantees, 0, sizeof guarantees);
    memset(&living, 0, sizeof living);
    say_income(b, f, &income);
    say_guarantees(b, f, &guarantees);
    say_living(b, f, &living);
    if (chance(b, b->dirty))
        spoil_income(b, &income);
    write_row(&b->incomes, &income, INCOME_COLUMNS);
    write_row(&b->guarantees, &guarantees, GUARANTEE_COLUMNS);
    write_row(&b->living, &living, LIVING_COLUMNS);
}

bool blocks_close(struct blocks *b)
{
    bool good = true;
    FILE *const files[] = {b->incomes.file, b->guarantees.file, b->living.file, b->faults};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        good = !ferror(files[i]) && good;
        good = fclose(files[i]) == 0 && good;
    }
    free(b);
    return good;
}
