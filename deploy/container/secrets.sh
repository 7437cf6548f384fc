#!/bin/bash
# deploy/container/secrets.sh - makes the secret files that docker-compose.yml names, in var/compose, once: log-in roles'
# passwords, the keys of tokens, fields and seals, the gateway's certificate and the CA's. The directory is closed; the files are readable inside it,
# because a container's user must read what is mounted from it.
set -uo pipefail
umask 022
ROOT=$(cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../.." && pwd -P)
# shellcheck disable=SC2034
PROGRAM=secrets
for part in common services postgres keys; do
    # shellcheck source=/dev/null
    . "$ROOT/deploy/lib/$part.sh"
done
STATE=$ROOT/var/compose
# The functions that make the stack's keys make these, too.
# shellcheck disable=SC2034
SECRET=$STATE/own KEYS=$STATE RUN_AS=$(id -un)

# The text of a key file as zeren-keys writes it; on the host that prepares containers nothing is built.
key_line() { # KID PURPOSE ALGORITHM BYTES
    printf '%s %s %s active %s %s\n' "$1" "$2" "$3" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(openssl rand -base64 "$4")"
}
new_kid() { printf '%08x' "$((0x$(openssl rand -hex 4) | 1))"; }
field_keys() {
    local pair
    pair=$(new_kid)
    key_line "$pair" encrypt sm4-ctr 16
    key_line "$pair" mac hmac-sm3 32
    key_line "$(new_kid)" lookup hmac-sm3 32
}

make_key_files() {
    [ -s "$KEYS/field.keys" ] || field_keys | write_file "$KEYS/field.keys" 444
    [ -s "$KEYS/session.keys" ] || key_line "$(new_kid)" refresh hmac-sha256 32 | write_file "$KEYS/session.keys" 444
    [ -s "$KEYS/seal.keys" ] || key_line "$(new_kid)" seal hmac-sm3 32 | write_file "$KEYS/seal.keys" 444
}

main() {
    local role
    install -d -m 700 "$STATE" "$SECRET" || die_step "creating $STATE"
    for role in "${PG_LOGINS[@]}"; do
        if [ "$role" != postgres ] && [ ! -s "$STATE/$role" ]; then
            openssl rand -hex 24 | tr -d '\n' | write_file "$STATE/$role" 444
        fi
    done
    make_ca
    make_certificate
    [ -s "$KEYS/signing.pem" ] || new_key "$KEYS/signing.pem" ''
    make_key_files
    chmod 444 "$KEYS/signing.pem" "$KEYS/server.key" "$KEYS/server.pem"
}
main
