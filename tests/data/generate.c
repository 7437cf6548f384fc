/* tests/data/generate.c - synthetic archives: households and members on real divisions, with their
 * blocks of a year where they are asked for, as tables with the headings of the import
 * (services/monitoring/bulk_*.def). Seeded: the same options give the same bytes, and --skip leaves
 * out the first households of the same archive. ID numbers are valid in form and invented,
 * household numbers begin with SYN. Knows no database and no service.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generate.h"

/* ---- chance ---- */

static uint64_t state;
static unsigned series; /* of household numbers: archives of two seeds have none in common */

static uint64_t next(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int between(int low, int high)
{
    return low + (int)(next() % (uint64_t)(high - low + 1));
}

static bool chance(int per_mille)
{
    return (int)(next() % 1000) < per_mille;
}

/* ---- divisions: villages, with the county that each lies in ---- */

struct village {
    char code[13];
    int county;
};

static struct village *villages;
static int n_villages, n_counties;

static bool read_villages(const char *under)
{
    char line[512], county[7] = "";
    size_t room = 0, len = strlen(under);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strlen(line) < 13 || line[12] != ',' || memcmp(line + 9, "000", 3) == 0 ||
            strncmp(line, under, len) != 0)
            continue;
        if ((size_t)n_villages == room) {
            room = room == 0 ? 4096 : room * 2;
            villages = realloc(villages, room * sizeof *villages);
            if (villages == NULL)
                return false;
        }
        if (memcmp(county, line, 6) != 0) {
            memcpy(county, line, 6);
            n_counties++;
        }
        memcpy(villages[n_villages].code, line, 12);
        villages[n_villages].code[12] = '\0';
        villages[n_villages++].county = n_counties - 1;
    }
    return n_villages > 0;
}

/* ---- days: number 0 is 1920-01-01 ---- */

enum { DAYS = 365 * 110 };
static int year_now, today;

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int day_number(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int n = day - 1 + before[month - 1] + (month > 2 && is_leap(year));
    for (int y = 1920; y < year; y++)
        n += 365 + is_leap(y);
    return n;
}

static void day_text(int n, char out[static 9])
{
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1920, month = 0;
    for (; n >= 365 + is_leap(year); year++)
        n -= 365 + is_leap(year);
    for (; n >= length[month] + (month == 1 && is_leap(year)); month++)
        n -= length[month] + (month == 1 && is_leap(year));
    snprintf(out, 9, "%04u%02u%02u", (unsigned)year % 10000, (unsigned)(month + 1) % 100,
             (unsigned)(n + 1) % 100);
}

/* Somebody who is `age` years old today. */
static int born(int age)
{
    return today - age * 365 - age / 4 - between(30, 330);
}

/* ---- numbers of people: no two of a county, a day and a sex are the same ---- */

static uint16_t **used; /* by county: [day][sex] */

void put_check_character(char number[static 19])
{
    static const int weight[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += (number[i] - '0') * weight[i];
    number[17] = "10X98765432"[sum % 11];
    number[18] = '\0';
}

static void id_number(const struct village *v, int *day, bool male, char out[static 19])
{
    char date[9];
    if (used[v->county] == NULL)
        used[v->county] = calloc((size_t)DAYS * 2, sizeof **used);
    if (used[v->county] == NULL)
        abort();
    while (used[v->county][*day * 2 + male] >= 499)
        *day -= 1;
    int sequence = used[v->county][*day * 2 + male]++ * 2 + (male ? 1 : 0);
    day_text(*day, date);
    snprintf(out, 19, "%.6s%s%03u", v->code, date, (unsigned)sequence % 1000);
    put_check_character(out);
}

/* ---- people ---- */

static void name(struct row *r, const char *surname, bool male)
{
    const char *const *given = male ? words_given_male : words_given_female;
    size_t n = male ? n_words_given_male : n_words_given_female;
    put(r, M_name, "%s%s%s", surname, given[next() % n], chance(600) ? given[next() % n] : "");
}

struct person {
    const char *surname, *relation;
    int age;
    bool male, lifted;
};

static const char *school_of(int age)
{
    static const char *const steps[] = {
        "小学",   "小学",   "小学",   "小学",           "小学",           "小学",
        "七年级", "八年级", "九年级", "普通高中一年级", "普通高中二年级", "普通高中三年级"};
    if (age < 3)
        return "学龄前儿童";
    if (age < 6)
        return "学前教育";
    return age < 18 ? steps[age - 6] : "本科二年级";
}

static const char *schooling_of(int age)
{
    if (age > 60)
        return chance(300) ? "文盲或半文盲" : "小学";
    if (age < 25)
        return chance(500) ? "高中" : "大专";
    return chance(250) ? "小学" : chance(800) ? "初中" : "高中";
}

static void work(struct row *r, const struct village *v, const struct person *p)
{
    bool able = p->age >= 18 && p->age < 60;
    put(r, M_labour, "%s",
        p->age < 16   ? "无劳动力"
        : able        ? (chance(150) ? "技能劳动力" : "普通劳动力")
        : p->age < 70 ? "弱劳动力或半劳动力"
                      : "丧失劳动力");
    put(r, M_working_away, "否");
    if (!able || !chance(350))
        return;
    put(r, M_working_away, "是");
    put(r, M_work_place, "%.2s%s0000000000", v->code, chance(500) ? "" : "01");
    r->cells[M_work_place][12] = '\0';
    put(r, M_work_months, "%d", between(3, 11));
    put(r, M_work_income, "%d.00", between(26, 62) * 100);
    put(r, M_work_started_on, "%d%02d", year_now - 1, between(1, 12));
}

static void person(struct row *r, const struct village *v, const struct person *p)
{
    char id[19];
    int day = born(p->age);
    bool student = p->age < 18 || (p->age < 22 && chance(400));
    id_number(v, &day, p->male, id);
    name(r, p->surname, p->male);
    put(r, M_sex, "%s", p->male ? "男" : "女");
    put(r, M_certificate_kind, "居民身份证");
    put(r, M_id_number, "%s", id);
    put(r, M_relation, "%s", p->relation);
    put(r, M_ethnicity, "%s", chance(850) ? "汉族" : "苗族");
    put(r, M_politics, "%s", p->age > 24 && chance(60) ? "中共党员" : "群众");
    if (student)
        put(r, M_student_status, "%s", school_of(p->age));
    else
        put(r, M_education, "%s", schooling_of(p->age));
    put(r, M_health, "%s", p->age > 45 && chance(150) ? "长期慢性病" : "健康");
    if (student && p->age >= 16)
        put(r, M_labour, "普通劳动力"), put(r, M_working_away, "否");
    else
        work(r, v, p);
    put(r, M_resident_medical, "是");
    put(r, M_employee_medical, "否");
    put(r, M_serious_illness_insurance, "是");
    put(r, M_commercial_insurance, "%s", chance(100) ? "是" : "否");
    put(r, M_resident_pension, "%s", p->age >= 16 ? "是" : "否");
    put(r, M_employee_pension, "否");
    put(r, M_medical_aid, "否");
    put(r, M_allowance, "未享受");
    put(r, M_destitute, "不享受");
    put(r, M_resettled, "否");
    if (p->age > 20 && chance(700))
        put(r, M_phone, "1%d%09u", between(3, 9), (unsigned)(next() % 1000000000u));
}

/* ---- households ---- */

static const char *any_surname(void)
{
    return words_surname[next() % n_words_surname];
}

static void add(struct family *f, const struct village *v, struct person p)
{
    struct row *r = &f->members[f->n++];
    if (p.age >= 57 && p.age < 60)
        p.age = 60; /* nobody comes of an age that rules look at soon after */
    row_clear(r);
    put(r, M_household_number, "%s", f->household.cells[H_household_number]);
    person(r, v, &p);
}

static void relatives(struct family *f, const struct village *v, const struct person *head)
{
    const char *spouse_name = any_surname();
    bool married = head->age > 26 && chance(850);
    int children = married ? between(0, 3) : 0;
    if (married)
        add(f, v, (struct person){spouse_name, "配偶", head->age - between(-3, 4), !head->male, 0});
    for (int i = 0; i < children && f->n < FAMILY; i++) {
        int age = head->age - between(23, 36);
        bool male = chance(520);
        if (age >= 0 && age < 30)
            add(f, v, (struct person){head->surname, male ? "之子" : "之女", age, male, 0});
    }
    if (head->age < 58 && chance(450) && f->n < FAMILY)
        add(f, v, (struct person){head->surname, "之父", head->age + between(22, 30), true, 0});
    if (head->age < 58 && chance(500) && f->n < FAMILY)
        add(f, v, (struct person){any_surname(), "之母", head->age + between(20, 28), false, 0});
}

static void monitored(struct family *f, bool lifted)
{
    static const char *const risks[] = {"因意外事故", "因产业项目失败", "因自然灾害", "因学"};
    struct row *h = &f->household;
    size_t risk = next() % (sizeof risks / sizeof *risks);
    put(h, H_object_type, "%s",
        chance(200) ? "突发严重困难户"
        : lifted    ? "脱贫不稳定户"
                    : "边缘易致贫户");
    put(h, H_risks, "%s", risks[risk]);
    if (risk == 2)
        put(h, H_disaster, "洪涝灾害");
    put(h, H_risk_level, "%s", chance(300) ? "高" : "中");
    bool gone = chance(500); /* long ago: M-112 takes it as history */
    put(h, H_identified_on, "%d%02d", year_now - (gone ? 3 : between(2, 3)), between(1, 12));
    put(h, H_eliminated, "%s", gone ? "是" : "否");
    if (gone) {
        put(h, H_eliminated_on, "%d%02d", year_now - 2, between(7, 12));
        put(h, H_elimination_kind, "帮扶消除");
    }
}

/* The n-th household of the archive, in a village of its own turn. */
static void family(struct family *f, int64_t n)
{
    const struct village *v = &villages[n % n_villages];
    struct row *h = &f->household;
    struct person head = {any_surname(), "户主", between(24, 78), chance(780), chance(180)};
    f->n = 0;
    row_clear(h);
    put(h, H_household_number, "SYN%.6s%04u%08lld", v->code, series, (long long)n);
    put(h, H_owner_division, "%s", v->code);
    put(h, H_address, "%s组%d号（合成）", words_group[next() % n_words_group], between(1, 199));
    put(h, H_household_type, "%s", head.lifted ? "脱贫户" : "一般农户");
    if (head.lifted)
        put(h, H_lifted_class, "稳定脱贫");
    put(h, H_martyr_family, "%s", chance(5) ? "是" : "否");
    put(h, H_resettled, "否");
    put(h, H_no_labour, "否");
    add(f, v, head);
    relatives(f, v, &head);
    if (chance(8))
        monitored(f, head.lifted);
    if (f->members[0].cells[M_phone][0] != '\0')
        put(h, H_phone, "%s", f->members[0].cells[M_phone]);
}

/* ---- the command ---- */

struct options {
    int64_t skip, households;
    const char *under, *out;
    int dirty, block_year;
    uint64_t seed;
    bool xlsx;
};

/* The window of income ends with its year, or today. */
static struct blocks *open_blocks(const struct options *o)
{
    char last_day[16];
    snprintf(last_day, sizeof last_day, "%d1231", o->block_year);
    if (o->block_year == year_now)
        day_text(today, last_day);
    return blocks_open(o->out, &(struct blocks_wanted){.seed = o->seed,
                                                       .year = o->block_year,
                                                       .dirty = o->dirty,
                                                       .last_day = last_day});
}

static bool generate(const struct options *o)
{
    static struct family f, clean;
    struct tables *t = tables_open(o->out, o->xlsx);
    struct blocks *b = o->block_year > 0 ? open_blocks(o) : NULL;
    if (t == NULL || (o->block_year > 0 && b == NULL))
        return false;
    for (int64_t n = 0, faults = 0; n < o->skip + o->households; n++) {
        struct fault fault = {0};
        family(&f, n);
        clean = f;
        bool dirty = chance(o->dirty) && spoil(&f, faults++, &fault);
        if (n >= o->skip)
            tables_put(t, &f, dirty ? &clean : NULL, &fault);
        if (n >= o->skip && b != NULL)
            blocks_put(b, &clean, n);
    }
    bool good = b == NULL || blocks_close(b);
    return tables_close(t) && good;
}

static int usage(void)
{
    fputs("usage: generate --households N --out DIR [--skip N] [--under CODE] [--villages FILE] "
          "[--seed N] [--dirty PER_MILLE] [--today YYYYMMDD] [--incomes YEAR] [--xlsx]\n",
          stderr);
    return 2;
}

static void set_today(const char *text)
{
    int n = atoi(text), month = n / 100 % 100;
    year_now = n / 10000;
    today = month < 1 || month > 12 ? 0 : day_number(year_now, month, n % 100);
}

static bool take(struct options *o, int option, const char *text)
{
    switch (option) {
    case 'n':
        return (o->households = atoll(text)) > 0;
    case 'k':
        return (o->skip = atoll(text)) >= 0;
    case 'o':
        o->out = text;
        return true;
    case 'u':
        o->under = text;
        return true;
    case 's':
        state = o->seed = strtoull(text, NULL, 10);
        series = (unsigned)(state % 10000);
        return true;
    case 'v':
        return freopen(text, "r", stdin) != NULL;
    case 'd':
        o->dirty = atoi(text);
        return true;
    case 't':
        set_today(text);
        return today > 0 && today < DAYS;
    case 'i':
        return (o->block_year = atoi(text)) >= 2000 && o->block_year < 2100;
    case 'x':
        return o->xlsx = true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"households", 1, 0, 'n'},
                                          {"out", 1, 0, 'o'},
                                          {"under", 1, 0, 'u'},
                                          {"seed", 1, 0, 's'},
                                          {"dirty", 1, 0, 'd'},
                                          {"today", 1, 0, 't'},
                                          {"xlsx", 0, 0, 'x'},
                                          {"skip", 1, 0, 'k'},
                                          {"villages", 1, 0, 'v'},
                                          {"incomes", 1, 0, 'i'},
                                          {0}};
    struct options o = {.under = ""};
    set_today("20260630");
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (!take(&o, c, optarg))
            return usage();
    }
    if (o.households == 0 || o.out == NULL || optind != argc)
        return usage();
    if (!read_villages(o.under)) {
        fprintf(stderr, "generate: no village under '%s' on standard input\n", o.under);
        return 1;
    }
    used = calloc((size_t)n_counties, sizeof *used);
    if (used == NULL || !generate(&o)) {
        fprintf(stderr, "generate: %s: %s\n", o.out, strerror(errno));
        return 1;
    }
    return 0;
}
