/* common/tools/keys/passphrase.c - reading a passphrase into the vault, without echo and without
 * buffers. */
#include "tools/keys/passphrase.h"

#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "keys/vault.h"
#include "tools/keys/file.h"

#include "core/banned.h"

static void say(int terminal, const char *text)
{
    (void)!write(terminal, text, strlen(text));
}

/* One line, byte by byte, so that nothing behind it is taken. False when it is too long. */
static bool read_line(int from, char *into)
{
    size_t len = 0;
    char c = 0;
    while (read(from, &c, 1) == 1 && c != '\n') {
        if (len == PASSPHRASE_MAX)
            return false;
        into[len++] = c;
    }
    if (len > 0 && into[len - 1] == '\r')
        len--;
    into[len] = '\0';
    return true;
}

static bool ask(int terminal, const char *prompt, char *into)
{
    struct termios before, silent;
    if (tcgetattr(terminal, &before) != 0)
        return false;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    say(terminal, prompt);
    if (tcsetattr(terminal, TCSAFLUSH, &silent) != 0)
        return false;
    bool got = read_line(terminal, into);
    (void)tcsetattr(terminal, TCSAFLUSH, &before);
    say(terminal, "\n");
    return got;
}

static bool from_terminal(char *into, bool anew, struct err *err)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    char *again = vault_alloc(PASSPHRASE_MAX + 1);
    bool got = terminal >= 0 && again != NULL && ask(terminal, "Passphrase: ", into);
    bool same = !anew || (got && ask(terminal, "Again: ", again) && strcmp(into, again) == 0);
    if (terminal >= 0)
        (void)close(terminal);
    vault_release(again);
    if (!got)
        return file_failed(err, "there", "is no terminal to ask: say --passphrase-file");
    return same || file_failed(err, "the passphrases", "differ");
}

static bool from_file(const char *file, char *into, struct err *err)
{
    bool standard = strcmp(file, "-") == 0;
    int from = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool got = from >= 0 && read_line(from, into);
    if (from >= 0 && !standard)
        (void)close(from);
    return got || file_failed(err, file, "cannot be read as a passphrase");
}

char *passphrase_get(const char *file, bool anew, struct err *err)
{
    char *into = vault_alloc(PASSPHRASE_MAX + 1);
    if (into == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory for keys");
        return NULL;
    }
    bool got = file == NULL ? from_terminal(into, anew, err) : from_file(file, into, err);
    if (got && anew && strlen(into) < PASSPHRASE_MIN)
        got = file_failed(err, "the passphrase", "is shorter than 12 bytes");
    if (got)
        return into;
    vault_release(into);
    return NULL;
}
