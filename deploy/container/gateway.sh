#!/bin/bash
# deploy/container/gateway.sh - nginx in its container: fills the same templates as deploy/stack. Names of services are
# looked up once at start, so it reloads when one of them has a new address.
# shellcheck disable=SC1091,SC2034
set -euo pipefail
. /usr/local/lib/zeren/nginx.sh
GATEWAY_RUN=/tmp GATEWAY_TEMP=/tmp GATEWAY_CONF=/tmp/conf GATEWAY_SHARE=/usr/local/share/zeren GATEWAY_EDGE_LOG=/dev/null GATEWAY_FILES=/var/lib/zeren/files
GATEWAY_HTTP=0.0.0.0:8080 GATEWAY_TLS=0.0.0.0:8443 GATEWAY_IDENTITY=identity:8000 GATEWAY_REGISTRY=registry:8000 GATEWAY_MONITORING=monitoring:8000
GATEWAY_CERTIFICATE=/run/secrets/server.pem GATEWAY_CERTIFICATE_KEY=/run/secrets/server.key

addresses() { getent ahostsv4 identity registry monitoring | awk '{ print $1 }' | sort -u | tr '\n' ' '; }

mkdir -p "$GATEWAY_CONF"
for file in nginx gateway headers proxy contract problems mime; do
    fill_template "/usr/local/share/zeren/nginx/$file.conf" >"$GATEWAY_CONF/$file.conf"
done
until [ "$(addresses | wc -w)" -ge 3 ]; do sleep 0.5; done

known=$(addresses)
/usr/sbin/nginx -e stderr -p /tmp -c "$GATEWAY_CONF/nginx.conf" &
nginx=$!
trap 'kill -QUIT "$nginx"; wait "$nginx"; exit 0' TERM QUIT INT
while kill -0 "$nginx" 2>/dev/null; do
    sleep 2 &
    wait "$!" || true
    now=$(addresses)
    if [ "$(wc -w <<<"$now")" -ge 3 ] && [ "$now" != "$known" ]; then
        known=$now
        kill -HUP "$nginx"
    fi
done
exit 1
