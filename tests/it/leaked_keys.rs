use base64::{Engine as _, engine::general_purpose::STANDARD};
use kit::{
    Answer, Client, DAY, Effect, Fault, Item, Options, Organization, Service, When, World, run, run_with,
};
use reqwest::Method;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use crate::{
    introspect::{alike, token, with_another_secret, worthless},
    matrix::state,
};

const JSON: Option<&str> = Some("application/json");

async fn send(world: &World, body: Value) -> Answer {
    world.anonymous().post("/v1/leaked-keys", body).await
}

async fn report(world: &World, tokens: &[&str]) {
    let answer = send(world, json!({"tokens": tokens})).await.expect(202);
    assert_eq!(answer, json!({"status": "accepted"}));
}

/// Reads the status of a key, as its owner sees it.
async fn status(organization: &Organization, key: &Value) -> Value {
    organization.owner.get(&organization.key_path(key)).await.expect(200)["status"].clone()
}

async fn leaks_told_to(client: &Client, organization: &Organization) -> Vec<Value> {
    let path = format!("{}/inbox", organization.user_path("me"));
    let messages = client.get(&path).await.expect(200)["items"].as_array().unwrap().clone();
    messages.into_iter().filter(|message| message["event"] == "leak_reported").collect()
}

/// Reads the messages that are to be mailed of leaks.
fn to_be_mailed(world: &World) -> Vec<Item> {
    let mut items = world.items_of("OUTBOX#");
    items.retain(|item| item["event"] == "leak_reported");
    items
}

async fn rotate(organization: &Organization, key: &Value, overlap: i64) -> Value {
    let path = format!("{}/rotate", organization.key_path(key));
    organization.owner.post(&path, json!({"overlap_seconds": overlap})).await.expect(200)
}

#[test]
fn a_reported_key_is_refused_from_the_next_request_on_and_people_are_told() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.invite_as("bob", "owner").await;
        let carol = organization.invite("carol").await;
        organization.invite("dave").await;
        let body = json!({"name": "laptop", "expires_in_days": 30});
        let key = world.person("carol").post(&organization.keys_of("me"), body).await.expect(201);
        let client = world.key(token(&key));
        client.get("/v1/whoami").await.expect(200);

        let body =
            json!({"tokens": [token(&key)], "source": "Scanner GmbH", "note": "in a paste at x.example"});
        assert_eq!(send(world, body.clone()).await.expect(202), json!({"status": "accepted"}));
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        let shown = organization.owner.get(&organization.key_path(&key)).await.expect(200);
        assert_eq!((&shown["status"], &shown["version"]), (&json!("revoked"), &json!(2)));
        let user =
            &world.items_of("USER").into_iter().find(|user| user["user_id"] == carol.as_str()).unwrap();
        assert_eq!(user["live_keys"], json!({}), "its place in the quota is free");

        let events = world.audit("access_key.revoked");
        assert_eq!(events.len(), 1);
        let actor = json!({"type": "system", "id": "leak-report", "name": "Scanner GmbH"});
        assert_eq!(events[0]["actor"], actor);
        assert_eq!(events[0]["target"], json!({"type": "access_key", "id": key["key_id"]}));
        let changes =
            json!({"status": "revoked", "source": "Scanner GmbH", "note": "in a paste at x.example"});
        assert_eq!(events[0]["changes"], changes);

        let alice = organization.owner.get(&organization.user_path("me")).await.expect(200);
        let mut expected =
            [alice["user_id"].as_str().unwrap(), &bob, &carol].map(|user_id| format!("USER#{user_id}"));
        expected.sort();
        let mut mailed: Vec<_> =
            to_be_mailed(world).iter().map(|item| item["PK"].as_str().unwrap().to_owned()).collect();
        mailed.sort();
        assert_eq!(mailed, expected);
        for person in ["alice", "bob", "carol"] {
            let messages = leaks_told_to(&world.person(person), &organization).await;
            assert_eq!(messages.len(), 1, "{person}");
            let (title, text) =
                (messages[0]["title"].as_str().unwrap(), messages[0]["text"].as_str().unwrap());
            assert_eq!(title, "The access key laptop of carol was reported as leaked, and revoked");
            for part in [
                key["masked_key"].as_str().unwrap(),
                "Scanner GmbH",
                "in a paste at x.example",
                events[0]["source_ip"].as_str().unwrap(),
                "make a new key",
            ] {
                assert!(text.contains(part), "{person}: no {part} in {text}");
            }
            assert_eq!(messages[0]["key_id"], key["key_id"]);
        }
        assert_eq!(leaks_told_to(&world.person("dave"), &organization).await, [] as [Value; 0]);

        let before = state(world);
        send(world, body).await.expect(202);
        assert_eq!(state(world), before, "a report of a key that was revoked changes nothing");
    });
}

#[test]
fn reports_are_answered_alike_whatever_comes_of_them() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (key, bystander) = (organization.machine_key().await, organization.machine_key().await);
        let worthless = worthless(world, &organization, &key).await;
        let before = state(world);
        let first = send(world, json!({"tokens": [worthless[0]]})).await;
        for token in &worthless {
            // Blanks around a token are no part of it.
            if token.trim() == token {
                let answer = send(world, json!({"tokens": [token]})).await;
                assert_eq!(alike(&answer), alike(&first));
            }
        }
        assert_eq!(state(world), before, "what is not right changes nothing");
        let right = send(world, json!({"tokens": [token(&key)]})).await;
        assert_eq!(alike(&right), alike(&first));
        assert_eq!(right.expect(202), json!({"status": "accepted"}));
        assert_eq!(status(&organization, &key).await, "revoked");
        assert_eq!(status(&organization, &bystander).await, "active");
    });
}

#[test]
fn a_key_that_could_be_lifted_later_is_revoked_too() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (inactive, expired) = (organization.machine_key().await, organization.machine_key().await);
        let path = organization.key_path(&inactive);
        organization.owner.patch(&path, json!({"active": false})).await.expect(200);
        world.travel(91 * DAY);
        report(world, &[token(&expired)]).await;
        world.travel(0);
        report(world, &[&format!(" {}\n", token(&inactive))]).await;
        for key in [&inactive, &expired] {
            assert_eq!(status(&organization, key).await, "revoked");
        }
        let events = world.audit("access_key.revoked");
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["actor"]["name"], "leak report");
        assert_eq!(events[0]["changes"], json!({"status": "revoked", "source": null, "note": null}));
    });
}

#[test]
fn a_machines_leak_is_told_to_owners_whatever_their_switches() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let off = json!({"notifications": {"key_changed": {"email": false, "inbox": false}}});
        organization.owner.patch(&organization.user_path("me"), off).await.expect(200);
        let key = organization.machine_key().await;
        report(world, &[token(&key)]).await;
        assert_eq!(to_be_mailed(world).len(), 1);
        assert_eq!(leaks_told_to(&organization.owner, &organization).await.len(), 1);
    });
}

#[test]
fn a_previous_secret_revokes_while_it_works_and_a_retired_one_does_nothing() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let first = organization.machine_key().await;
        let second = rotate(&organization, &first, 600).await;
        let other = organization.machine_key().await;
        rotate(&organization, &other, 0).await;
        let before = state(world);
        report(world, &[token(&other)]).await;
        world.travel(601);
        report(world, &[token(&first)]).await;
        assert_eq!(state(world), before);
        world.travel(0);
        world.key(token(&second)).get("/v1/whoami").await.expect(200);
        report(world, &[token(&first)]).await;
        world.key(token(&second)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(status(&organization, &other).await, "active");
    });
}

#[test]
fn every_token_of_a_report_is_checked() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "flexible").await, world.organization("bob", "strict").await);
        let (one, two) = (first.machine_key().await, second.machine_key().await);
        let wrong = with_another_secret(&one);
        report(world, &[&wrong, "?", token(&two), token(&one), &wrong, token(&one)]).await;
        assert_eq!(status(&first, &one).await, "revoked");
        assert_eq!(status(&second, &two).await, "revoked");
        assert_eq!(world.audit("access_key.revoked").len(), 2);
        assert_eq!(leaks_told_to(&first.owner, &first).await.len(), 1);
        assert_eq!(leaks_told_to(&second.owner, &second).await.len(), 1);
    });
}

#[test]
fn a_report_is_done_once_whatever_becomes_of_replies_and_races() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let faults = [
            (Effect::LoseReply, When::First(2)),
            (Effect::TransactionConflict { position: 1 }, When::First(3)),
            (Effect::Throttle, When::First(1)),
        ];
        for (effect, when) in faults {
            let key = organization.machine_key().await;
            let fault = Fault::on(Service::DynamoDb, effect).operation("TransactWriteItems");
            world.stack.faults().add(fault.function("report-leaked-key").when(when));
            report(world, &[token(&key)]).await;
            assert!(world.stack.faults().struck() > 0);
            world.stack.faults().clear();
            assert_eq!(revocations(world, &key), 1);
        }
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        let patch = async |name: &str| organization.owner.patch(&path, json!({"name": name})).await;
        let one = [token(&key)];
        let racing = async || report(world, &one).await;
        tokio::join!(racing(), patch("a"), racing(), patch("b"), racing(), racing());
        assert_eq!(status(&organization, &key).await, "revoked");
        assert_eq!(revocations(world, &key), 1);
        let told = leaks_told_to(&organization.owner, &organization).await;
        assert_eq!(told.iter().filter(|message| message["key_id"] == key["key_id"]).count(), 1);
    });
}

fn revocations(world: &World, key: &Value) -> usize {
    let events = world.audit("access_key.revoked");
    events.iter().filter(|event| event["target"]["id"] == key["key_id"]).count()
}

#[test]
fn a_report_that_fails_says_so_and_can_be_repeated() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = [organization.machine_key().await, organization.machine_key().await];
        let both = json!({"tokens": [token(&keys[0]), token(&keys[1])]});
        for operation in ["BatchGetItem", "GetItem", "TransactWriteItems"] {
            let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation(operation);
            world.stack.faults().add(fault.function("report-leaked-key"));
            let answer = send(world, both.clone()).await;
            assert_eq!(answer.header("retry-after"), "1");
            answer.expect_problem(503, "unavailable");
            world.stack.faults().clear();
            assert_eq!(world.audit("access_key.revoked"), [], "{operation}");
        }
        // One that was killed after the first revocation goes on from there.
        let fault = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("TransactWriteItems");
        world.stack.faults().add(fault.function("report-leaked-key").when(When::First(1)));
        send(world, both.clone()).await.expect(500);
        send(world, both).await.expect(202);
        for key in &keys {
            assert_eq!(revocations(world, key), 1);
        }
    });
}

#[test]
fn what_is_no_report_is_refused_with_field_and_rule() {
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
            (json!({"tokens": [text], "note": "a".repeat(257)}), "note", "1 to 256 characters"),
            (json!({"tokens": [text], "note": "a\nb"}), "note", "control characters"),
            (json!({"tokens": [text], "note": format!("see {text}")}), "note", "must hold no access key"),
            (json!([]), "body", "1 to 100 different tokens"),
            (json!([{"url": "x"}]), "[0].token", "must be given"),
            (json!([{"token": text}, {"token": 7}]), "[1].token", "must be a string"),
            (json!([text]), "[0]", "must be an object"),
        ] {
            let answer = send(world, body).await;
            assert!(!answer.body.to_string().contains(text), "a secret comes back");
            answer.expect_invalid(field, rule);
        }
        report(world, &vec!["x"; 100]).await;
        let anonymous = world.anonymous();
        let body = json!({"tokens": [text]}).to_string().into_bytes();
        let other = anonymous.send_raw(Method::POST, "/v1/leaked-keys", Some("text/plain"), body).await;
        other.expect_problem(415, "unsupported_media_type");
        let answer = anonymous.post("/v1/leaked-keys?dry=1", json!({"tokens": [text]})).await;
        answer.expect_invalid("dry", "takes none");
        assert_eq!(status(&organization, &key).await, "active");
    });
}

#[test]
fn a_wrong_secret_runs_no_argon2_and_a_revoked_key_neither() {
    let parameters = [("LogLevel".to_owned(), "debug".to_owned())].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let runs = || {
            let lines = world.stack.logs().by_function("report-leaked-key");
            lines.iter().filter(|line| line.contains("\"argon2.runs\":1")).count()
        };
        report(world, &[&with_another_secret(&key), &with_another_secret(&key)]).await;
        assert_eq!(runs(), 0);
        report(world, &[token(&key), token(&key)]).await;
        assert_eq!(runs(), 1);
    });
}

/// A key that signs as GitHub does.
struct Signer(EcdsaKeyPair, SystemRandom);

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
        Self(pair, random)
    }

    fn pem(&self) -> String {
        let mut der = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
        der.extend(self.0.public_key().as_ref());
        let body = STANDARD.encode(der);
        format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &body[..64], &body[64..])
    }

    fn sign(&self, body: &[u8]) -> String {
        STANDARD.encode(self.0.sign(&self.1, body).unwrap())
    }
}

#[test]
fn githubs_messages_are_taken_where_githubs_key_signed_them() {
    let (github, stranger) = (Signer::new(), Signer::new());
    let keys = json!({"k1": github.pem(), "k2": stranger.pem()}).to_string();
    let parameters = [("GithubPublicKeys".to_owned(), keys)].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let url = "https://github.com/octocat/Hello-World/blob/1234/foo/bar.txt";
        let found = json!({"token": token(&key), "type": "access_key", "url": url, "source": "content"});
        let body = format!(" {}\n", json!([found, {"token": "x", "type": "t", "url": ""}]));
        let send = async |identifier: Option<&str>, signature: Option<&str>, body: &str| {
            let mut client = world.anonymous();
            for (name, value) in
                [("Github-Public-Key-Identifier", identifier), ("Github-Public-Key-Signature", signature)]
            {
                if let Some(value) = value {
                    client = client.with_header(name, value);
                }
            }
            client.send_raw(Method::POST, "/v1/leaked-keys", JSON, body.into()).await
        };
        let (right, wrong) = (github.sign(body.as_bytes()), stranger.sign(body.as_bytes()));
        for (identifier, signature, sent) in [
            (None, None, body.as_str()),
            (Some("k1"), None, &body),
            (None, Some(right.as_str()), &body),
            (Some("k1"), Some(&wrong), &body),
            (Some("k2"), Some(&right), &body),
            (Some("k3"), Some(&right), &body),
            (Some("k1"), Some("?"), &body),
            (Some("k1"), Some(&right), body.trim()),
            (Some("k1"), Some(&right), "[]"),
        ] {
            send(identifier, signature, sent).await.expect_problem(403, "forbidden");
        }
        assert_eq!(status(&organization, &key).await, "active");
        let answer = send(Some("k1"), Some(&right), &body).await.expect(202);
        assert_eq!(answer, json!({"status": "accepted"}));
        assert_eq!(status(&organization, &key).await, "revoked");
        let event = &world.audit("access_key.revoked")[0];
        assert_eq!(event["actor"]["name"], "GitHub secret scanning");
        assert_eq!(event["changes"]["note"], format!("{url} content"));

        let own = organization.machine_key().await;
        report(world, &[token(&own)]).await;
        assert_eq!(status(&organization, &own).await, "revoked", "our own format needs no signature");
    });
}

#[test]
fn without_keys_of_github_its_messages_need_no_signature() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        send(world, json!([{"token": token(&key), "type": "t", "url": "https://x.example"}]))
            .await
            .expect(202);
        assert_eq!(status(&organization, &key).await, "revoked");
    });
}
