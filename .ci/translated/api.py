"""Checks of the API: its routes, who may call which function, and the names that others use."""

from .common import check, of_type, references

# The routes without an authorizer. The request proves itself, or there is nothing to protect.
OPEN_ROUTES = {
    "GET /console",
    "GET /console/{path+}",
    "GET /console/sign-in",
    "GET /console/callback",
    "GET /console/session",
    "POST /console/sign-out",
    "GET /v1/openapi.json",
    "POST /v1/introspect",
    "POST /v1/leaked-keys",
    "POST /v1/leaked-keys/github",
}


def check_routes(resources):
    """Checks that every route has the authorizer, but for the open ones."""
    body = resources["Api"]["Properties"]["Body"]
    routes = {}
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            routes[f"{method.upper()} {path}"] = operation.get("security")
    check(len(routes) > 30, f"only {len(routes)} routes")
    check(OPEN_ROUTES <= set(routes), f"no routes: {OPEN_ROUTES - set(routes)}")
    for route, security in routes.items():
        expected = [{"NONE": []}] if route in OPEN_ROUTES else [{"Caller": []}]
        check(security == expected, f"{route} has the security {security}")
    check(set(body["components"]["securitySchemes"]) == {"Caller"}, "the API has another authorizer")
    authorizer = body["components"]["securitySchemes"]["Caller"]["x-amazon-apigateway-authorizer"]
    check(authorizer["authorizerResultTtlInSeconds"] == 0, "the gateway keeps decisions")
    check(authorizer["identitySource"] == [], "the authorizer has an identity source")
    check("AuthorizeRequestFunctionAliaslive" in references(authorizer["authorizerUri"]), "the API calls no alias")
    check(resources["Api"]["Properties"]["FailOnWarnings"] == {"Ref": "FailOnImportWarnings"}, "FailOnWarnings")
    settings = resources["ApiApiGatewayDefaultStage"]["Properties"]["RouteSettings"]
    check(set(settings) <= set(routes), f"throttles of no route: {set(settings) - set(routes)}")
    check(OPEN_ROUTES <= set(settings), f"open routes without a throttle: {OPEN_ROUTES - set(settings)}")


def check_permissions(resources):
    """Checks who may call which function."""
    authorizers, own = [], {}
    for name, permission in of_type(resources, "AWS::Lambda::Permission").items():
        properties = permission["Properties"]
        if name == "CloudFormationMayDeclareRoutes":
            expected = {"Principal": "cloudformation.amazonaws.com", "SourceAccount": {"Ref": "AWS::AccountId"}}
            expected |= {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "DeclareRoutesFunction"}}
            check(properties == expected, f"{name}: {properties}")
            continue
        arn = properties["SourceArn"]["Fn::Sub"]
        text, given = arn if isinstance(arn, list) else (arn, {})
        check(properties["Principal"] == "apigateway.amazonaws.com", f"{name}: principal")
        check(properties["Action"] == "lambda:InvokeFunction", f"{name}: action")
        start = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
        check(text.startswith(start), f"{name}: {text}")
        if text == f"{start}*/authorizers/*":
            authorizers.append((properties["FunctionName"]["Ref"], permission.get("Condition")))
        else:
            check(given.get("__ApiId__") == {"Ref": "Api"}, f"{name} is for another API")
            own[name] = properties["FunctionName"]["Ref"]
    expected = ["AuthorizeRequestFunction", "AuthorizeRequestFunctionAliaslive"]
    check(sorted(authorizers) == [(each, "AnyApiMayAuthorize") for each in expected], f"callers: {authorizers}")
    check(own.get("ApiCallerAuthorizerPermission") == expected[1], "our own API may not call the authorizer")


def check_names(template, translated):
    """Checks that names are the stack's, so that a second stack has room beside it."""
    named = 0
    for name, resource in translated["Resources"].items():
        kind = resource["Type"].rsplit("::", 1)[1]
        for key, value in resource["Properties"].items():
            if key in ("Name", f"{kind}Name") and resource["Type"] not in ("AWS::Lambda::Alias", "AWS::Route53::RecordSet"):
                named += 1
                stack = "AWS::StackName" in references(value)
                inside = {"AWS::AppConfig::ConfigurationProfile", "AWS::ApiGatewayV2::DomainName"}
                inside |= {"AWS::ApiGatewayV2::Stage", "AWS::CodeDeploy::DeploymentGroup"}
                check(stack or resource["Type"] in inside, f"{name} has the name {value}")
    check(named > 3, "no names were found")
    exports = {name: output["Export"]["Name"]["Fn::Sub"] for name, output in template["Outputs"].items() if "Export" in output}
    expected = {name: f"${{AWS::StackName}}-{name}" for name in ("AuthorizerArn", "AuthorizerAliasArn", "EventBusArn", "RoutesArn")}
    check(exports == expected, f"exports: {exports}")
    parameter = translated["Resources"]["AuthorizerArnParameter"]["Properties"]
    check(parameter["Name"] == {"Fn::Sub": "/${AWS::StackName}/authorizer-arn"}, "the parameter of the authorizer's ARN")
    for value in (parameter["Value"], translated["Outputs"]["AuthorizerAliasArn"]["Value"]):
        check(value == {"Ref": "AuthorizeRequestFunctionAliaslive"}, f"{value} is not the alias")
