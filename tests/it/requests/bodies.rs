//! Bodies as clients write them: compressed, with a byte order mark, or where none is wanted.

use kit::{Client, run};
use reqwest::Method;
use serde_json::json;

use crate::{
    matrix::{api_cases, state},
    refusals::filled,
};

const MARK: &str = "\u{feff}";
const JSON: Option<&str> = Some("application/json");

#[test]
fn a_body_in_a_content_coding_is_415_on_every_route_and_changes_nothing() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("r", &["x:y"]).await;
        let group = format!("{}/groups/g", organization.path);
        organization.owner.put(&group, json!({"roles": []})).await.expect(200);
        let key = organization.machine_key().await;
        let before = state(world);
        let mut refused = 0;
        for (number, (route, _, body, _)) in api_cases().into_iter().enumerate() {
            // These routes read no body, or need a signature first.
            if route.starts_with("GET ") || route.ends_with("/github") {
                continue;
            }
            let (method, path) = filled(route, &organization, &key);
            let coding = ["gzip", "GZip", "br", "identity, gzip", "deflate"][number % 5];
            let client = organization.owner.clone().with_header("content-encoding", coding);
            let (gzip, plain) = (vec![0x1f, 0x8b, 8, 0], body.to_string().into_bytes());
            for bytes in if body.is_null() { vec![gzip] } else { vec![gzip, plain] } {
                let answer = client.send_raw(method.clone(), &path, JSON, bytes).await;
                let problem = answer.expect_problem(415, "unsupported_media_type");
                assert_eq!(problem["field"], "content-encoding", "{route} {coding}");
                assert!(problem["detail"].as_str().unwrap().contains("content-encoding"), "{problem}");
                refused += 1;
            }
        }
        assert!(refused >= 20, "{refused}");
        assert!(state(world) == before, "something changed");
        let form = Some("application/x-www-form-urlencoded");
        let client = world.anonymous().with_header("content-encoding", "gzip");
        let answer = client.send_raw(Method::POST, "/v1/introspect", form, b"token=x".to_vec()).await;
        answer.expect_problem(415, "unsupported_media_type");
        for coding in ["identity", "Identity", "", "identity,identity"] {
            let client = organization.owner.clone().with_header("content-encoding", coding);
            client.patch(&organization.path, json!({"name": "a"})).await.expect(200);
        }
        // Without a body there is nothing in a coding.
        let client = organization.owner.clone().with_header("content-encoding", "gzip");
        client.delete(&format!("{}/roles/r", organization.path)).await.expect(204);
    });
}

async fn send(client: &Client, method: Method, path: &str, body: &str) -> u16 {
    client.send_raw(method, path, JSON, body.as_bytes().to_vec()).await.status
}

#[test]
fn a_byte_order_mark_is_ignored() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (owner, path) = (&organization.owner, &organization.path);
        let role = format!("{path}/roles/r");
        for (method, path, body, status) in [
            (Method::PATCH, path.clone(), r#"{"name": "a"}"#, 200),
            (Method::PUT, role.clone(), r#" {"permissions": []}"#, 200),
            (Method::POST, format!("{path}/users"), r#"{"kind": "machine", "name": "m"}"#, 201),
            (Method::POST, "/v1/introspect".to_owned(), r#"{"token": "x"}"#, 200),
            (Method::POST, "/v1/leaked-keys".to_owned(), r#"{"tokens": ["x"]}"#, 202),
            (Method::POST, "/v1/leaked-keys".to_owned(), r#"[{"token": "x"}]"#, 202),
            (Method::DELETE, role.clone(), "{}", 204),
        ] {
            assert_eq!(send(owner, method, &path, &format!("{MARK}{body}")).await, status, "{path} {body}");
        }
        let form = Some("application/x-www-form-urlencoded");
        let marked = format!("{MARK}token=x").into_bytes();
        world.anonymous().send_raw(Method::POST, "/v1/introspect", form, marked).await.expect(200);
        for odd in [format!("{MARK}{MARK}{{}}"), format!("{{{MARK}}}"), "\u{fffe}{}".to_owned()] {
            assert_eq!(send(owner, Method::PATCH, path, &odd).await, 400, "{odd:?}");
        }
        // The same request under one `Idempotency-Key`, with the mark and without.
        let once = owner.clone().with_header("idempotency-key", "1");
        let body = r#"{"kind": "machine", "name": "once"}"#;
        for body in [body.to_owned(), format!("{MARK}{body}")] {
            assert_eq!(send(&once, Method::POST, &format!("{path}/users"), &body).await, 201);
        }
        assert_eq!(world.audit("user.created").len(), 1 + 2);
    });
}

#[test]
fn null_white_space_and_an_empty_object_are_no_body() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let key = organization.machine_key().await;
        let (path, role) = (organization.key_path(&key), format!("{}/roles/r", organization.path));
        let rotate = format!("{path}/rotate");
        for body in ["null", " null\n", "\u{feff}null", "", " \r\n", "{}", "{ }", "\u{feff}"] {
            organization.role("r", &["a"]).await;
            assert_eq!(send(owner, Method::DELETE, &role, body).await, 204, "{body:?}");
            assert_eq!(send(owner, Method::POST, &rotate, body).await, 200, "{body:?}");
        }
        organization.role("r", &["a"]).await;
        for body in ["nul", "0", "[]", "\"\"", "false", "{\"a\": 1}", "null null", "NULL", "{}{}"] {
            for (method, path) in [
                (Method::DELETE, &role),
                (Method::DELETE, &path),
                (Method::POST, &format!("{path}/revoke")),
                (Method::POST, &rotate),
            ] {
                let answer = owner.send_raw(method.clone(), path, JSON, body.as_bytes().to_vec()).await;
                let refused = answer.expect_problem(400, "invalid_request");
                assert!(refused["field"].is_string(), "{method} {path} {body}: {refused}");
            }
        }
        assert_eq!(world.audit("access_key.rotated").len(), 8);
        assert_eq!(send(owner, Method::POST, &format!("{path}/revoke"), "null").await, 200);
        assert_eq!(send(owner, Method::DELETE, &path, "null").await, 204);
        // Where a body is wanted, `null` is none.
        for method in [Method::PATCH, Method::POST] {
            let path = if method == Method::POST { "/v1/organizations" } else { &organization.path };
            let answer = owner.send_raw(method, path, JSON, b"null".to_vec()).await;
            answer.expect_invalid("body", "must be a JSON object");
        }
    });
}

#[test]
fn the_type_of_a_body_is_read_as_http_writes_it() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let send = async |kind: Option<&str>| {
            let body = br#"{"name": "a"}"#.to_vec();
            organization.owner.send_raw(Method::PATCH, &organization.path, kind, body).await
        };
        for kind in [
            None,
            Some("application/json"),
            Some("APPLICATION/JSON"),
            Some("application/json; charset=utf-8"),
            Some("application/json;charset=\"UTF-8\""),
            // RFC 8259: JSON is UTF-8, and a charset has no effect.
            Some("application/json ; charset=latin1"),
            Some("Application/Merge-Patch+JSON"),
        ] {
            send(kind).await.expect(200);
        }
        for kind in [
            "application/vnd.api+json",
            "text/json",
            "text/plain",
            "application/jsonx",
            "application/xml",
            "*/*",
            "json",
            "application/json, text/plain",
        ] {
            send(Some(kind)).await.expect_problem(415, "unsupported_media_type");
        }
        // Bytes that are no UTF-8, whatever charset is named.
        let (kind, latin1) = (Some("application/json; charset=latin1"), b"{\"name\": \"\xe9\"}".to_vec());
        let answer = organization.owner.send_raw(Method::PATCH, &organization.path, kind, latin1).await;
        answer.expect_invalid("body", "well-formed JSON");
    });
}
