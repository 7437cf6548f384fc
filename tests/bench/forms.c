/* tests/bench/forms.c - prints the text that the registry or monitoring prepares for a named
 * statement, and the names of its parameters, as JSON lines: what the reference runs is the
 * engine's own text. Sends nothing. */
#include <stdio.h>
#include <string.h>

#include "db/stmt.h"
#include "sql_monitoring.h"
#include "sql_registry.h"

static void print_text(const char *text)
{
    putchar('"');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\n')
            fputs("\\n", stdout);
        else if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else
            putchar(*at);
    }
    putchar('"');
}

static void print_form(const struct stmt_form *f)
{
    printf("{\"name\":\"%s\",\"params\":[", f->name);
    for (unsigned i = 0; i < f->n_params; i++)
        printf("%s\"%s\"", i == 0 ? "" : ",", f->params[i]);
    printf("],\"text\":");
    print_text(f->text);
    puts("}");
}

/* false: there are none. */
static bool print_forms(struct arena *a, const struct stmt *const *all, int argc, char **argv)
{
    struct err err = {0};
    struct stmt_set *set = stmt_set_create(a, all, &err);
    const struct stmt_form *const *forms = NULL;
    size_t n = set == NULL ? 0 : stmt_set_forms(set, &forms);
    for (size_t i = 0; i < n; i++) {
        for (int j = 1; j < argc; j++) {
            if (strcmp(forms[i]->name, argv[j]) == 0)
                print_form(forms[i]);
        }
    }
    return n > 0;
}

int main(int argc, char **argv)
{
    struct arena *a = arena_create((size_t)32 << 20);
    bool done = a != NULL && print_forms(a, sql_registry_all, argc, argv) &&
                print_forms(a, sql_monitoring_all, argc, argv);
    arena_destroy(&a);
    return done ? 0 : 1;
}
