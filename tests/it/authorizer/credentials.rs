//! The headers of a credential, and wrong or malformed credentials.

use crate::tokens::{token, with_another_secret};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kit::{RestRequest, Service, run};
use serde_json::json;

#[test]
fn a_key_is_taken_from_each_header_that_may_hold_one() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let secret = &key["secret"];
        let (token, access_key) = (secret["token"].as_str().unwrap(), secret["access_key"].as_str().unwrap());
        let pair = STANDARD.encode(format!("{access_key}:{}", secret["secret_key"].as_str().unwrap()));
        for (name, value) in [
            ("x-access-key", token.to_owned()),
            ("authorization", format!("Bearer {token}")),
            ("authorization", format!("Basic {pair}")),
            // `curl -u <token>:`
            ("authorization", format!("Basic {}", STANDARD.encode(format!("{token}:")))),
            ("authorization", format!("bASIC   {}", STANDARD.encode(format!("{token}:")))),
        ] {
            let rest =
                RestRequest::new("rest123", "GET", "/x", world.stack.clock().now()).header(name, &value);
            let allowed = world.stack.invoke("authorize-request", &rest.authorizer_event()).await.unwrap();
            assert_eq!(allowed["principalId"], key["user_id"], "{name}");
            world.anonymous().with_header(name, &value).get("/v1/whoami").await.expect(200);
        }
    });
}

#[test]
fn another_pair_than_key_and_secret_or_token_and_nothing_is_refused() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let (token, secret) = (token(&key), key["secret"]["secret_key"].as_str().unwrap());
        world.stack.calls().clear();
        let (half, end) = token.split_at(token.len() - 1);
        for pair in [
            token.to_owned(),
            format!("{token}:{token}"),
            format!("{token}:{secret}"),
            format!("{token}: "),
            format!(":{token}"),
            format!("{half}:{end}"),
            format!("{secret}:{token}"),
            format!("x{token}:"),
        ] {
            let client =
                world.anonymous().with_header("authorization", &format!("Basic {}", STANDARD.encode(pair)));
            client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        assert_eq!(world.stack.calls().by_function("authorize-request").len(), 0);
        // A key rotates itself, and sees the secret that it came with.
        let encoded = STANDARD.encode(format!("{token}:"));
        let client = world.anonymous().with_header("authorization", &format!("Basic {encoded}"));
        let rotate = format!("{}/access-keys/current/rotate", organization.path);
        client.post(&rotate, serde_json::json!(null)).await.expect(200);
    });
}

#[test]
fn several_credentials_and_one_in_the_url_are_refused() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let token = key["secret"]["token"].as_str().unwrap();
        let good = world.key(token);
        let bearer = format!("Bearer {token}");
        good.get("/v1/whoami").await.expect(200);
        for client in [
            good.clone().with_header("x-access-key", token),
            good.clone().with_header("authorization", &bearer),
            good.clone().with_header("authorization", "Bearer a.b.c"),
            world.anonymous().with_header("authorization", &bearer).with_header("authorization", &bearer),
            world.person("alice").with_header("x-access-key", token),
        ] {
            client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        for query in [format!("key={token}"), format!("access_token={token}"), "X-Access-Key=a".to_owned()] {
            good.get(&format!("/v1/whoami?{query}")).await.expect_forbidden_by_gateway();
            world.anonymous().get(&format!("/v1/whoami?{query}")).await.expect_forbidden_by_gateway();
        }
    });
}

#[test]
fn a_malformed_token_costs_no_aws_call() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let token = key["secret"]["token"].as_str().unwrap();
        world.key(token).get("/v1/whoami").await.expect(200);
        world.stack.calls().clear();
        let last = if token.ends_with('0') { "1" } else { "0" };
        let changed = format!("{}{last}", &token[..token.len() - 1]);
        for text in
            ["", "ak_", "ak_x_y", &token[1..], &changed, &token.to_uppercase(), "-", &"a".repeat(5_000)]
        {
            world.key(text).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        for header in ["Bearer", "Bearer ak_x", "Basic", "Basic !", "Basic YQ==", "Digest x", token] {
            let client = world.anonymous().with_header("authorization", header);
            client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        world.anonymous().get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(world.stack.calls().by_function("authorize-request").len(), 0);
    });
}

#[test]
fn a_wrong_secret_runs_no_argon2_and_a_right_one_runs_it_once_an_instance() {
    let options = kit::Options {
        parameters: [("LogLevel".to_owned(), "debug".to_owned())].into(),
        instance_cap: 1,
        ..kit::Options::default()
    };
    kit::run_with(options, async |world| {
        let organization = world.organization("alice", "strict").await;
        let mine = organization.machine_key().await;
        let runs = || {
            let lines = world.stack.logs().by_function("authorize-request");
            lines.iter().filter(|line| line.contains("\"argon2_runs\":1")).count()
        };
        let (wrong, mine) = (with_another_secret(&mine), token(&mine));
        world.stack.calls().clear();
        for _ in 0..3 {
            world.key(&wrong).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        assert_eq!(runs(), 0);
        let calls = world.stack.calls().by_function("authorize-request");
        let reads: Vec<_> = calls
            .iter()
            .filter(|call| call.service == Service::DynamoDb)
            .map(|call| call.operation.as_str())
            .collect();
        assert_eq!(reads, ["BatchGetItem"; 3]);
        for _ in 0..3 {
            world.key(mine).get("/v1/whoami").await.expect(200);
        }
        assert_eq!(runs(), 1);
    });
}

#[test]
fn a_jwt_in_the_url_is_a_credential_if_it_is_of_the_configured_issuer() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let key = world.key(key["secret"]["token"].as_str().unwrap());
        let issuer = world.stack.issuer();
        let mut claims = issuer.claims("alice", "alice@example.com", "Alice");
        let ours = issuer.sign(&issuer.header(), &claims);
        claims["iss"] = json!("https://links.example");
        let theirs = issuer.sign(&issuer.header(), &claims);
        for (jwt, passes) in [(&ours, false), (&theirs, true)] {
            let encoded = jwt.replace('.', "%2E").replacen('e', "%65", 1);
            for query in [
                format!("invitation={jwt}"),
                format!("invitation={encoded}"),
                jwt.clone(),
                format!("link=https%3A%2F%2Flinks.example%2F%3Ft%3D{jwt}%26x"),
            ] {
                let answer = key.get(&format!("/v1/whoami?{query}")).await;
                // The function of this route takes no query. That the request reached it is what counts.
                assert_eq!(answer.status != 403, passes, "{query}: {}", answer.status);
            }
            let in_path = key.get(&format!("/v1/organizations/{jwt}")).await;
            in_path.expect_forbidden_by_gateway();
        }
        let reasons = world.stack.logs().by_function("authorize-request");
        let in_url = reasons.iter().filter(|line| line.contains("credential_in_url")).count();
        assert_eq!(in_url, 5, "four queries and one path");
    });
}
