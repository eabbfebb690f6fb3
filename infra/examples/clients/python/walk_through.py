"""The life of an access key with a Python client made from the OpenAPI document. The README beside this folder says how.

ACCESS_KEYS_URL, SIGN_IN_TOKEN: as for ../../walk-through.py
"""

import os
import uuid
from typing import TypeVar

import httpx
from access_keys_client import AuthenticatedClient
from access_keys_client.api.access_keys import list_access_keys, revoke_access_key, rotate_access_key
from access_keys_client.api.callers_and_tokens import describe_caller
from access_keys_client.api.organizations import create_organization
from access_keys_client.api.users import create_user
from access_keys_client.models import (
    AccessKey,
    AccessKeyPage,
    Caller,
    NewOrganization,
    NewUser,
    Organization,
    SecretRotation,
    User,
)
from access_keys_client.types import UNSET

URL = os.environ.get("ACCESS_KEYS_URL", "http://127.0.0.1:3000").rstrip("/")
T = TypeVar("T")


class ApiError(Exception):
    """A response that is no success."""


def refuse(response: httpx.Response) -> None:
    """Turns each error into an exception, before the client reads it. A refusal of the gateway has a `message` alone."""
    if response.is_error:
        response.read()
        answer = response.json()
        code = answer.get("code", "refused_by_gateway")
        raise ApiError(f"{response.status_code} {code}: {answer.get('detail') or answer.get('message')}")


def client(token: str, header: str = "x-access-key", prefix: str = "") -> AuthenticatedClient:
    """Returns a client that calls with this credential."""
    hooks = {"event_hooks": {"response": [refuse]}}
    return AuthenticatedClient(URL, token=token, auth_header_name=header, prefix=prefix, httpx_args=hooks)


def sign_in() -> AuthenticatedClient:
    """Returns a client for a person: that of the environment, or a new one of the development issuer."""
    token = os.environ.get("SIGN_IN_TOKEN")
    if not token:
        name = f"alice-{uuid.uuid4().hex[:8]}"
        person = {"subject": name, "email": f"{name}@example.com", "name": "Alice"}
        token = httpx.get(f"{URL}/_local/sign-in", params=person).json()["token"]
    return client(str(token), "authorization", "Bearer")


def expect(kind: type[T], answer: object) -> T:
    """Returns a response body as its type. The client's types also name the errors, which `refuse` raised."""
    if not isinstance(answer, kind):
        raise ApiError(f"no {kind.__name__}: {answer!r}")
    return answer


def main() -> None:
    alice = sign_in()
    created = create_organization.sync(client=alice, body=NewOrganization.from_dict({"name": "Acme"}))
    organization_id = expect(Organization, created).organization_id
    print(f"organization {organization_id}")

    # A machine user with its first key.
    key_of_machine = {"name": "deploy", "expires_in_days": 90}
    user = NewUser.from_dict({"kind": "machine", "name": "deployer", "access_keys": [key_of_machine]})
    machine = create_user.sync(organization_id, client=alice, body=user, idempotency_key=str(uuid.uuid4()))
    (key,) = expect(User, machine).access_keys or []
    if not key.secret:
        raise ApiError("the answer shows no secret: it repeats an earlier one")
    old = key.secret.token
    print(f"key {key.masked_key}")

    # The machine asks who it is, and rotates its own key.
    me = expect(Caller, describe_caller.sync(client=client(old)))
    print(f"called as {me.user_name}, with the key {me.key_name}")
    rotation = SecretRotation(overlap_seconds=3600)
    rotated = expect(AccessKey, rotate_access_key.sync(organization_id, "current", client=client(old), body=rotation))
    if not rotated.secret:
        raise ApiError("the answer shows no secret")
    new = rotated.secret.token
    for name, token in (("old", old), ("new", new)):
        describe_caller.sync(client=client(token))
        print(f"the {name} secret works")

    # A list comes in pages. Only a null `next_cursor` marks the last one.
    cursor: str | None = None
    while True:
        answer = list_access_keys.sync(organization_id, client=alice, limit=100, cursor=cursor or UNSET)
        page = expect(AccessKeyPage, answer)
        for listed in page.items:
            print(f"listed {listed.name}: {listed.status}, expires {listed.expires_at}")
        cursor = page.next_cursor
        if cursor is None:
            break

    # A revoked key is refused from the next request on.
    revoked = expect(AccessKey, revoke_access_key.sync(organization_id, key.key_id, client=alice))
    print(f"{revoked.name} is {revoked.status}")
    try:
        describe_caller.sync(client=client(new))
    except ApiError as error:
        print(f"refused: {error}")
    else:
        raise SystemExit("a revoked key still works")


if __name__ == "__main__":
    try:
        main()
    except (ApiError, httpx.HTTPError) as error:
        raise SystemExit(f"error: {error}") from None
