#!/bin/bash
# deploy/container/secrets.sh - makes the secret files that docker-compose.yml names, in var/compose, once: log-in roles'
# passwords, the token key, the gateway's certificate and the CA's. The directory is closed; the files are readable inside it,
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
    chmod 444 "$KEYS/signing.pem" "$KEYS/server.key" "$KEYS/server.pem"
}
main
