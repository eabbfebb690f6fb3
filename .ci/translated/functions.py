"""Checks of the functions: their variables, their logs, and the versions of the authorizer."""

import json
import re

from .common import check, of_type, references, REQUIRED, translate

# All variables of a function together, as the JSON that Lambda measures, in bytes.
MAX_ENVIRONMENT = 4096

# The largest lengths of the values that a stack generates: its name, the name of its table, the ARN of its secret.
GENERATED = {"AWS::StackName": 128, "AWS::StackId": 200, "Api": 10, "Table": 148, "Pepper": 100, "PepperPolicy": 100}

# The URL of the API, with what follows it.
MAX_API_URL = 100

# Parameters whose characters may have four bytes.
UNICODE = {"MailFromName", "MailDomains"}

# Parameters that are JSON: one entry of their objects, which has as many escapes as real ones.
ENTRIES = {
    "RoutePermissions": '"GET /orders":"orders:read",',
    "GithubPublicKeys": '"' + 64 * "a" + '":"-----BEGIN PUBLIC KEY-----\\n' + 2 * (64 * "A" + "\\n") + '-----END PUBLIC KEY-----\\n",',
}

# Properties of the authorizer's function that are not part of its versions.
NOT_VERSIONED = {"Code", "Description", "ReservedConcurrentExecutions", "Role", "Tags"}


def longest(template, name):
    """Returns the longest value of a parameter, and checks that there is one."""
    declared = template["Parameters"][name]
    if "AllowedValues" in declared:
        return max(map(str, declared["AllowedValues"]), key=len)
    if declared["Type"] == "Number":
        return str(declared["MaxValue"])
    length = declared.get("MaxLength")
    check(length is not None, f"the parameter {name} has no MaxLength")
    plain = re.sub(r"\\.|\[[^\]]*\]", "", declared.get("AllowedPattern", "."))
    is_ascii = "." not in plain and not re.search(r"\[\^|\\x[8-9a-f]|\\[SDW]", declared.get("AllowedPattern", "[^"))
    check(is_ascii or name in UNICODE, f"the parameter {name} may have other characters than ASCII")
    if entry := ENTRIES.get(name):
        return ("{" + (length // len(entry) + 1) * entry)[: length - 1] + "}"
    return ("\U0001f511" if name in UNICODE else "a") * (length or 0)


def check_environments(template, resources):
    """Checks that the variables of each function fit, with the longest value of every parameter."""

    def largest(value):
        if not isinstance(value, dict):
            return str(value)
        [(function, argument)] = value.items()
        if function == "Fn::If":
            return max(map(largest, argument[1:]), key=lambda text: len(text.encode()))
        if function == "Fn::Sub":
            return "a" * MAX_API_URL
        name = argument if function == "Ref" else None
        length = GENERATED.get(name)
        return "a" * length if length else longest(template, name)

    sizes = {}
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        variables = function["Properties"]["Environment"]["Variables"]
        text = json.dumps({key: largest(value) for key, value in variables.items()}, ensure_ascii=False, separators=(",", ":"))
        sizes[name] = len(text.encode())
        check(sizes[name] <= MAX_ENVIRONMENT, f"{name} may have {sizes[name]} bytes of variables")
    name = max(sizes, key=sizes.get)
    print(f"the largest environment: {sizes[name]} of {MAX_ENVIRONMENT} bytes, {name}")
    for parameter in template["Parameters"]:
        if template["Parameters"][parameter]["Type"] == "String":
            longest(template, parameter)


def check_logs(resources):
    """Checks that Lambda drops no line of ours, and whose lines are its own."""
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        config = function["Properties"]["LoggingConfig"]
        check((config["LogFormat"], config["ApplicationLogLevel"]) == ("JSON", "TRACE"), f"{name}: {config}")
        level = "AuthorizerSystemLogLevel" if name == "AuthorizeRequestFunction" else "SystemLogLevel"
        check(config["SystemLogLevel"] == {"Ref": level}, f"{name}: {config}")


def check_versions(template, resources):
    """Checks that each setting of the authorizer publishes a version when it changes, and how requests move to it."""
    function = resources["AuthorizeRequestFunction"]["Properties"]
    [(name, version)] = of_type(resources, "AWS::Lambda::Version").items()
    versioned = {key: value for key, value in function.items() if key not in NOT_VERSIONED}
    used = references(versioned) & (set(template["Parameters"]) | {"Table", "Pepper"})
    kept = references(resources["AuthorizerSettings"]["Properties"]["Content"])
    check(len(used) > 20, f"only {len(used)} settings")
    check(used <= kept, f"settings whose change publishes no version: {used - kept}")
    check("AuthorizerSettings" in references(version["Properties"]["Description"]), "no setting publishes a version")
    alias = resources["AuthorizeRequestFunctionAliaslive"]
    check(alias["Properties"]["Name"] == "live" and name in references(alias["Properties"]["FunctionVersion"]), "the alias")
    check("HasProvisionedConcurrency" in references(alias["Properties"]["ProvisionedConcurrencyConfig"]), "provisioned")
    check("HasReservedConcurrency" in references(function["ReservedConcurrentExecutions"]), "reserved")
    update = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    group = resources[update["DeploymentGroupName"]["Ref"]]["Properties"]
    alarms = [alarm["Name"] for alarm in group.get("AlarmConfiguration", {}).get("Alarms", [])]
    check(alarms == [{"Ref": "AuthorizerFailsAlarm"}], f"a deployment is rolled back by {alarms}")
    for kind in template["Parameters"]["AuthorizerDeployment"]["AllowedValues"]:
        changed = translate(template, REQUIRED | {"AuthorizerDeployment": kind})["Resources"]
        name = changed[update["DeploymentGroupName"]["Ref"]]["Properties"]["DeploymentConfigName"]["Fn::Sub"]
        check(name == ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": kind}], f"{kind}: {name}")
