"""Checks of who may do what: the roles of functions, mail, the table and the pepper, and the role that deploys."""

import json
import pathlib
import re

from .common import check, list_of, of_type, references, statements_of

# Statements with a wildcard as their action or their whole resource, and why there is nothing narrower.
WILDCARDS = {
    ("FunctionBoundary", "SendMail"): "the role of the one function that sends names its addresses",
    ("NotifyExpiringKeysFunctionRole", "ReadSendQuota"): "ses:GetSendQuota has no resource",
    ("PepperPolicy", "DenyOthers"): "the resource of a secret's own policy is the secret",
    ("PepperPolicy", "DenyOthersToLift"): "the resource of a secret's own policy is the secret",
}

# The role of each schedule.
SCHEDULES = {"NotifyExpiringKeysFunctionTick": "NotifyScheduleRole", "RotatePepperFunctionTick": "PepperScheduleRole"}

# The policy of the role that deploys, and the action in it that makes a resource of each type. Others that a type needs stand in
# its schema, `handlers`: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
DEPLOYER = "infra/deployer-policy.json"
CREATES = {
    "AWS::ApiGatewayV2::Api": "apigateway:POST",
    "AWS::ApiGatewayV2::ApiMapping": "apigateway:POST",
    "AWS::ApiGatewayV2::DomainName": "apigateway:POST",
    "AWS::ApiGatewayV2::Stage": "apigateway:POST",
    "AWS::AppConfig::Application": "appconfig:CreateApplication",
    "AWS::AppConfig::ConfigurationProfile": "appconfig:CreateConfigurationProfile",
    "AWS::AppConfig::HostedConfigurationVersion": "appconfig:CreateHostedConfigurationVersion",
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm",
    "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard",
    "AWS::CodeDeploy::Application": "codedeploy:CreateApplication",
    "AWS::CodeDeploy::DeploymentGroup": "codedeploy:CreateDeploymentGroup",
    "AWS::DynamoDB::Table": "dynamodb:CreateTable",
    "AWS::Events::Archive": "events:CreateArchive",
    "AWS::Events::EventBus": "events:CreateEventBus",
    "AWS::Events::Rule": "events:PutRule",
    "AWS::IAM::ManagedPolicy": "iam:CreatePolicy",
    "AWS::IAM::Role": "iam:CreateRole",
    "AWS::Lambda::Alias": "lambda:CreateAlias",
    "AWS::Lambda::EventInvokeConfig": "lambda:PutFunctionEventInvokeConfig",
    "AWS::Lambda::Function": "lambda:CreateFunction",
    "AWS::Lambda::Permission": "lambda:AddPermission",
    "AWS::Lambda::Version": "lambda:PublishVersion",
    "AWS::Logs::LogGroup": "logs:CreateLogGroup",
    "AWS::Logs::MetricFilter": "logs:PutMetricFilter",
    "AWS::Pipes::Pipe": "pipes:CreatePipe",
    "AWS::Route53::RecordSet": "route53:ChangeResourceRecordSets",
    "AWS::SQS::Queue": "sqs:CreateQueue",
    "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes",
    "AWS::SSM::Parameter": "ssm:PutParameter",
    "AWS::Scheduler::Schedule": "scheduler:CreateSchedule",
    "AWS::SecretsManager::ResourcePolicy": "secretsmanager:PutResourcePolicy",
    "AWS::SecretsManager::Secret": "secretsmanager:CreateSecret",
}

# The page that says how long this policy is.
PAGE = "infra/README.md"
# The most characters of a role's inline policies, without white space.
MAX_INLINE = 10240


def check_roles(resources):
    """Checks that no role has a wildcard that is not argued, and who may take which role."""
    found = set()
    for name, resource in resources.items():
        for statement in statements_of(name, resource):
            lists = [each if isinstance(each, list) else [each] for each in (statement["Action"], statement["Resource"])]
            actions, targets = lists
            if any("*" in action for action in actions) or "*" in targets:
                found.add((name, statement.get("Sid")))
    for each in found ^ set(WILDCARDS):
        check(False, f"a wildcard that is not argued, or an argument without one: {each}")
    services = {}
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        [statement] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        services[name] = statement["Principal"]["Service"]
        if name.endswith("FunctionRole"):
            check(role["Properties"].get("PermissionsBoundary") == {"Ref": "FunctionBoundary"}, f"{name} has no boundary")
            check(services[name] == ["lambda.amazonaws.com"], f"{name}: {services[name]}")
    others = {name for name in services if not name.endswith("FunctionRole")}
    check(others == {*SCHEDULES.values(), "CodeDeployServiceRole", "EventPipeRole"}, f"roles: {others}")
    schedules = of_type(resources, "AWS::Scheduler::Schedule")
    check(set(schedules) == set(SCHEDULES), f"schedules: {sorted(schedules)}")
    for name, role in SCHEDULES.items():
        [statement] = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        condition = statement.get("Condition")
        check(condition == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, f"{role}: the scheduler of any account")
        target = schedules[name]["Properties"]["Target"]
        check(role in references(target["RoleArn"]), f"{name} has another role")
        [allowed] = statements_of("", resources[role])
        check(references(allowed["Resource"]) == references(target["Arn"]), f"{role} runs another function")


def check_mail(resources):
    """Checks that mails are sent from one address alone, by any identity of the account above it."""
    [send] = [
        each
        for each in statements_of("", resources["NotifyExpiringKeysFunctionRole"])
        if each["Sid"] == "SendMail"
    ]
    kinds = [each["Fn::Sub"][0].rsplit(":", 1)[1] for each in send["Resource"]]
    check(kinds == ["identity/*", "configuration-set/*"], f"SES: {kinds}")
    check(send["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}, "SES: any sender")
    region = {"Fn::If": ["HasSesRegion", {"Ref": "SesRegion"}, {"Ref": "AWS::Region"}]}
    check(all(each["Fn::Sub"][1] == {"Region": region} for each in send["Resource"]), "SES: the region")


def check_data(resources):
    """Checks that the table and the pepper outlive the stack, and who reads them."""
    functions = of_type(resources, "AWS::Lambda::Function")
    policies = {name: (resources[name].get("DeletionPolicy"), resources[name].get("UpdateReplacePolicy")) for name in ("Table", "Pepper")}
    expected = {"Table": ("Retain", "Retain"), "Pepper": ("RetainExceptOnCreate", "Retain")}
    check(policies == expected, f"deletion: {policies}")
    [statement, lifting] = statements_of("", resources["PepperPolicy"])
    [(key, allowed)] = statement["Condition"]["ArnNotEquals"].items()
    with_pepper = {name for name, each in functions.items() if "PEPPER_SECRET_ID" in each["Properties"]["Environment"]["Variables"]}
    check(len(with_pepper) > 3 and key == "aws:PrincipalArn", "no function uses the pepper")
    named = {name for each in allowed for name in references(each)}
    check(named == {f"{name}Role" for name in with_pepper} | {"PepperAdminArn"}, f"the pepper is for {sorted(named)}")
    # tests/it/watch/pepper.rs checks which calls the two statements deny.
    check({each["Effect"] for each in (statement, lifting)} == {"Deny"}, "the pepper's policy")
    for name, resource in resources.items():
        for each in statements_of(name, resource):
            # The pipe reads the stream of the table in use alone.
            names = [target for target in list_of(each["Resource"]) if name != "EventPipeRole" and {"Table", "TableName"} & set(references(target))]
            former = [target for target in list_of(each["Resource"]) if "FormerTableName" in references(target)]
            check(len(names) == len(former), f"{name}, {each.get('Sid')}: not the same rights on FormerTableName")
    for name in functions:
        role = resources[f"{name}Role"]
        data = any(re.match("dynamodb:|secretsmanager:", action) for each in statements_of("", role) for action in list_of(each["Action"]))
        attached = "UseKmsKey" in references(role["Properties"]["ManagedPolicyArns"])
        check(data == attached, f"{name} uses the table or the pepper: {data}; may use their key: {attached}")
        variable = functions[name]["Properties"]["Environment"]["Variables"].get("PEPPER_SECRET_ID")
        check(variable is None or "PepperPolicy" in references(variable), f"{name} starts before the pepper's policy is set")
    [statement] = statements_of("", resources["UseKmsKey"])
    services = {each["Fn::Sub"].split(".")[0] for each in statement["Condition"]["StringEquals"]["kms:ViaService"]}
    check(services == {"dynamodb", "secretsmanager"} and statement["Action"] == "kms:Decrypt", "the key of KMS")


def check_deployer(resources):
    """The policy of the deploying role makes each type of resource, names each action, and fits into a role."""
    text = pathlib.Path(DEPLOYER).read_text(encoding="utf-8")
    allowed = {action for statement in json.loads(text)["Statement"] for action in list_of(statement["Action"])}
    types = {resource["Type"] for resource in resources.values()}
    check(types == set(CREATES), f"{DEPLOYER}: types of resources without a row here, or rows too many: {types ^ set(CREATES)}")
    missing = sorted(set(CREATES.values()) - allowed)
    check(missing == [], f"{DEPLOYER}: the role may not {missing}")
    check(not any(":*" in action for action in allowed), f"{DEPLOYER}: all actions of a service")
    size = len("".join(text.split()))
    check(size <= MAX_INLINE, f"{DEPLOYER}: {size} characters")
    stated = f"about {round(size, -2):,} characters"
    check(stated in pathlib.Path(PAGE).read_text(encoding="utf-8"), f"{PAGE} does not say that {DEPLOYER} has {stated}")
