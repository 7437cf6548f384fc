/* common/auth/openssl.h - OpenSSL's headers without its type ERR_STATE, whose name is one of ours
 * (proto/errors.def). Include this in place of any <openssl/...>. */
#ifndef ZEREN_AUTH_OPENSSL_H
#define ZEREN_AUTH_OPENSSL_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#undef ERR_STATE

#endif
