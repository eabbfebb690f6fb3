#!/usr/bin/env bash
# The life of an access key: create, use, rotate, revoke. Needs bash, curl 7.66 or later and jq.
#
#   ACCESS_KEYS_URL   where the API is; default http://127.0.0.1:3000, where `cargo dev` listens
#   SIGN_IN_TOKEN     a sign-in of your company's issuer; without it, one of the development issuer
set -euo pipefail

url=${ACCESS_KEYS_URL:-http://127.0.0.1:3000}
url=${url%/}
warn_below_days=14
response=$(mktemp)
trap 'rm -f "$response"' EXIT

# call CREDENTIAL METHOD PATH [OPTION OF CURL]…: sends a request and prints the body of the response.
# The credential is a header. It reaches curl by a pipe, because the process list shows arguments.
call() {
    local status
    status=$(curl --silent --show-error --max-time 30 --output "$response" --write-out '%{http_code}' \
        --header @<(printf '%s' "$1") --request "$2" "$url$3" "${@:4}") || return
    if [[ $status != 2* ]]; then
        # A refusal of the gateway is no problem document: it has a `message` and no `code`.
        jq --raw-output --arg status "$status" \
            '"error: \($status) \(.code // "refused_by_gateway"): \(.detail // .message)"' "$response" >&2
        return 1
    fi
    cat "$response"
}

# curl repeats a request after 408, 429, 5xx and timeouts, and waits as long as `Retry-After` says. After all but 429 a change may
# have been made. So this is for requests that are safe to repeat: those that read, those with an Idempotency-Key, and a
# rotation of `current`.
repeat=(--retry 4)
json=(--header 'content-type: application/json' --data)

# Sign in.
token=${SIGN_IN_TOKEN:-}
if [[ -z $token ]]; then
    name=alice-$RANDOM$RANDOM
    token=$(call '' GET "/_local/sign-in?subject=$name&email=$name@example.com&name=Alice" | jq --raw-output .token)
fi
alice="authorization: Bearer $token"

organization_id=$(call "$alice" POST /v1/organizations "${json[@]}" '{"name": "Acme"}' | jq --raw-output .organization_id)
organization=/v1/organizations/$organization_id
echo "organization $organization_id"

# Create a machine user with its first key.
machine=$(call "$alice" POST "$organization/users" "${repeat[@]}" --header "idempotency-key: create-$RANDOM$RANDOM$RANDOM" \
    "${json[@]}" '{"kind": "machine", "name": "deployer", "access_keys": [{"name": "deploy", "expires_in_days": 90}]}')
key=$(jq --raw-output '.access_keys[0].key_id' <<<"$machine")
# Store the token now: nothing shows it again.
old=$(jq --raw-output '.access_keys[0].secret.token // empty' <<<"$machine")
if [[ -z $old ]]; then # The first response was lost, and no repetition shows the secret. A rotation does.
    old=$(call "$alice" POST "$organization/access-keys/$key/rotate" | jq --raw-output .secret.token)
fi
echo "key $(jq --raw-output '.access_keys[0].masked_key' <<<"$machine")"

# The machine asks who it is, and warns in time.
me=$(call "x-access-key: $old" GET /v1/whoami "${repeat[@]}")
jq --raw-output '"called as \(.user_name), with the key \(.key_name)"' <<<"$me"
jq --raw-output --argjson days "$warn_below_days" 'select(.expires_in_days != null and .expires_in_days < $days)
    | "WARNING: the key \(.key_name) expires in \(.expires_in_days) days"' <<<"$me"

# It rotates its own key, with nothing but the key. The old secret works for another hour, so a lost response is no harm: the
# old token rotates the key again. No Idempotency-Key here: a repetition under it never shows the secret.
mine=/v1/organizations/$(jq --raw-output .organization_id <<<"$me")
new=$(call "x-access-key: $old" POST "$mine/access-keys/current/rotate" "${repeat[@]}" \
    "${json[@]}" '{"overlap_seconds": 3600}' | jq --raw-output .secret.token)
call "x-access-key: $old" GET /v1/whoami "${repeat[@]}" | jq --raw-output '"the old secret works"'
call "x-access-key: $new" GET /v1/whoami "${repeat[@]}" | jq --raw-output '"the new secret works"'

# A list comes in pages. Only a null `next_cursor` marks the last one.
next='?limit=100'
while [[ -n $next ]]; do
    page=$(call "$alice" GET "$organization/access-keys$next" "${repeat[@]}")
    jq --raw-output '.items[] | "listed \(.name): \(.status), expires \(.expires_at)"' <<<"$page"
    next=$(jq --raw-output 'if .next_cursor then "?limit=100&cursor=\(.next_cursor)" else empty end' <<<"$page")
done

# A revoked key is refused from the next request on.
call "$alice" POST "$organization/access-keys/$key/revoke" | jq --raw-output '"\(.name) is \(.status)"'
if refusal=$(call "x-access-key: $new" GET /v1/whoami 2>&1); then
    echo 'a revoked key still works' >&2
    exit 1
fi
echo "refused: ${refusal#error: }"
