//! The stack's own routes, under `/_local`.

use hyper::Method;
use serde_json::{Value, json};

use super::TestGateway;

#[tokio::test]
async fn the_local_routes_respond() {
    let gateway = TestGateway::start().await;
    let issuer = gateway.stack.issuer().url().to_owned();
    let discovery = gateway.get("/_local/oidc/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(
        (&discovery["issuer"], &discovery["jwks_uri"]),
        (&json!(issuer), &json!(format!("{issuer}/jwks.json")))
    );
    let keys = gateway.get("/_local/oidc/jwks.json", &[]).await.json();
    assert_eq!(keys["keys"][0]["kid"], gateway.stack.issuer().key_id());
    let signed_in = gateway.get("/_local/sign-in?subject=alice&email=alice%40example.com", &[]).await.json();
    assert_eq!(signed_in["token"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(gateway.get("/_local/sign-in?subject=alice", &[]).await.status, 400);
    let shifted = gateway.send(Method::POST, "/_local/clock", &[], br#"{"offset_seconds":60}"#).await.json();
    assert_eq!(shifted["offset_seconds"], 60);
    assert_eq!(shifted["now"], gateway.stack.clock().now_text());
    let summary = gateway
        .send(Method::POST, "/_local/schedules/notify-expiring-keys", &[], br#"{"time":"t"}"#)
        .await
        .json();
    assert_eq!(
        serde_json::from_str::<Value>(summary["body"].as_str().unwrap()).unwrap(),
        json!({ "time": "t", "shards": [1] })
    );
    for odd in ["[1]", "null", "5", r#""now""#, "{", "time"] {
        let path = "/_local/schedules/notify-expiring-keys";
        assert_eq!(gateway.send(Method::POST, path, &[], odd.as_bytes()).await.status, 400, "{odd}");
    }
    assert_eq!(gateway.send(Method::POST, "/_local/schedules/describe-caller", &[], b"").await.status, 404);
    assert_eq!(gateway.get("/_local/emails", &[]).await.json(), json!([]));
    assert_eq!(gateway.send(Method::DELETE, "/_local/emails", &[], b"").await.status, 204);
    assert_eq!(
        gateway.send(Method::POST, "/_local/faults", &[], br#"{"effect":"throttle"}"#).await.status,
        204
    );
    assert_eq!(
        gateway.send(Method::POST, "/_local/faults", &[], br#"{"effect":"explode"}"#).await.status,
        400
    );
    for never in [r#"{"effect":"throttle","when":{"nth":0}}"#, r#"{"effect":"throttle","function":"nobody"}"#]
    {
        let answer = gateway.send(Method::POST, "/_local/faults", &[], never.as_bytes()).await;
        assert_eq!(answer.status, 400, "{never}");
    }
    assert_eq!(gateway.send(Method::DELETE, "/_local/faults", &[], b"").await.status, 204);
    for (host, status) in [
        ("localhost", 200),
        ("LOCALHOST:3000", 200),
        ("127.0.0.1", 200),
        ("127.0.0.1:1", 200),
        ("evil.example", 403),
        ("localhost.evil.example:3000", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:3000.evil.example", 403),
        ("evil.example:localhost", 403),
        ("[::1]", 403),
        ("127.0.0.2", 403),
        ("", 403),
    ] {
        let response = gateway.get("/_local/emails", &[("host", host)]).await;
        assert_eq!(response.status, status, "{host}");
        assert_eq!(gateway.get("/v1/whoami", &[("host", host)]).await.status, 200, "{host}");
    }
    let foreign = [("origin", "https://evil.example")];
    assert_eq!(gateway.send(Method::POST, "/_local/clock", &foreign, b"{}").await.status, 403);
    for fault in [
        r#"{"effect":"throttle_route","function":"describe-caller"}"#,
        r#"{"effect":"no_instance","operation":"GET /v1/whoami"}"#,
    ] {
        let response = gateway.send(Method::POST, "/_local/faults", &[], fault.as_bytes()).await;
        assert_eq!(response.status, 400, "{fault}");
    }
    let invoke = async |function: &str, event: &[u8]| {
        gateway.send(Method::POST, &format!("/_local/functions/{function}"), &[], event).await
    };
    let event = json!({"headers": {"x-handler": "ok"}});
    let answer = invoke("describe-caller", event.to_string().as_bytes()).await;
    assert_eq!((answer.status, &answer.json()["body"]), (200, &json!(event.to_string())));
    let answer = invoke("describe-caller", br#"{"headers":{"x-handler":"error"}}"#).await;
    assert_eq!((answer.status, answer.json()), (502, json!({"message": "no", "type": "Panic"})));
    assert_eq!(invoke("nothing", b"{}").await.status, 404);
    assert_eq!(invoke("describe-caller", b"{").await.status, 400);
    for (body, status) in [
        (r#"{"function":"describe-caller","seconds":1}"#, 200),
        (r#"{"function":"nothing","seconds":1}"#, 404),
        (r#"{"function":"describe-caller","seconds":-1}"#, 400),
    ] {
        let response = gateway.send(Method::POST, "/_local/freeze", &[], body.as_bytes()).await;
        assert_eq!(response.status, status, "{body}");
    }
    let response = gateway.send(Method::POST, "/_local/close-idle-connections", &[], b"").await;
    assert_eq!(response.status, 204);
    assert_eq!(gateway.get("/_local/nothing", &[]).await.status, 404);
}

#[tokio::test]
async fn the_issuer_says_who_a_token_is_for_and_does_what_others_do() {
    let gateway = TestGateway::start().await;
    let discovery = gateway.get("/_local/oidc/.well-known/openid-configuration", &[]).await.json();
    let issuer = gateway.stack.issuer().url();
    assert_eq!(discovery["userinfo_endpoint"], format!("{issuer}/userinfo"));
    let signed_in = gateway.get("/_local/sign-in?subject=alice&email=alice%40example.com", &[]).await.json();
    let bearer = format!("Bearer {}", signed_in["token"].as_str().unwrap());
    let userinfo = gateway.get("/_local/oidc/userinfo", &[("authorization", &bearer)]).await.json();
    let known =
        json!({"sub": "alice", "email": "alice@example.com", "email_verified": true, "name": "alice"});
    assert_eq!(userinfo, known);
    let altered = bearer.replace("Bearer e", "Bearer f");
    for headers in [&[][..], &[("authorization", "Bearer a.b.c")], &[("authorization", &altered)]] {
        assert_eq!(gateway.get("/_local/oidc/userinfo", headers).await.status, 401);
    }
    let switch = async |body: &str| {
        gateway.send(Method::PUT, "/_local/oidc/switches", &[], body.as_bytes()).await.status
    };
    assert_eq!(switch(r#"{"userinfo":"fails"}"#).await, 204);
    assert_eq!(gateway.get("/_local/oidc/userinfo", &[("authorization", &bearer)]).await.status, 500);
    for odd in [r#"{"userinfo":"explodes"}"#, r#"{"unheard_of":true}"#, "", "7"] {
        assert_eq!(switch(odd).await, 400, "{odd}");
    }
    assert_eq!(switch("{}").await, 204);
    let odd = br#"{"keys":[{"kid":7}]}"#;
    assert_eq!(gateway.send(Method::PUT, "/_local/oidc/jwks.json", &[], odd).await.status, 204);
    assert_eq!(gateway.get("/_local/oidc/jwks.json", &[]).await.json(), json!({"keys": [{"kid": 7}]}));
    assert_eq!(gateway.send(Method::PUT, "/_local/oidc/jwks.json", &[], b"{").await.status, 400);
}
