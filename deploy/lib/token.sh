# shellcheck shell=bash
# deploy/lib/token.sh - access tokens of the demonstration accounts, kept until a minute before they end. Sourced after common.sh.

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

log_in() { # ACCOUNT: the answer's body
    local url=http://127.0.0.1:$PORT_HTTP/api/v1/identity/sessions
    # The password goes through standard input: arguments are for all to see.
    printf '{"account":"%s","password":"%s"}' "$1" "$(cat "$SECRET/password")" |
        curl -sS --noproxy '*' --retry 3 --retry-connrefused --max-time 20 -H 'Content-Type: application/json' --data-binary @- "$url" 2>/dev/null
}

token_of() { # ROLE
    local role=$1 file body token seconds
    is_role "$role" || die "no role '$role': one of ${ROLES[*]}"
    supervisor_pid >/dev/null || die "the stack is down: deploy/stack up"
    file=$(token_file "$role")
    kept_token "$file" && return 0
    body=$(log_in "$role") || die "no answer to the log-in of $role: see deploy/stack status"
    token=$(json_text access_token <<<"$body")
    seconds=$(json_number expires_in <<<"$body")
    [ -n "$token" ] || die "the log-in of $role was refused: $body"
    rm -f "$SECRET/token.$role".*
    printf '%s\n%s\n' $((EPOCHSECONDS + ${seconds:-600})) "$token" | write_file "$file" 600
    printf '%s\n' "$token"
}

# Two members of a flat answer of our own: not a JSON parser.
json_text() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" | head -n 1; }
json_number() { sed -n "s/.*\"$1\" *: *\([0-9]*\).*/\1/p" | head -n 1; }
