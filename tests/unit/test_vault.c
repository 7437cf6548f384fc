/* tests/unit/test_vault.c - memory for secrets: no core file has it, no child has it, nothing reads
 * past it, and OpenSSL's own copies lie in a heap of the same kind. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/config.h"
#include "core/secret.h"
#include "keys/openssl.h"
#include "keys/vault.h"

TestSuite(vault, .timeout = 120);

/* Has the mapping that holds `at` the flag (two letters) in /proc/self/smaps? */
static bool has_flag(const void *at, const char *flag)
{
    char line[512], wanted[8];
    bool inside = false, found = false;
    unsigned long from = 0, to = 0;
    FILE *file = fopen("/proc/self/smaps", "re");
    cr_assert_not_null(file);
    snprintf(wanted, sizeof wanted, " %s", flag);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmFlags:", 8) == 0)
            found = found || (inside && strstr(line, wanted) != NULL);
        else if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)at >= from && (uintptr_t)at < to;
    }
    fclose(file);
    return found;
}

Test(vault, no_core_file_and_no_child_gets_its_pages)
{
    struct err err = {0};
    cr_assert(vault_init(&err));
    cr_assert(vault_init(&err));
    char *secret = vault_alloc(5000);
    char *ordinary = calloc(1, 5000);
    cr_assert(secret != NULL && ordinary != NULL);
    cr_expect(has_flag(secret, "dd"));
    cr_expect(has_flag(secret + 4999, "dd"));
    cr_expect(has_flag(secret, "wf"));
    cr_expect_not(has_flag(ordinary, "dd"));
    strcpy(secret, "of nobody's business");
    pid_t child = fork();
    if (child == 0)
        _exit(secret[0] == '\0' && secret[4] == '\0' ? 0 : 1);
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child sees zeros");
    cr_expect_str_eq(secret, "of nobody's business");
    vault_release(secret);
    vault_release(NULL);
    free(ordinary);
}

Test(vault, is_zeroed_and_aligned_and_ends_before_an_untouchable_page)
{
    unsigned char *secret = vault_alloc(100);
    cr_assert_not_null(secret);
    cr_expect_eq((uintptr_t)secret % 16, 0);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(secret[i], 0);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL);
        volatile unsigned char *past = secret;
        past[sysconf(_SC_PAGESIZE)] = 1;
        _exit(0);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    cr_expect_null(vault_alloc(SIZE_MAX - 8));
    vault_release(secret);
}

Test(vault, reads_whole_files_into_its_pages)
{
    char path[] = "/tmp/zeren-vault-XXXXXX", *text = NULL;
    struct err err = {0};
    size_t len = 0;
    int file = mkstemp(path);
    cr_assert(file >= 0 && write(file, "se\0cret\n", 8) == 8);
    cr_assert(vault_read_file(path, 8, &text, &len, &err), "%s", err.cause);
    cr_expect_eq(len, 8);
    cr_expect_eq(memcmp(text, "se\0cret\n", 9), 0);
    cr_expect(has_flag(text, "dd"));
    vault_release(text);
    cr_expect_not(vault_read_file(path, 7, &text, &len, &err), "longer than allowed");
    cr_expect_not_null(strstr(err.cause, path));
    cr_expect_eq(err.code, ERR_INTERNAL);
    close(file);
    unlink(path);
    err_clear(&err);
    cr_expect_not(vault_read_file(path, 8, &text, &len, &err));
    cr_expect_not_null(strstr(err.cause, "cannot be read"));
    err_clear(&err);
    cr_expect_not(vault_read_file("/tmp", 8, &text, &len, &err), "a directory");
}

Test(vault, compares_and_wipes)
{
    char bytes[] = "secret";
    cr_expect(vault_equal("abc", "abc", 3));
    cr_expect(vault_equal("abc", "abd", 2));
    cr_expect_not(vault_equal("abc", "abd", 3));
    vault_wipe(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        cr_expect_eq(bytes[i], 0);
}

Test(vault, private_keys_lie_in_the_secure_heap)
{
    struct err err = {0};
    cr_assert(vault_init(&err));
    EVP_PKEY_free(
        EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")); /* what OpenSSL keeps, it has now */
    size_t before = CRYPTO_secure_used();
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    cr_assert_not_null(key);
    cr_expect_gt(CRYPTO_secure_used(), before, "the private number is there");
    void *part = OPENSSL_secure_malloc(64);
    cr_expect(has_flag(part, "dd"));
    OPENSSL_secure_free(part);
    EVP_PKEY_free(key);
    cr_expect_eq(CRYPTO_secure_used(), before);
}

struct settings {
    const char *secret, *keys;
};

/* clang-format off */
static const struct setting table[] = {
    {"TOP",  SETTING_SECRET, NULL, 0, 0, "", "A secret.",   offsetof(struct settings, secret), false},
    {"KEYS", SETTING_PATH,   NULL, 0, 0, "", "A key file.", offsetof(struct settings, keys),   false},
    SETTINGS_END,
};
/* clang-format on */

Test(vault, settings_that_are_secrets_are_not_dumped)
{
    char path[] = "/tmp/zeren-vault-XXXXXX";
    struct err err = {0};
    struct settings got = {NULL, NULL};
    int file = mkstemp(path);
    cr_assert(file >= 0 && write(file, "hunter2\r\n", 9) == 9);
    clearenv();
    setenv("ZEREN_TOP_FILE", path, 1);
    setenv("ZEREN_KEYS_FILE", path, 1);
    struct arena *a = arena_create(1 << 20);
    cr_assert(config_load(a, table, &got, &err), "%s", err.detail);
    cr_expect_str_eq(got.secret, "hunter2");
    cr_expect(has_flag(got.secret, "dd"));
    cr_expect_str_eq(got.keys, path);
    arena_destroy(&a);
    close(file);
    unlink(path);
}
