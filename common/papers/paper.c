/* common/papers/paper.c - lays parts out from top to bottom and begins a page where one ends. Sizes
 * are points (1/72 inch). */
#include "papers/paper.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/banned.h"

/* GB/T 9704-2012, 5.2: A4, 37 mm above, 28 mm at the left, 156 by 225 mm to write in; 22 lines of
 * size 3 (16 pt) a page; page numbers of size 4 below. */
#define MM (72.0 / 25.4)
#define PAGE_W (210 * MM)
#define PAGE_H (297 * MM)
#define LEFT (28 * MM)
#define TOP (37 * MM)
#define WIDTH (156 * MM)
#define BOTTOM (TOP + 225 * MM)
#define TITLE_PT 22.0
#define BODY_PT 16.0
#define TABLE_PT 10.5
#define NOTE_PT 9.0
#define PAGE_PT 14.0
#define PAD 4.0
#define LINE_BODY (225 * MM / 22)

/* An office that has the fonts of official papers gets those; Debian has none of them. The last two
 * have the characters of names that others lack (Extension A and behind the BMP). */
static const char families[] =
    "FangSong,仿宋,FangSong_GB2312,WenQuanYi Micro Hei,HanaMinA,HanaMinB";

enum { STACK_BYTES = 8 * 1024 * 1024, FILL_MEMORY = 1024 * 1024 };

#ifdef __SANITIZE_ADDRESS__
/* fontconfig keeps its pointers as offsets, which the sanitizer does not follow. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"), used)) const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:lxw_strdup\n"; /* and what tables/writer_xlsx.c's library keeps
                                                       of a list rule */
}
#endif

struct sheet {
    const struct paper *paper;
    cairo_surface_t *surface;
    cairo_t *cr;
    PangoFontMap *fonts;
    PangoContext *context;
    struct arena *arena; /* of the part being laid out */
    int fd;
    double y;
    struct paper_made made;
    bool unwritten;
};

struct style {
    double size, line; /* line 0: the font's own */
    PangoAlignment align;
    double indent, width, left;
};

static cairo_status_t put(void *ctx, const unsigned char *bytes, unsigned n)
{
    struct sheet *s = ctx;
    while (n > 0) {
        ssize_t done = write(s->fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            s->unwritten = true;
            return CAIRO_STATUS_WRITE_ERROR;
        }
        bytes += done;
        n -= (unsigned)done;
        s->made.bytes += done;
    }
    return CAIRO_STATUS_SUCCESS;
}

static PangoLayout *lay(struct sheet *s, const char *text, const struct style *style)
{
    PangoLayout *l = pango_layout_new(s->context);
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, families);
    pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
    pango_layout_set_font_description(l, font);
    pango_font_description_free(font);
    pango_layout_set_width(l, (int)(style->width * PANGO_SCALE));
    pango_layout_set_alignment(l, style->align);
    pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_indent(l, (int)(style->indent * PANGO_SCALE));
    pango_layout_set_text(l, text, -1);
    return l;
}

static double height_of(PangoLayout *l)
{
    int h = 0;
    pango_layout_get_size(l, NULL, &h);
    return (double)h / PANGO_SCALE;
}

static void number_page(struct sheet *s)
{
    char text[32];
    struct style style = {.size = PAGE_PT, .align = PANGO_ALIGN_CENTER, .width = WIDTH};
    snprintf(text, sizeof text, "— %u —", ++s->made.pages);
    PangoLayout *l = lay(s, text, &style);
    cairo_move_to(s->cr, LEFT, BOTTOM + 7 * MM);
    pango_cairo_show_layout(s->cr, l);
    g_object_unref(l);
}

static void end_page(struct sheet *s)
{
    number_page(s);
    cairo_show_page(s->cr);
    s->y = TOP;
}

/* Room for that much, on this page or the next. */
static void need(struct sheet *s, double height)
{
    if (s->y + height > BOTTOM && s->y > TOP)
        end_page(s);
}

/* Line by line, so that a paragraph goes on on the next page. */
static void draw_lines(struct sheet *s, PangoLayout *l, const struct style *style)
{
    PangoLayoutIter *at = pango_layout_get_iter(l);
    do {
        PangoRectangle box;
        pango_layout_iter_get_line_extents(at, NULL, &box);
        double own = (double)box.height / PANGO_SCALE;
        double line = style->line > own ? style->line : own;
        need(s, line);
        double base = (double)(pango_layout_iter_get_baseline(at) - box.y) / PANGO_SCALE;
        cairo_move_to(s->cr, style->left + (double)box.x / PANGO_SCALE,
                      s->y + (line - own) / 2 + base);
        pango_cairo_show_layout_line(s->cr, pango_layout_iter_get_line_readonly(at));
        s->y += line;
    } while (pango_layout_iter_next_line(at));
    pango_layout_iter_free(at);
}

static const char *filled(struct sheet *s, const char *text)
{
    const char *full = paper_fill(s->arena, text, s->paper->values);
    return full == NULL ? "" : full;
}

static void draw_text(struct sheet *s, const char *text, const struct style *style)
{
    PangoLayout *l = lay(s, filled(s, text), style);
    draw_lines(s, l, style);
    g_object_unref(l);
}

static void draw_part(struct sheet *s, const struct paper_part *part)
{
    static const struct style styles[] = {
        [PAPER_TITLE] = {TITLE_PT, 1.6 * TITLE_PT, PANGO_ALIGN_CENTER, 0, WIDTH, LEFT},
        [PAPER_NUMBER] = {BODY_PT, LINE_BODY, PANGO_ALIGN_CENTER, 0, WIDTH, LEFT},
        [PAPER_ADDRESSEE] = {BODY_PT, LINE_BODY, PANGO_ALIGN_LEFT, 0, WIDTH, LEFT},
        [PAPER_PARAGRAPH] = {BODY_PT, LINE_BODY, PANGO_ALIGN_LEFT, 2 * BODY_PT, WIDTH, LEFT},
        [PAPER_TABLE] = {TABLE_PT, 0, PANGO_ALIGN_LEFT, 0, WIDTH, LEFT},
        [PAPER_SIGNATURE] = {BODY_PT, LINE_BODY, PANGO_ALIGN_RIGHT, 0, WIDTH - 2 * BODY_PT, LEFT},
        [PAPER_NOTE] = {NOTE_PT, 1.5 * NOTE_PT, PANGO_ALIGN_LEFT, 0, WIDTH, LEFT},
    };
    const struct style *style = &styles[part->kind];
    draw_text(s, part->text, style);
    if (part->kind == PAPER_TITLE || part->kind == PAPER_NUMBER)
        s->y += 0.5 * LINE_BODY;
}

/* ---- tables ---- */

static double draw_cells(struct sheet *s, const struct paper_part *part, PangoLayout *const *cells,
                         double height)
{
    double x = LEFT;
    cairo_set_line_width(s->cr, 0.5);
    for (size_t i = 0; i < part->n_columns; i++) {
        double w = WIDTH * part->columns[i].width / 100;
        cairo_rectangle(s->cr, x, s->y, w, height);
        cairo_stroke(s->cr);
        cairo_move_to(s->cr, x + PAD, s->y + PAD);
        pango_cairo_show_layout(s->cr, cells[i]);
        x += w;
    }
    return height;
}

/* A row that no page has room for is cut at a page's height, and says so by its last sign. */
static double lay_row(struct sheet *s, const struct paper_part *part, const char *const *texts,
                      PangoLayout **cells)
{
    double height = 0, most = BOTTOM - TOP - 6 * LINE_BODY;
    for (size_t i = 0; i < part->n_columns; i++) {
        struct style style = {.size = TABLE_PT,
                              .width = WIDTH * part->columns[i].width / 100 - 2 * PAD};
        cells[i] = lay(s, texts[i] == NULL ? "" : texts[i], &style);
        if (height_of(cells[i]) > most) {
            pango_layout_set_height(cells[i], (int)(most * PANGO_SCALE));
            pango_layout_set_ellipsize(cells[i], PANGO_ELLIPSIZE_END);
        }
        height = fmax(height, height_of(cells[i]));
    }
    return height + 2 * PAD;
}

static void drop_row(const struct paper_part *part, PangoLayout **cells)
{
    for (size_t i = 0; i < part->n_columns; i++)
        g_object_unref(cells[i]);
}

static void draw_heading(struct sheet *s, const struct paper_part *part)
{
    PangoLayout *cells[PAPER_COLUMNS_MAX];
    const char *texts[PAPER_COLUMNS_MAX];
    for (size_t i = 0; i < part->n_columns; i++)
        texts[i] = part->columns[i].heading;
    double height = lay_row(s, part, texts, cells);
    need(s, height + 2 * LINE_BODY); /* never alone at the foot of a page */
    cairo_save(s->cr);
    cairo_set_source_rgb(s->cr, 0.93, 0.93, 0.93);
    cairo_rectangle(s->cr, LEFT, s->y, WIDTH, height);
    cairo_fill(s->cr);
    cairo_restore(s->cr);
    s->y += draw_cells(s, part, cells, height);
    drop_row(part, cells);
}

static void draw_row(struct sheet *s, const struct paper_part *part, const char *const *texts)
{
    PangoLayout *cells[PAPER_COLUMNS_MAX];
    double height = lay_row(s, part, texts, cells);
    if (s->y + height > BOTTOM) {
        end_page(s);
        draw_heading(s, part);
    }
    s->y += draw_cells(s, part, cells, height);
    drop_row(part, cells);
}

static void draw_table(struct sheet *s, const struct paper_part *part)
{
    const char *texts[PAPER_COLUMNS_MAX] = {NULL};
    draw_heading(s, part);
    while (!s->unwritten && s->paper->rows != NULL && s->paper->rows(s->paper->rows_ctx, texts))
        draw_row(s, part, texts);
    s->y += 0.5 * LINE_BODY;
}

/* Organisation and date stand together. */
static void draw_signature(struct sheet *s, const struct paper_part *part)
{
    const struct paper_part date = {.kind = PAPER_SIGNATURE, .text = part->second};
    s->y += LINE_BODY;
    need(s, 2 * LINE_BODY);
    draw_part(s, part);
    draw_part(s, &date);
}

/* ---- the whole ---- */

static void draw(struct sheet *s)
{
    const struct paper_template *form = s->paper->form;
    for (size_t i = 0; i < form->n_parts && !s->unwritten; i++) {
        const struct paper_part *part = &form->parts[i];
        arena_reset(s->arena);
        if (part->kind == PAPER_TABLE)
            draw_table(s, part);
        else if (part->kind == PAPER_SIGNATURE)
            draw_signature(s, part);
        else
            draw_part(s, part);
    }
    end_page(s);
}

static void describe(struct sheet *s)
{
    cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_CREATOR, "Zeren");
    if (s->paper->made_at != NULL)
        cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                       s->paper->made_at);
}

/* Read once a process, used under the lock of run(). */
static PangoFontMap *fonts(void)
{
    static PangoFontMap *map;
    if (map == NULL)
        map = pango_cairo_font_map_new();
    return map;
}

static void make(struct sheet *s)
{
    s->surface = cairo_pdf_surface_create_for_stream(put, s, PAGE_W, PAGE_H);
    cairo_pdf_surface_restrict_to_version(s->surface, CAIRO_PDF_VERSION_1_5);
    s->cr = cairo_create(s->surface);
    s->fonts = fonts();
    s->context = pango_font_map_create_context(s->fonts);
    pango_context_set_language(s->context, pango_language_from_string("zh-cn"));
    pango_cairo_context_set_resolution(s->context, 72);
    describe(s);
    s->y = TOP;
    draw(s);
    g_object_unref(s->context);
    cairo_destroy(s->cr);
    cairo_surface_finish(s->surface);
}

static void *make_apart(void *arg)
{
    make(arg);
    return NULL;
}

/* On a stack of its own: a request's thread has 256 KiB, and these libraries ask for more. */
static bool run(struct sheet *s)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_mutex_lock(&one_at_a_time);
    bool ok = pthread_create(&thread, &attr, make_apart, s) == 0 && pthread_join(thread, NULL) == 0;
    pthread_mutex_unlock(&one_at_a_time);
    pthread_attr_destroy(&attr);
    return ok;
}

bool paper_write(const struct paper *p, int fd, struct paper_made *ret, struct err *err)
{
    struct sheet s = {.paper = p, .fd = fd, .arena = arena_create(FILL_MEMORY)};
    if (s.arena == NULL || !run(&s)) {
        arena_destroy(&s.arena);
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    }
    cairo_status_t status = cairo_surface_status(s.surface);
    cairo_surface_destroy(s.surface);
    arena_destroy(&s.arena);
    *ret = s.made;
    if (s.unwritten)
        return err_set(err, ERR_STORAGE, NULL, "%s", "");
    if (status == CAIRO_STATUS_SUCCESS)
        return true;
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "cairo: %s", cairo_status_to_string(status));
    return false;
}
