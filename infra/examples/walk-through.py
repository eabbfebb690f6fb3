#!/usr/bin/env python3
"""The life of an access key: create, use, rotate, revoke. Python 3.9 or later, standard library only.

    ACCESS_KEYS_URL   where the API is; default http://127.0.0.1:3000, where `cargo dev` listens
    SIGN_IN_TOKEN     a sign-in of your company's issuer; without it, one of the development issuer
"""

import json
import os
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("ACCESS_KEYS_URL", "http://127.0.0.1:3000").rstrip("/")
ATTEMPTS = 5
WARN_BELOW_DAYS = 14


class ApiError(Exception):
    """A response that is no success. `code` is stable; `detail` is for people."""

    def __init__(self, status, answer):
        # A refusal of the gateway is no problem document: it has a `message` and no `code`.
        self.status, self.code = status, answer.get("code", "refused_by_gateway")
        super().__init__(f"{status} {self.code}: {answer.get('detail') or answer.get('message')}")


def call(headers, method, path, body=None, once=None):
    """Sends a request. `once` is an Idempotency-Key: the service does all requests with it once."""
    data = None if body is None else json.dumps(body).encode()
    headers = {**headers, **({"content-type": "application/json"} if data else {})}
    headers.update({"idempotency-key": once} if once else {})
    for attempt in range(1, ATTEMPTS + 1):
        request = urllib.request.Request(URL + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            # After 429 nothing was done. After 503 a change may have been made: repeat only requests for which that does no harm.
            again = error.code == 429 or error.code == 503 and (method == "GET" or once)
            if not again or attempt == ATTEMPTS:
                raise ApiError(error.code, read_error(error)) from None
            time.sleep(float(error.headers.get("retry-after", 2 ** (attempt - 1))))


def read_error(error):
    """Reads the body of an error. Something between us and the service may respond with a page."""
    try:
        return json.loads(error.read())
    except ValueError:
        return {"message": error.reason}


def sign_in():
    """Returns the header of a person's sign-in."""
    token = os.environ.get("SIGN_IN_TOKEN")
    if not token:
        name = f"alice-{uuid.uuid4().hex[:8]}"
        token = call({}, "GET", f"/_local/sign-in?subject={name}&email={name}@example.com&name=Alice")["token"]
    return {"authorization": f"Bearer {token}"}


def rotate_current(organization, token):
    """Gives the key that calls a new secret, and returns the new token. The old one works for another hour.

    It needs no Idempotency-Key, whose repetitions never show the secret. A lost answer is no harm: the old token
    rotates the key again.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            key = call({"x-access-key": token}, "POST", f"{organization}/access-keys/current/rotate",
                       {"overlap_seconds": 3600})
            return key["secret"]["token"]
        except ApiError as error:
            if error.status != 503 or attempt == ATTEMPTS:
                raise
            time.sleep(attempt)


def main():
    alice = sign_in()
    organization_id = call(alice, "POST", "/v1/organizations", {"name": "Acme"})["organization_id"]
    organization = f"/v1/organizations/{organization_id}"
    print(f"organization {organization_id}")

    # A machine user with its first key.
    machine = call(alice, "POST", f"{organization}/users", {
        "kind": "machine", "name": "deployer", "access_keys": [{"name": "deploy", "expires_in_days": 90}],
    }, once=str(uuid.uuid4()))
    key = machine["access_keys"][0]
    if "secret" not in key:  # The first answer was lost, and no repetition shows the secret. A rotation does.
        key = call(alice, "POST", f"{organization}/access-keys/{key['key_id']}/rotate")
    old = key["secret"]["token"]  # Store it now: nothing shows it again.
    print(f"key {key['masked_key']}")

    # The machine asks who it is, and warns in time.
    me = call({"x-access-key": old}, "GET", "/v1/whoami")
    print(f"called as {me['user_name']}, with the key {me['key_name']}")
    if me["expires_in_days"] is not None and me["expires_in_days"] < WARN_BELOW_DAYS:
        print(f"WARNING: the key {me['key_name']} expires in {me['expires_in_days']} days")

    # It rotates its own key, with nothing but the key.
    new = rotate_current(f"/v1/organizations/{me['organization_id']}", old)
    for name, token in (("old", old), ("new", new)):
        call({"x-access-key": token}, "GET", "/v1/whoami")
        print(f"the {name} secret works")

    # A list comes in pages. Only a null `next_cursor` marks the last one.
    cursor = ""
    while cursor is not None:
        page = call(alice, "GET", f"{organization}/access-keys?limit=100{cursor}")
        for listed in page["items"]:
            print(f"listed {listed['name']}: {listed['status']}, expires {listed['expires_at']}")
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"

    # A revoked key is refused from the next request on.
    revoked = call(alice, "POST", f"{organization}/access-keys/{key['key_id']}/revoke")
    print(f"{revoked['name']} is {revoked['status']}")
    try:
        call({"x-access-key": new}, "GET", "/v1/whoami")
    except ApiError as error:
        print(f"refused: {error}")
    else:
        raise SystemExit("a revoked key still works")


if __name__ == "__main__":
    try:
        main()
    except (ApiError, OSError) as error:
        raise SystemExit(f"error: {error}") from None
