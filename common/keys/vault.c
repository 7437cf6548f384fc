/* common/keys/vault.c - core/secret.h in this room's words, and OpenSSL's secure heap. Does not
 * know what a secret is for. */
#include "keys/vault.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "core/secret.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum {
    SECURE_HEAP = 1024 * 1024, /* private keys of fifty log-ins at once take a tenth */
    SECURE_LEAST = 32,
    STACK = 512 * 1024,
};

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

bool vault_init(struct err *err)
{
    pthread_mutex_lock(&starting);
    /* 2: made, but the limits do not let it be locked in memory. */
    bool ready = CRYPTO_secure_malloc_initialized() == 1 ||
                 CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_LEAST) != 0;
    pthread_mutex_unlock(&starting);
    if (ready)
        return true;
    err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory for keys");
    err_cause(err, "%s", "OpenSSL's secure heap could not be set up");
    return false;
}

void *vault_alloc(size_t n)
{
    return secret_alloc(n);
}

void vault_release(void *secret)
{
    secret_release(secret);
}

void vault_wipe(void *bytes, size_t n)
{
    secret_wipe(bytes, n);
}

bool vault_run(void *(*work)(void *), void *arg)
{
    pthread_t thread;
    pthread_attr_t attr;
    void *stack = secret_alloc(STACK);
    bool ran = stack != NULL && pthread_attr_init(&attr) == 0;
    if (ran) {
        ran = pthread_attr_setstack(&attr, stack, STACK) == 0 &&
              pthread_create(&thread, &attr, work, arg) == 0 && pthread_join(thread, NULL) == 0;
        (void)pthread_attr_destroy(&attr);
    }
    secret_release(stack);
    return ran;
}

bool vault_equal(const void *a, const void *b, size_t n)
{
    return secret_equal(a, b, n);
}

bool vault_read_file(const char *path, size_t max, char **ret_text, size_t *ret_len,
                     struct err *err)
{
    const char *why = "";
    size_t len = 0;
    char *text = secret_read(path, max, &len, &why);
    if (text == NULL) {
        err_set(err, ERR_INTERNAL, NULL, "%s", "a key file cannot be used");
        err_cause(err, "%s %s", path, why);
        return false;
    }
    *ret_text = text;
    *ret_len = len;
    return true;
}
