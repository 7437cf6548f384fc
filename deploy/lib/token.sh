# shellcheck shell=bash
# deploy/lib/token.sh - access tokens of the demonstration accounts, kept until a minute before they end, and the second factors of
# the administrators among them. Sourced after common.sh.

is_role() {
    local role
    for role in "${ROLES[@]}"; do [ "$role" = "$1" ] && return 0; done
    return 1
}

# A new signing key or a new database makes old tokens worthless, so both name the file.
token_file() { printf '%s/token.%s.%s' "$SECRET" "$1" "$(cat "$KEYS/signing.pem" "$RUN/seeded" 2>/dev/null | sha256sum | cut -c1-12)"; }

kept_token() { # FILE
    local expires token
    { read -r expires && read -r token; } 2>/dev/null <"$1" || return 1
    [[ $expires =~ ^[0-9]+$ ]] && [ "$expires" -gt $((EPOCHSECONDS + 60)) ] && [ -n "$token" ] && printf '%s\n' "$token"
}

# Bodies and tokens go through pipes: arguments are for all to see. Asked again is only what no service took; a refusal is told at once,
# for others wait behind the lock.
post() { # PATH [TOKEN]: the body from standard input, the answer's on standard output
    local url=http://127.0.0.1:$PORT_HTTP/api/v1/identity$1 token=${2:-} body answer status try
    body=$(cat)
    for try in 1 2 3 4 5 6 7 8; do
        answer=$(printf '%s' "$body" | curl -sS --noproxy '*' --max-time 20 -H 'Content-Type: application/json' \
            -H @<(if [ -n "$token" ]; then printf 'Authorization: Bearer %s\n' "$token"; fi) --data-binary @- "$url" 2>/dev/null)
        status=$?
        if { [ "$status" != 7 ] && [ "$(json_number status <<<"$answer")" != 503 ]; } || [ "$try" = 8 ]; then break; fi
        sleep 1
    done
    printf '%s' "$answer"
    return "$status"
}

# ---- second factors of the administrators: enrolled once through the API, their secrets kept beside the password ----

code_of() { # FILE: the code of now
    as_user "$BIN/identity" --totp-code <"$1"
}

# A code is good once: the next one comes within half a minute.
next_code() { sleep $((31 - EPOCHSECONDS % 30)); }

log_in() { # ACCOUNT: the answer's body
    local factor='' body try
    for try in 1 2 3 4 5 6 7 8; do
        if [ -s "$SECRET/totp.$1" ]; then factor=$(printf ',"code":"%s"' "$(code_of "$SECRET/totp.$1")"); fi
        body=$(printf '{"account":"%s","password":"%s"%s}' "$1" "$(cat "$SECRET/password")" "$factor" | post /sessions) || return 1
        if [ -z "$factor" ] || [ "$(json_text code <<<"$body")" != second_factor_required ] || [ "$try" = 8 ]; then break; fi
        next_code
    done
    printf '%s' "$body"
}

# A killed run leaves the secret that a code may have confirmed already: then the log-in asks for one.
enrol() { # ROLE
    local role=$1 body token refresh new=$SECRET/totp.$1.new
    body=$(printf '{"account":"%s","password":"%s"}' "$role" "$(cat "$SECRET/password")" | post /sessions)
    if [ "$(json_text code <<<"$body")" = second_factor_required ] && [ -s "$new" ]; then
        mv -f "$new" "$SECRET/totp.$role"
        return 0
    fi
    if [ "$(json_text code <<<"$body")" = second_factor_required ]; then
        warn "$role has a second factor whose secret is not in $SECRET: the database was restored without it"
        return 0
    fi
    token=$(json_text access_token <<<"$body")
    refresh=$(json_text refresh_token <<<"$body")
    [ -n "$token" ] || die "the log-in of $role was refused: $body"
    body=$(printf '{"password":"%s"}' "$(cat "$SECRET/password")" | post /me/totp:enrol "$token")
    json_text secret <<<"$body" | write_file "$new" 600
    [ -s "$new" ] || die "$role cannot enrol a second factor: $(json_text detail <<<"$body")"
    confirm "$role" "$token" "$new"
    body=$(printf '{"refresh_token":"%s"}' "$refresh" | post /sessions:refresh)
    if [ -n "$(json_text access_token <<<"$body")" ]; then keep_token "$role" "$body"; fi
}

confirm() { # ROLE TOKEN FILE
    local body
    body=$(printf '{"code":"%s"}' "$(code_of "$3")" | post /me/totp:confirm "$2")
    [ -n "$(json_text confirmed_at <<<"$body")" ] || die "the second factor of $1 was not confirmed: $(json_text detail <<<"$body")"
    mv -f "$3" "$SECRET/totp.$1"
}

enrol_administrators() {
    local role
    command -v curl >/dev/null || { warn "without curl the administrators get no second factor"; return 0; }
    for role in "${ADMINISTRATORS[@]}"; do
        if [ ! -s "$SECRET/totp.$role" ]; then (enrol "$role") || exit 1; fi
    done
}

# ---- tokens ---------------------------------------------------------------------------------------------------------

# An administrator's session is refreshed while it lasts: a log-in would wait for the next code.
open_or_refresh() { # ROLE FILE: the answer's body
    local refresh body=''
    refresh=$(sed -n 3p "$2" 2>/dev/null)
    if [ -n "$refresh" ] && [ -s "$SECRET/totp.$1" ]; then
        body=$(printf '{"refresh_token":"%s"}' "$refresh" | post /sessions:refresh)
    fi
    if [ -n "$(json_text access_token <<<"$body")" ]; then printf '%s' "$body"; else log_in "$1"; fi
}

token_of() { # ROLE
    local role=$1 file body
    is_role "$role" || die "no role '$role': one of ${ROLES[*]}"
    supervisor_pid >/dev/null || die "the stack is down: deploy/stack up"
    file=$(token_file "$role")
    kept_token "$file" && return 0
    exec 8>"$SECRET/lock.$role" # one refreshes, the others take what it was given
    flock -w 90 8 || die "another deploy/stack is at work for $role"
    kept_token "$file" && return 0
    body=$(open_or_refresh "$role" "$file") || die "no answer to the log-in of $role: see deploy/stack status"
    [ -n "$(json_text access_token <<<"$body")" ] || die "the log-in of $role was refused: $body"
    keep_token "$role" "$body"
    json_text access_token <<<"$body"
}

keep_token() { # ROLE BODY
    local file
    file=$(token_file "$1")
    find "$SECRET" -name "token.$1.*" ! -path "$file" -delete
    write_token "$file" "$2"
}

write_token() { # FILE BODY: the end, the access token and the refresh token, a line each
    local seconds
    seconds=$(json_number expires_in <<<"$2")
    printf '%s\n%s\n%s\n' $((EPOCHSECONDS + ${seconds:-600})) "$(json_text access_token <<<"$2")" "$(json_text refresh_token <<<"$2")" |
        write_file "$1" 600
}

# Two members of a flat answer of our own: not a JSON parser.
json_text() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" | head -n 1; }
json_number() { sed -n "s/.*\"$1\" *: *\([0-9]*\).*/\1/p" | head -n 1; }
