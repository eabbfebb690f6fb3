//! The rule on the pepper selects the calls that `CloudTrail` records of it, however their callers name it.
//!
//! Shapes of the events: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html>.

use serde_json::{Value, json};

use super::resources;

const ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:Pepper-local0";

/// Tells whether an event has all that a pattern of `EventBridge` names. Only exact values and `$or` are known here.
fn selects(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(members) => members.iter().all(|(name, wanted)| match name.as_str() {
            "$or" => wanted.as_array().unwrap().iter().any(|one| selects(one, event)),
            name => event.get(name).is_some_and(|value| selects(wanted, value)),
        }),
        Value::Array(values) => {
            assert!(values.iter().all(Value::is_string), "{pattern}");
            values.contains(event)
        }
        _ => panic!("no pattern: {pattern}"),
    }
}

fn call(name: &str, asked: &str, answered: &Value) -> Value {
    json!({
        "source": "aws.secretsmanager",
        "detail-type": "AWS API Call via CloudTrail",
        "region": "us-east-1",
        "detail": {
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": name,
            "userIdentity": {"type": "Root", "arn": "arn:aws:iam::000000000000:root"},
            "requestParameters": {"secretId": asked},
            "responseElements": answered,
        },
    })
}

#[test]
fn each_change_of_the_pepper_is_selected_and_nothing_else() {
    let pattern = &resources("AWS::Events::Rule")["PepperTouchedRule"]["EventPattern"];
    let other = ARN.replace("Pepper", "Other");
    for (event, selected) in [
        (call("PutSecretValue", ARN, &json!({"arn": ARN})), true),
        // By its name, or by a part of the ARN.
        (call("PutSecretValue", "Pepper", &json!({"arn": ARN})), true),
        (call("UpdateSecret", "Pepper", &json!({"ARN": ARN})), true),
        (call("DeleteSecret", &ARN[..ARN.len() - 7], &json!({"name": "Pepper", "aRN": ARN})), true),
        // A refused one names it all the same.
        (call("DeleteSecret", ARN, &json!(null)), true),
        (call("PutSecretValue", &other, &json!({"arn": other})), false),
        (call("GetSecretValue", ARN, &json!(null)), false),
        (call("DescribeSecret", ARN, &json!(null)), false),
    ] {
        assert_eq!(selects(pattern, &event), selected, "{event}");
    }
}
