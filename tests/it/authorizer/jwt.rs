//! Sign-ins by a JWT.

use kit::{Client, World, run};
use serde_json::{Value, json};

fn with(world: &World, header: &Value, claims: &Value) -> Client {
    bearer(world, &world.stack.issuer().sign(header, claims))
}

fn bearer(world: &World, token: &str) -> Client {
    world.anonymous().with_header("authorization", &format!("Bearer {token}"))
}

#[test]
fn tokens_of_another_issuer_audience_or_time_are_refused() {
    run(async |world| {
        let issuer = world.stack.issuer();
        let good = issuer.claims("alice", "alice@example.com", "Alice");
        with(world, &issuer.header(), &good).get("/v1/whoami").await.expect(200);
        let soon = good["iat"].as_i64().unwrap();
        for (claim, value) in [
            ("iss", json!("https://elsewhere.example")),
            ("iss", json!(null)),
            ("aud", json!("another-api")),
            ("aud", json!(["another-api"])),
            ("aud", json!(null)),
            ("exp", json!(soon - 1)),
            ("exp", json!("9999999999")),
            ("exp", json!(null)),
            ("exp", json!(true)),
            ("nbf", json!(soon + 3_600)),
            ("nbf", json!("0")),
            ("sub", json!("")),
            ("sub", json!(7)),
        ] {
            let mut claims = good.clone();
            claims[claim] = value;
            with(world, &issuer.header(), &claims).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        for claim in ["iss", "aud", "exp", "sub"] {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(claim);
            with(world, &issuer.header(), &claims).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
    });
}

#[test]
fn tokens_that_are_not_signed_by_the_issuer_are_refused() {
    run(async |world| {
        let issuer = world.stack.issuer();
        let claims = issuer.claims("alice", "alice@example.com", "Alice");
        let good = issuer.sign(&issuer.header(), &claims);
        let header = |changes: Value| {
            let mut header = issuer.header();
            header.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            header
        };
        for header in [
            header(json!({"alg": "none"})),
            header(json!({"alg": "HS256"})),
            header(json!({"alg": "RS256"})),
            header(json!({"alg": "ES384"})),
            header(json!({"kid": "unheard-of"})),
            header(json!({"crit": ["b64"], "b64": false})),
        ] {
            with(world, &header, &claims).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        let (body, signature) = good.rsplit_once('.').unwrap();
        let mut altered = signature.to_owned();
        altered.replace_range(..1, if signature.starts_with('A') { "B" } else { "A" });
        for token in [
            issuer.sign_with_unknown_key(&issuer.header(), &claims),
            issuer.sign_with_unknown_key(&header(json!({"kid": issuer.unknown_key_id()})), &claims),
            format!("{body}."),
            format!("{body}.{altered}"),
            body.to_owned(),
            "a.b.c".to_owned(),
            "..".to_owned(),
        ] {
            bearer(world, &token).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        bearer(world, &good).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn a_sign_in_passes_without_an_organization_on_this_api_alone() {
    run(async |world| {
        let issuer = world.stack.issuer();
        let token = issuer.token("alice", "alice@example.com", "Alice");
        let event = |stage_variables: Value| {
            json!({
                "version": "2.0", "type": "REQUEST", "routeKey": "GET /clusters", "rawPath": "/clusters",
                "rawQueryString": "", "headers": {"authorization": format!("Bearer {token}")},
                "stageVariables": stage_variables,
                "requestContext": {
                    "apiId": "other", "requestId": "r", "timeEpoch": world.stack.clock().now().as_millisecond(),
                    "http": {"method": "GET", "path": "/clusters", "sourceIp": "192.0.2.1"},
                },
            })
        };
        let answer = world.stack.invoke("authorize-request", &event(json!(null))).await.unwrap();
        assert_eq!(answer, json!({"isAuthorized": false}));
        let answer = world
            .stack
            .invoke("authorize-request", &event(json!({"sign_in_routes": "allow"})))
            .await
            .unwrap();
        assert_eq!((&answer["isAuthorized"], &answer["context"]["subject"]), (&json!(true), &json!("alice")));
        assert!(answer["context"].as_object().unwrap().values().all(Value::is_string));
    });
}

#[test]
fn the_issuers_keys_are_fetched_once_and_their_loss_is_an_error() {
    let parameters = [("OidcJwksUrl".to_owned(), "http://127.0.0.1:1/jwks.json".to_owned())].into();
    kit::run_with(kit::Options { parameters, ..kit::Options::default() }, async |world| {
        let answer = world.person("alice").get("/v1/whoami").await;
        assert_eq!(answer.expect(500), json!({"message": "Internal Server Error"}));
    });
}
