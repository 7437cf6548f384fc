/* common/keys/keyset.c - keys of one reading of a file, counted by their users. Does not read. */
#include "keys/keyset.h"

#include <string.h>

#include "keys/vault.h"

#include "core/banned.h"

struct keyset *keyset_new(const struct key_provider *provider)
{
    struct keyset *set = vault_alloc(sizeof *set);
    if (set == NULL)
        return NULL;
    atomic_init(&set->uses, 1);
    set->provider = provider;
    return set;
}

void keyset_use(struct keyset *set)
{
    atomic_fetch_add_explicit(&set->uses, 1, memory_order_relaxed);
}

void keyring_give(const struct keyset *set)
{
    if (set == NULL)
        return;
    struct keyset *own = (struct keyset *)(uintptr_t)set; /* ours: const is for the users */
    if (atomic_fetch_sub_explicit(&own->uses, 1, memory_order_acq_rel) == 1)
        vault_release(own);
}

const struct key *keyset_active(const struct keyset *set, enum key_purpose purpose)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->keys[i].purpose == purpose && set->keys[i].state == KEY_ACTIVE)
            return &set->keys[i];
    }
    return NULL;
}

const struct key *keyset_find(const struct keyset *set, enum key_purpose purpose, uint32_t kid)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->keys[i].purpose == purpose && set->keys[i].kid == kid)
            return &set->keys[i];
    }
    return NULL;
}

size_t keyset_count(const struct keyset *set)
{
    return set->count;
}

const struct key *keyset_at(const struct keyset *set, size_t at)
{
    return at < set->count ? &set->keys[at] : NULL;
}

const struct key_provider *keyset_provider(const struct keyset *set)
{
    return set->provider;
}

bool keyset_serves(const struct keyset *set, unsigned needs, const char *name, struct err *err)
{
    for (enum key_purpose p = KEY_ENCRYPT; p < KEY_PURPOSES; p++) {
        if ((needs & KEY_NEEDS(p)) == 0 || keyset_active(set, p) != NULL)
            continue;
        err_set(err, ERR_INTERNAL, NULL, "%s", "a key file cannot be used");
        err_cause(err, "%s has no active key of purpose %s", name, key_purpose_name(p));
        return false;
    }
    return true;
}
