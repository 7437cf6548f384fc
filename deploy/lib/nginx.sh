# shellcheck shell=bash
# deploy/lib/nginx.sh - fills the gateway's templates. Sourced after common.sh; used by stack and by the gateway image.

# Every word between @ signs, from GATEWAY_*.
fill_template() { # FILE
    sed -e "s|@RUN@|$GATEWAY_RUN|g" -e "s|@TEMP@|$GATEWAY_TEMP|g" -e "s|@CONF@|$GATEWAY_CONF|g" \
        -e "s|@SHARE@|$GATEWAY_SHARE|g" -e "s|@EDGE_LOG@|$GATEWAY_EDGE_LOG|g" \
        -e "s|@LISTEN_HTTP@|$GATEWAY_HTTP|g" -e "s|@LISTEN_TLS@|$GATEWAY_TLS|g" \
        -e "s|@IDENTITY@|$GATEWAY_IDENTITY|g" -e "s|@REGISTRY@|$GATEWAY_REGISTRY|g" \
        -e "s|@CERTIFICATE@|$GATEWAY_CERTIFICATE|g" -e "s|@CERTIFICATE_KEY@|$GATEWAY_CERTIFICATE_KEY|g" "$1"
}

nginx_configure() {
    local file
    [ -x /usr/sbin/nginx ] || die "nginx is missing: run deploy/quickstart, or install nginx"
    GATEWAY_RUN=$STATE/nginx GATEWAY_TEMP=$STATE/nginx GATEWAY_CONF=$CONF/nginx GATEWAY_SHARE=$SHARE
    GATEWAY_EDGE_LOG=$LOG/nginx-edge.log
    GATEWAY_HTTP=127.0.0.1:$PORT_HTTP GATEWAY_TLS=127.0.0.1:$PORT_TLS
    GATEWAY_IDENTITY=127.0.0.1:$PORT_IDENTITY GATEWAY_REGISTRY=127.0.0.1:$PORT_REGISTRY
    GATEWAY_CERTIFICATE=$KEYS/server.pem GATEWAY_CERTIFICATE_KEY=$KEYS/server.key
    install -d -m 755 "$CONF/nginx" || die_step "creating $CONF/nginx"
    for file in nginx gateway proxy problems mime; do
        fill_template "$ROOT/deploy/nginx/$file.conf" | renew_file "$CONF/nginx/$file.conf" 644
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
