"""The callers of the schemathesis run, and the rules that keep them alive. `schemathesis.toml` loads it.

The environment names the API (`ACCESS_KEYS_URL`), the caller (`CALLER`: `owner` or `machine`) and a file for the statuses of
each operation (`STATUSES`), which `.ci/successes` reads. Each run makes an
organization of its own, with quotas that are hard to reach, and calls as its owner or as a machine user with every permission.
"""

import atexit
import collections
import datetime
import json
import os
import re
import time
import uuid

import requests
import schemathesis
from hypothesis import strategies

URL = os.environ["ACCESS_KEYS_URL"]
CALLER = os.environ["CALLER"]


def call(method, path, headers, body=None):
    answer = requests.request(method, URL + path, headers=headers, json=body, timeout=30)
    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


NAME = f"{CALLER}-{uuid.uuid4().hex[:8]}"
OWNER = {
    "Authorization": "Bearer "
    + call("GET", f"/_local/sign-in?subject={NAME}&email={NAME}@example.com&name=Olga", {})["token"]
}
POLICY = {"preset": "flexible", "quota": {"owner": 100, "normal": 100, "machine": 100}}
ORGANIZATION = call("POST", "/v1/organizations", OWNER, {"name": "Fuzzed", "policy": POLICY})["organization_id"]
HOME = f"/v1/organizations/{ORGANIZATION}"
call("PUT", f"{HOME}/roles/everything", OWNER, {"permissions": ["*"]})
MACHINE = call("POST", f"{HOME}/users", OWNER, {
    "kind": "machine", "name": "caller", "roles": ["everything"],
    "access_keys": [{"name": "caller", "expires_in_days": 30}],
})  # fmt: skip
KEY = MACHINE["access_keys"][0]
CREDENTIAL = OWNER if CALLER == "owner" else {"x-access-key": KEY["secret"]["token"]}
OWN_USER = call("GET", f"{HOME}/whoami", CREDENTIAL)["user_id"]


def wait_for_permissions():
    """Waits until the authorizer knows the role. It may have read the organization before, and keeps that for ten seconds."""
    until = time.monotonic() + 30
    while call("GET", "/v1/whoami" if CALLER == "machine" else f"{HOME}/whoami", CREDENTIAL)["permissions"] != ["*"]:
        assert time.monotonic() < until, "the caller never gets its permissions"
        time.sleep(0.5)


wait_for_permissions()


@schemathesis.auth()
class Caller:
    """Calls with the credential of the run."""

    def get(self, case, context):
        return CREDENTIAL

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), **data}


@schemathesis.hook
def map_case(context, case):
    """Replaces a valid organization by that of the run, and keeps it active and its quotas large."""
    path = case.path_parameters or {}
    if "organization_id" in path and not is_negative(case, "path"):
        path["organization_id"] = ORGANIZATION
    if case.method == "PATCH" and set(path) == {"organization_id"} and isinstance(case.body, dict):
        if case.body.get("status") == "suspended":
            case.body["status"] = "active"
        if isinstance(case.body.get("policy"), dict) and not is_negative(case, "body"):
            case.body["policy"]["quota"] = POLICY["quota"]
    return case


# The ids that the calls of the run depend on, and an unused id to replace each.
OWN = {
    "user_id": ({"me", OWN_USER, MACHINE["user_id"]}, "0" * 12),
    "key_id": ({"current", KEY["key_id"]}, "0" * 20),
    "role": ({"everything"}, "nothing"),
}


def spoils_the_run(case):
    return case.method != "GET" and not case.path.endswith(("/access-keys", "/inbox", "/inbox/{message_id}"))


@schemathesis.hook
def filter_case(context, case):
    """Drops calls that would end the run: changes of its users, its key and its role."""
    path = case.path_parameters or {}
    return not (spoils_the_run(case) and any(path.get(name) in own for name, (own, _) in OWN.items()))


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Does the same for links and examples, which put their ids into a case after the hooks above."""
    map_case(context, case)
    path = case.path_parameters or {}
    for name, (own, other) in OWN.items():
        if spoils_the_run(case) and path.get(name) in own:
            path[name] = other


STATUSES = collections.defaultdict(set)
CALLS = collections.Counter()  # by the phase of schemathesis

# Operations that take a sign-in alone, and those on inboxes, which machines do not have: a machine is always refused.
FOR_PEOPLE = {
    "GET /v1/organizations",
    "POST /v1/organizations",
    "DELETE /v1/organizations/{organization_id}",
    "GET /v1/organizations/{organization_id}/users/{user_id}/inbox",
    "PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox",
    "PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}",
    "DELETE /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}",
}


@schemathesis.hook
def after_call(context, case, response):
    """Notes the phase of the call and its status."""
    CALLS[case.meta.phase.name.value if case.meta else "none"] += 1
    STATUSES[f"{case.method} {case.operation.path}"].add(response.status_code)


@atexit.register
def check_that_the_caller_still_works():
    """Fails a run that tested too little.

    Its caller lost its permissions, an operation refused every call, or no time was left for the stateful phase.
    """
    try:
        with open(os.environ["STATUSES"], "w", encoding="utf-8") as file:
            json.dump({operation: sorted(statuses) for operation, statuses in STATUSES.items()}, file)
        path = "/v1/whoami" if CALLER == "machine" else f"{HOME}/whoami"
        me = call("GET", path, CREDENTIAL)
        assert me["permissions"] == ["*"], f"the caller may do {me['permissions']}"
        call("GET", f"{HOME}/users?limit=1", CREDENTIAL)
        refused = {operation for operation, statuses in STATUSES.items() if statuses <= {401, 403}}
        refused -= FOR_PEOPLE if CALLER == "machine" else set()
        assert not refused, f"these only answered 401 or 403: {sorted(refused)}"
        assert CALLS["stateful"], f"no stateful scenario ran, only {dict(CALLS)}: set OUTSIDE_SECONDS to more seconds"
    except (AssertionError, requests.RequestException) as error:
        print(f"the run tested too little: {error}", flush=True)
        os._exit(1)


def is_negative(case, location):
    locations = {str(place.value): place for place in case.meta.components} if case.meta else {}
    return location in locations and case.meta.is_negative_at(locations[location])


# Rules that a JSON schema cannot state: those of Unicode properties, of stored items, of now, and of two members together.
BEYOND_SCHEMAS = re.compile(
    r"must hold .*"  # of names, descriptions and notes
    r"|must be an e-mail address .*"
    r"|must be in the future"
    r"|must be later than since; .*"
    r"|must be the next_cursor of a page of this same list"
    r"|an organization has at most .*"
    r"|a person owns at most .*"
    r"|.* is no (role|group) (of this organization|that you may name)"
    r"|min_seconds .* must not exceed max_seconds .*"
    r"|must be given for people: .*"
    r"|are for machine users: .*"
    r"|never changes between person .*"
)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Accepts that valid data is refused by a rule that its schema cannot state, and that HTTP trims a header."""
    trimmed = any(str(value) != str(value).strip() for value in (case.headers or {}).values())
    if type(failure).__name__ == "AcceptedNegativeData" and trimmed:
        return False
    if type(failure).__name__ != "RejectedPositiveData" or response.status_code != 400:
        return True
    problem = response.json()
    # Schemathesis 4.32 takes an empty header as valid where it covers all headers of an operation, whatever their pattern.
    empty_header = (case.headers or {}).get(problem.get("field", "")) == ""
    return not (empty_header or BEYOND_SCHEMAS.fullmatch(problem.get("rule", "")))


def later_times():
    """Times as this API takes them: whole seconds. Most are in the next years, so that keys and filters are useful."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)
    times = strategies.datetimes(min_value=now, max_value=now + datetime.timedelta(days=3000))
    return times.map(lambda time: time.isoformat(timespec="seconds") + "Z")


schemathesis.openapi.format("date-time", later_times())
