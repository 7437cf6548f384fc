/* common/keys/openssl.h - OpenSSL's headers without its type ERR_STATE, whose name is one of ours
 * (proto/errors.def). Include this in place of any <openssl/...>; core alone, which stands below,
 * names <openssl/crypto.h> and <openssl/rand.h> itself. */
#ifndef ZEREN_KEYS_OPENSSL_H
#define ZEREN_KEYS_OPENSSL_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#undef ERR_STATE

#endif
