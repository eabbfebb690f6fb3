"""Checks of parameters and conditions: what they leave out, their bounds, and the answers of a deployment."""

import pathlib
import re
import tomllib

from .common import check, PSEUDO, references, REQUIRED, translate, values_of

# Values of parameters with which every condition has the other value than with REQUIRED alone.
KEY = "11111111-2222-3333-4444-555555555555"
EVERYTHING = REQUIRED | {
    "TableName": "restored",
    "FormerTableName": "former",
    "PepperArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:pepper-AbCdEf",
    "PepperAdminArn": "arn:aws:iam::123456789012:role/auditor",
    "PepperReplicaRegion": "eu-west-1",
    "PepperRotationDays": "30",
    "KmsKeyArn": f"arn:aws:kms:us-east-1:123456789012:key/{KEY}",
    "SesRegion": "eu-west-1",
    "DomainName": "keys.example.com",
    "CertificateArn": f"arn:aws:acm:us-east-1:123456789012:certificate/{KEY}",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
    "AuthorizerReservedConcurrency": "5",
    "AuthorizerProvisionedConcurrency": "5",
    "AuthorizerCallers": "listed",
    "TableStreamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/restored/stream/2026-11-29T00:00:00.000",
    "LifecycleEvents": "false",
    "ConsoleClientId": "console",
    "ConsoleClientSecretId": "console-client",
    "ConsoleUrl": "https://keys.example.com/console",
}
SCHEDULES = {
    True: ["rate(5 minutes)", "rate(1 hour)", "rate(2 days)", "cron(0 9 * * ? *)", "cron(0/15 * * * ? *)", "cron(*/5 8-17 ? * MON-FRI *)"],
    False: ["rate(1 minute)", "rate(4 minutes)", "rate(1 minutes)", "cron(* * * * ? *)", "cron(*/4 * * * ? *)", "cron(0,1 * * * ? *)"]
    + ["cron(0/7 * * * ? *)", "cron(0-5 * * * ? *)", "at(2030-01-01T00:00:00)", "rate(05 minutes)", "cron(0/5 * * * ?)"],
}


def met(conditions, parameters, value):
    """Evaluates a condition."""
    if isinstance(value, str):
        return met(conditions, parameters, conditions[value])
    [(function, argument)] = value.items()
    if function == "Condition":
        return met(conditions, parameters, argument)
    if function == "Fn::Equals":
        left, right = (parameters[each["Ref"]] if isinstance(each, dict) else each for each in argument)
        return str(left) == str(right)
    inner = [met(conditions, parameters, each) for each in argument]
    return {"Fn::Not": not inner[0], "Fn::And": all(inner), "Fn::Or": any(inner)}[function]


def without_conditions(value, decided):
    """Replaces each Fn::If by the side that counts."""
    if isinstance(value, dict):
        if set(value) == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return without_conditions(yes if decided[condition] else no, decided)
        return {name: without_conditions(each, decided) for name, each in value.items()}
    if isinstance(value, list):
        return [without_conditions(each, decided) for each in value]
    return value


def defaults(template):
    """Returns the values of parameters that are not given."""
    return {name: str(declared.get("Default", "")) for name, declared in template["Parameters"].items()}


def check_references(template, parameters):
    """Checks that each reference is to a resource that there is, whatever the conditions leave out."""
    translated = translate(template, parameters)
    given = PSEUDO | defaults(template) | parameters
    conditions = translated["Conditions"]
    decided = {name: met(conditions, given, name) for name in conditions}
    for value in values_of([translated["Resources"], translated["Outputs"]]):
        if isinstance(value, dict) and set(value) == {"Fn::If"}:
            check(value["Fn::If"][0] in decided, f"{value['Fn::If'][0]} is no condition")
    there = {name: each for name, each in translated["Resources"].items() if decided.get(each.get("Condition"), True)}
    outputs = {name: each for name, each in translated["Outputs"].items() if decided.get(each.get("Condition"), True)}
    for place, value in [*there.items(), *outputs.items()]:
        for name in references(without_conditions(value, decided)):
            known = name in there or name in given or name.startswith("AWS::")
            check(known, f"{place} refers to {name}, which is not there with {parameters}")
    return decided


def check_restored(template):
    """Checks the references of a stack with a restored table that has events."""
    decided = check_references(template, EVERYTHING | {"LifecycleEvents": "true"})
    check(decided["HasEvents"] and not decided["OwnTable"], "a restored table has no events")


def check_parameters(template, decided):
    """Checks the bounds of schedules, and that every condition was met once and not met once."""
    pattern = template["Parameters"]["NoticeSchedule"]["AllowedPattern"]
    for allowed, schedules in SCHEDULES.items():
        for schedule in schedules:
            check(bool(re.fullmatch(pattern, schedule)) == allowed, f"NoticeSchedule {schedule} is allowed: {not allowed}")
    first, second = decided
    same = [name for name in first if first[name] == second[name]]
    check(same == [], f"conditions that EVERYTHING does not change: {same}")


def check_samconfig(template, path):
    """Checks the answers of a deployment, and the commented parameters as if they were given."""
    text = re.sub(r'^# (parameter_overrides|    "|\])', r"\1", pathlib.Path(path).read_text(encoding="utf-8"), flags=re.MULTILINE)
    deploy = tomllib.loads(text)["default"]["deploy"]["parameters"]
    check(deploy["capabilities"] == "CAPABILITY_IAM" and deploy["resolve_s3"] and deploy["confirm_changeset"], f"{path}")
    given = dict(each.split("=", 1) for each in deploy["parameter_overrides"])
    check(set(REQUIRED) <= set(given) <= set(template["Parameters"]), f"{path}: parameters {sorted(given)}")
    for name, value in given.items():
        pattern = template["Parameters"].get(name, {}).get("AllowedPattern", "")
        # CloudFormation's patterns are Java's.
        pattern = re.sub(r"\\x\{(\w+)\}", lambda code: f"\\U{int(code[1], 16):08x}", pattern)
        check(re.fullmatch(pattern, value.strip("'")), f"{path}: {name} breaks its pattern")
