//! Malformed requests.

use kit::run;
use reqwest::Method;
use serde_json::{Value, json};

use super::{FORM, ask_by_form, token};

#[test]
fn a_malformed_request_is_refused() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let (anonymous, text) = (world.anonymous(), token(&key));
        for (form, rule) in [
            (String::new(), "must be given"),
            ("token=".to_owned(), "must be given"),
            (format!("Token={text}"), "must be given"),
            (format!("token={text}&token={text}"), "must be given once"),
        ] {
            ask_by_form(&anonymous, &form).await.expect_invalid("token", rule);
        }
        for (body, field, rule) in [
            (Value::Null, "body", "must be a JSON object"),
            (json!([text]), "body", "must be a JSON object"),
            (json!({}), "token", "must be given"),
            (json!({"token": ""}), "token", "must be given"),
            (json!({"token": 7}), "token", "must be a string"),
            (json!({"token": [text, text]}), "token", "must be a string"),
            (json!({"token": text, "token_type_hint": 7}), "token_type_hint", "must be a string"),
            (json!({"token": text, "key": 1}), "key", "unknown field"),
        ] {
            anonymous.post("/v1/introspect", body).await.expect_invalid(field, rule);
        }
        let raw = async |kind: &str, body: String| {
            anonymous.send_raw(Method::POST, "/v1/introspect", Some(kind), body.into()).await
        };
        let twice = format!(r#"{{"token": "{text}", "token": "{text}"}}"#);
        raw("application/json", twice).await.expect_invalid("body", "names a member twice");
        for kind in ["text/plain", "application/xml", "multipart/form-data"] {
            raw(kind, format!("token={text}")).await.expect_problem(415, "unsupported_media_type");
        }
        raw(FORM.unwrap(), "a".repeat(70_000)).await.expect_problem(413, "too_large");
        let by_query = format!("/v1/introspect?token={text}");
        anonymous.post(&by_query, json!({"token": text})).await.expect_invalid("token", "takes none");
        anonymous.get("/v1/introspect").await.expect(404);
    });
}
