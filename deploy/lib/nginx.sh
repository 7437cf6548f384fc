# shellcheck shell=bash
# deploy/lib/nginx.sh - fills the gateway's templates. Sourced after common.sh; used by stack and by the gateway image.

# Every word between @ signs, from GATEWAY_*. Two are the deployment's: GATEWAY_LOG_IN_RATE, log-ins a second from one address,
# and GATEWAY_ADMIN_FROM, the networks that may call the administrators' addresses.
fill_template() { # FILE
    local from
    from=$(admin_from) || return 1
    sed -e "s|@RUN@|$GATEWAY_RUN|g" -e "s|@TEMP@|$GATEWAY_TEMP|g" -e "s|@CONF@|$GATEWAY_CONF|g" \
        -e "s|@SHARE@|$GATEWAY_SHARE|g" -e "s|@EDGE_LOG@|$GATEWAY_EDGE_LOG|g" \
        -e "s|@FILES@|$GATEWAY_FILES|g" -e "s|@LISTEN_HTTP@|$GATEWAY_HTTP|g" -e "s|@LISTEN_TLS@|$GATEWAY_TLS|g" \
        -e "s|@IDENTITY@|$GATEWAY_IDENTITY|g" -e "s|@REGISTRY@|$GATEWAY_REGISTRY|g" -e "s|@MONITORING@|$GATEWAY_MONITORING|g" \
        -e "s|@CERTIFICATE@|$GATEWAY_CERTIFICATE|g" -e "s|@CERTIFICATE_KEY@|$GATEWAY_CERTIFICATE_KEY|g" \
        -e "s|@LOG_IN_RATE@|${GATEWAY_LOG_IN_RATE:-50}|g" -e "s|@ADMIN_FROM@|$from|g" "$1"
}

# The rows of nginx's geo block: networks that may call the administrators' addresses, all when none is named.
admin_from() {
    local network
    if [ -z "${GATEWAY_ADMIN_FROM:-}" ]; then
        printf 'default 1;'
        return 0
    fi
    printf 'default 0;'
    for network in $GATEWAY_ADMIN_FROM; do
        case $network in
        *[!0-9a-fA-F.:/]*)
            printf "GATEWAY_ADMIN_FROM holds '%s', which is no address or network\n" "$network" >&2
            return 1
            ;;
        esac
        printf ' %s 1;' "$network"
    done
}

nginx_configure() {
    local file
    [ -x /usr/sbin/nginx ] || die "nginx is missing: run deploy/quickstart, or install nginx"
    GATEWAY_RUN=$STATE/nginx GATEWAY_TEMP=$STATE/nginx GATEWAY_CONF=$CONF/nginx GATEWAY_SHARE=$SHARE
    GATEWAY_EDGE_LOG=$LOG/nginx-edge.log GATEWAY_FILES=$STATE/files
    GATEWAY_HTTP=127.0.0.1:$PORT_HTTP GATEWAY_TLS=127.0.0.1:$PORT_TLS
    GATEWAY_IDENTITY=127.0.0.1:$PORT_IDENTITY GATEWAY_REGISTRY=127.0.0.1:$PORT_REGISTRY GATEWAY_MONITORING=127.0.0.1:$PORT_MONITORING
    GATEWAY_CERTIFICATE=$KEYS/server.pem GATEWAY_CERTIFICATE_KEY=$KEYS/server.key
    # shellcheck source=/dev/null
    if [ -r "$CONF/gateway.local" ]; then . "$CONF/gateway.local"; fi
    install -d -m 755 "$CONF/nginx" || die_step "creating $CONF/nginx"
    for file in nginx gateway headers proxy contract problems mime; do
        fill_template "$ROOT/deploy/nginx/$file.conf" >"$RUN/gateway.filled" || die "the gateway cannot be configured"
        renew_file "$CONF/nginx/$file.conf" 644 <"$RUN/gateway.filled"
    done
    share_docs
    start_file nginx "exec /usr/sbin/nginx -e stderr -p $STATE/nginx -c $CONF/nginx/nginx.conf"
    as_user /usr/sbin/nginx -t -q -e stderr -p "$STATE/nginx" -c "$CONF/nginx/nginx.conf" >"$RUN/nginx-test.log" 2>&1 ||
        die_step "checking nginx's configuration" "$RUN/nginx-test.log"
}

# The pages of /docs go where nginx's user can read them.
share_docs() {
    rm -rf "$SHARE/docs.new"
    install -d -m 755 "$SHARE/docs.new"
    if [ -d "$ROOT/deploy/docs" ]; then cp -R "$ROOT/deploy/docs/." "$SHARE/docs.new/" || die_step "copying /docs"; fi
    chmod -R u=rwX,go=rX "$SHARE/docs.new"
    rm -rf "$SHARE/docs"
    mv "$SHARE/docs.new" "$SHARE/docs"
}
