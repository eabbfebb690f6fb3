"""Checks of the lifecycle events: the ends of the pipe, its role, and what its condition switches."""

from .common import check, list_of, statements_of


def check_events(resources):
    """Checks that the pipe reads the one stream, writes to the one bus, and keeps what fails in the one queue."""
    stream = {"Fn::If": ["HasTableStream", {"Ref": "TableStreamArn"}, {"Fn::GetAtt": ["Table", "StreamArn"]}]}
    bus, queue = ({"Fn::GetAtt": [name, "Arn"]} for name in ("EventBus", "UndeliveredEvents"))
    role = resources["EventPipeRole"]["Properties"]
    statements = {each["Sid"]: (sorted(list_of(each["Action"])), each["Resource"]) for each in statements_of("", resources["EventPipeRole"])}
    reads = [f"dynamodb:{each}" for each in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")]
    expected = {"ReadStream": (reads, stream), "PutEvents": (["events:PutEvents"], bus), "KeepUndelivered": (["sqs:SendMessage"], queue)}
    check(statements == expected, f"the role of the pipe: {statements}")
    attached = role["ManagedPolicyArns"]
    check(attached == {"Fn::If": ["HasKmsKey", [{"Ref": "UseKmsKey"}], {"Ref": "AWS::NoValue"}]}, f"the role of the pipe: {attached}")
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    check(statement["Principal"] == {"Service": "pipes.amazonaws.com"}, "the role of the pipe is for another service")
    check(statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, "a pipe of any account")
    pipe = resources["EventPipe"]["Properties"]
    source = pipe["SourceParameters"]["DynamoDBStreamParameters"]
    check((pipe["Source"], pipe["Target"], source["DeadLetterConfig"]) == (stream, bus, {"Arn": queue}), "the ends of the pipe")
    check("Name" not in pipe, "a pipe with a name cannot be replaced, and another stream replaces it")
    [statement] = resources["UndeliveredEventsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    check(statement["Condition"] == {"ArnEquals": {"aws:SourceArn": bus}} and statement["Resource"] == queue, "who fills the queue")
    check(resources["UndeliveredEvents"]["Properties"]["MessageRetentionPeriod"] == 14 * 86400, "the queue")
    # The condition is the pipe's: a stream that is switched off ends its pipe for good.
    check(resources["Table"]["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}, "the stream")
    for name in ("EventBus", "EventPipe", "EventPipeRole", "UndeliveredEvents", "UndeliveredEventsPolicy", "EventsUndeliveredAlarm"):
        check(resources[name].get("Condition") == "HasEvents", f"{name} has another condition")
