//! Malformed reports.

use kit::run;
use reqwest::Method;
use serde_json::{Value, json};

use super::{report, send, status};
use crate::tokens::token;

#[test]
fn a_malformed_report_is_refused_with_field_and_rule() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let text = token(&key);
        let count = "must be 1 to 100 strings";
        for (body, field, rule) in [
            (Value::Null, "body", "must be a JSON object"),
            (json!("x"), "body", "must be a JSON object"),
            (json!({}), "tokens", "must be given"),
            (json!({"tokens": []}), "tokens", count),
            (json!({"tokens": vec!["x"; 101]}), "tokens", count),
            (json!({"tokens": text}), "tokens", "must be a list"),
            (json!({"tokens": [text, 7]}), "tokens[1]", "must be a string"),
            (json!({"tokens": [text], "url": "x"}), "url", "unknown field"),
            (json!({"tokens": [text], "source": "a".repeat(65)}), "source", "1 to 64 characters"),
            (json!({"tokens": [text], "note": "a".repeat(501)}), "note", "1 to 500 characters"),
            (json!({"tokens": [text], "note": "a\nb"}), "note", "control characters"),
            (json!({"tokens": [text], "note": format!("see {text}")}), "note", "must hold no access key"),
        ] {
            let answer = send(world, body).await;
            assert!(!answer.body.to_string().contains(text), "a secret comes back");
            answer.expect_invalid(field, rule);
        }
        report(world, &vec!["x"; 100]).await;
        send(world, json!([text, {"url": "x"}, {"token": 7}])).await.expect(202);
        let anonymous = world.anonymous();
        let body = json!({"tokens": [text]}).to_string().into_bytes();
        let other = anonymous.send_raw(Method::POST, "/v1/leaked-keys", Some("text/plain"), body).await;
        other.expect_problem(415, "unsupported_media_type");
        let answer = anonymous.post("/v1/leaked-keys?dry=1", json!({"tokens": [text]})).await;
        answer.expect_invalid("dry", "takes none");
        assert_eq!(status(&organization, &key).await, "active");
    });
}
