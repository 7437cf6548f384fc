# shellcheck shell=bash
# deploy/lib/keys.sh - the private certificate authority, the gateway's certificate and the keys of tokens, fields and seals, made
# once and kept in the state directory; only the CA's certificate leaves it. Sourced after common.sh and services.sh.

new_key() { # FILE OWNER: an EC P-256 private key, readable by OWNER alone
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null | write_file "$1" 600 "$2"
    grep -q PRIVATE "$1" || { rm -f "$1"; die_step "making a key ($1)"; }
}

make_ca() {
    [ -s "$KEYS/ca.pem" ] && [ -s "$SECRET/ca.key" ] && return 0
    new_key "$SECRET/ca.key" ''
    openssl req -x509 -new -key "$SECRET/ca.key" -sha256 -days 3650 -config /dev/stdin -extensions ca <<'CNF' |
[req]
prompt = no
distinguished_name = name
[name]
O = Zeren
CN = Zeren private CA
[ca]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
CNF
        write_file "$KEYS/ca.pem" 644 ''
    [ -s "$KEYS/ca.pem" ] || die_step "making the certificate authority"
    rm -f "$KEYS/server.pem"
}

host_name() { # a bare root may have none
    local name
    name=$(cat /proc/sys/kernel/hostname 2>/dev/null || true)
    [[ $name =~ ^[A-Za-z0-9]([A-Za-z0-9.-]{0,62})$ ]] && [ "$name" != localhost ] && printf ',DNS:%s' "$name"
    return 0
}

# Valid for 397 days, the longest that clients accept of a server; made anew a month before its end.
make_certificate() {
    [ -s "$KEYS/server.pem" ] && openssl x509 -in "$KEYS/server.pem" -noout -checkend 2592000 >/dev/null 2>&1 && return 0
    new_key "$KEYS/server.key" "$RUN_AS"
    local request=$SECRET/server.csr
    openssl req -new -key "$KEYS/server.key" -subj /O=Zeren/CN=localhost -out "$request" 2>/dev/null || die_step "asking for a certificate"
    openssl x509 -req -in "$request" -CA "$KEYS/ca.pem" -CAkey "$SECRET/ca.key" -days 397 -sha256 \
        -set_serial "0x$(openssl rand -hex 16)" -extfile <(
            printf 'basicConstraints = critical, CA:false\nkeyUsage = critical, digitalSignature\nextendedKeyUsage = serverAuth\n'
            printf 'subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n'
            printf 'subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1%s\n' "$(host_name)"
        ) 2>/dev/null | write_file "$KEYS/server.pem" 644 "$RUN_AS"
    rm -f "$request"
    [ -s "$KEYS/server.pem" ] || die_step "signing the certificate"
}

# Run as root it still leaves every file to the owner of the directory, the user of the processes.
run_keys() { # COMMAND WORDS...
    local program
    BUILD=${BUILD:-${ZEREN_BUILD:-$ROOT/build/release}}
    case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
    program=$(find_binary zeren-keys) || exit 1
    "$program" "$@"
}

make_keys() {
    make_ca
    make_certificate
    run_keys init "$KEYS" >/dev/null || die_step "making keys"
    if [ ! -s "$SECRET/password" ]; then openssl rand -hex 16 | write_file "$SECRET/password" 600 ''; fi
    install_file "$KEYS/ca.pem" "$STATE/ca.pem" 644
    point_here
}

# What the checkout keeps: the CA's certificate, and where the stack is.
point_here() {
    [ -n "$VAR" ] || return 0
    mkdir -p "$VAR" || die_step "creating $VAR"
    install_file "$KEYS/ca.pem" "$VAR/ca.pem" 644
    printf '%s\n' "$STATE" | write_file "$VAR/stack" 644
}
