"""What the checks of the translated template share: noting failures, translating, and finding things in it."""

import json
import re

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

REQUIRED = {"OidcIssuer": "https://issuer.example", "OidcAudience": "keys", "MailFrom": "keys@example.com"}
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
failures = []


def check(holds, text):
    """Notes a failure."""
    if not holds:
        failures.append(text)


def translate(template, parameters):
    """Returns the template as CloudFormation gets it."""
    template = json.loads(json.dumps(template))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code"
    return Translator({}, Parser()).translate(template, PSEUDO | parameters)


def of_type(resources, kind):
    """Returns the resources of a type, by name."""
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def values_of(value):
    """Lists a value and all values inside it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from values_of(each)


def references(value):
    """Lists the names to which a value refers: parameters, resources and conditions."""
    names = set()
    for each in values_of(value):
        if not isinstance(each, dict) or len(each) != 1:
            continue
        [(function, argument)] = each.items()
        if function in ("Ref", "Condition"):
            names.add(argument)
        elif function == "Fn::GetAtt":
            names.add(argument[0] if isinstance(argument, list) else argument.split(".")[0])
        elif function == "Fn::If":
            names.add(argument[0])
        elif function == "Fn::Sub":
            text, given = argument if isinstance(argument, list) else (argument, {})
            named = re.findall(r"\$\{([^!}][^}]*)\}", text)
            names |= {name.split(".")[0] for name in named if name not in given}
    return {name for name in names if isinstance(name, str)}


def statements_of(name, resource):
    """Lists the statements of all policies of a resource."""
    properties = resource["Properties"]
    documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
    documents += [properties[key] for key in ("PolicyDocument", "ResourcePolicy") if key in properties]
    for statement in (each for document in documents for each in document["Statement"]):
        yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def list_of(value):
    """Returns a list, or a list of the one value."""
    return value if isinstance(value, list) else [value]
