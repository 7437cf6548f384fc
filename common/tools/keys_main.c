/* common/tools/keys_main.c - the program zeren-keys: makes, rotates, backs up and restores the keys
 * of a directory. See common/keys/README.md. No secret comes in by an argument or the environment,
 * and none goes out but into files of mode 0600. Exit status 0: done; 1: refused, one line says
 * why; 2: wrong usage. */
#include <stdio.h>
#include <string.h>

#include "core/harden.h"
#include "core/str.h"
#include "keys/vault.h"
#include "tools/keys/commands.h"

#include "core/banned.h"

enum { EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, WORDS = 2 };

static const char usage[] =
    "usage: zeren-keys COMMAND\n"
    "  init DIR [--alg sm4-ctr|aes-256-gcm]\n"
    "                         make the keys that are missing\n"
    "  rotate PURPOSE DIR [--prepare] [--stolen] [--alg ...]\n"
    "                         a new key for encrypt, lookup, seal, refresh or signing\n"
    "  drop KID DIR --nothing-left\n"
    "                         remove a retired key under which nothing is left\n"
    "  status DIR             ids, purposes, states and ages\n"
    "  check DIR              is everything there and fit for use?\n"
    "  backup DIR FILE [--passphrase-file FILE]\n"
    "                         the whole directory in one encrypted file\n"
    "  restore FILE DIR [--replace] [--passphrase-file FILE]\n"
    "A passphrase is asked for on the terminal, or is the first line of FILE (- is standard "
    "input).\n";

struct command {
    const char *name;
    bool (*fn)(const struct keys_call *call, struct err *err);
    /* Where its words go in struct keys_call. */
    size_t words[WORDS];
    int count;
};

#define AT(member) offsetof(struct keys_call, member)

/* clang-format off */
static const struct command commands[] = {
    {"init",    keys_init,    {AT(dir)},              1},
    {"rotate",  keys_rotate,  {AT(purpose), AT(dir)}, 2},
    {"drop",    keys_drop,    {AT(kid), AT(dir)},     2},
    {"status",  keys_status,  {AT(dir)},              1},
    {"check",   keys_check,   {AT(dir)},              1},
    {"backup",  keys_backup,  {AT(dir), AT(file)},    2},
    {"restore", keys_restore, {AT(file), AT(dir)},    2},
};
/* clang-format on */

static const struct command *command_of(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (str_equal(name, commands[i].name))
            return &commands[i];
    }
    return NULL;
}

static bool take_flag(const char *word, struct keys_call *call)
{
    if (str_equal(word, "--stolen"))
        call->stolen = true;
    else if (str_equal(word, "--prepare"))
        call->prepare = true;
    else if (str_equal(word, "--replace"))
        call->replace = true;
    else if (str_equal(word, "--nothing-left"))
        call->nothing_left = true;
    else
        return false;
    return true;
}

static const char **option_of(const char *word, struct keys_call *call)
{
    if (str_equal(word, "--alg"))
        return &call->alg;
    return str_equal(word, "--passphrase-file") ? &call->passphrase : NULL;
}

/* Words after the command, in the command's order; options anywhere among them. */
static bool read_words(const struct command *c, char **argv, struct keys_call *call)
{
    int words = 0;
    for (; *argv != NULL; argv++) {
        const char **option = option_of(*argv, call);
        if (option != NULL) {
            if (*++argv == NULL)
                return false;
            *option = *argv;
        } else if (str_starts(*argv, "--")) {
            if (!take_flag(*argv, call))
                return false;
        } else if (words == c->count) {
            return false;
        } else {
            memcpy((char *)call + c->words[words++], argv, sizeof *argv);
        }
    }
    return words == c->count;
}

int main(int argc, char **argv)
{
    struct keys_call call = {.dir = NULL};
    struct err err = {.code = ERR_NONE};
    const struct command *c = argc < 2 ? NULL : command_of(argv[1]);
    if (c == NULL || !read_words(c, argv + 2, &call)) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!harden_process()) {
        (void)fputs("zeren-keys: this system lets others read its memory\n", stderr);
        return EXIT_REFUSED;
    }
    if (vault_init(&err) && c->fn(&call, &err) && fflush(stdout) == 0)
        return EXIT_DONE;
    (void)fprintf(stderr, "zeren-keys: %s\n", *err.cause != '\0' ? err.cause : err.detail);
    return EXIT_REFUSED;
}
