use domain::{id::KeyId, token::SecretToken};
use kit::{Answer, Client, DAY, Effect, Fault, Options, Organization, Service, World, run, run_with};
use reqwest::Method;
use serde_json::{Value, json};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

pub(crate) fn token(key: &Value) -> &str {
    key["secret"]["token"].as_str().unwrap()
}

/// Makes a well-formed token of a key, with a secret that is none of its own.
pub(crate) fn with_another_secret(key: &Value) -> String {
    let key_id = KeyId::parse(key["key_id"].as_str().unwrap()).unwrap();
    SecretToken::generate(&"ak".parse().unwrap(), key_id).expose().to_owned()
}

/// Lists tokens of which nobody may learn anything: malformed, unknown, wrong, of a deleted key, and of a
/// user that is marked deleted and not yet cleaned up.
pub(crate) async fn worthless(world: &World, organization: &Organization, key: &Value) -> Vec<String> {
    let deleted = organization.machine_key().await;
    organization.owner.delete(&organization.key_path(&deleted)).await.expect(204);
    let gone = organization.machine_key().await;
    let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("DeleteItem");
    world.stack.faults().add(fault);
    organization.owner.delete(&organization.user_path(gone["user_id"].as_str().unwrap())).await;
    world.stack.faults().clear();
    assert!(world.items_of("USER").iter().any(|user| user["status"] == "deleted"));
    let text = token(key);
    let last = if text.ends_with('0') { "1" } else { "0" };
    vec![
        with_another_secret(key),
        SecretToken::generate(&"ak".parse().unwrap(), KeyId::random()).expose().to_owned(),
        token(&deleted).to_owned(),
        token(&gone).to_owned(),
        format!("{}{last}", &text[..text.len() - 1]),
        text[1..].to_owned(),
        format!("{text} "),
        "é".to_owned(),
        "a".repeat(5_000),
    ]
}

/// Leaves out the headers that differ between all answers.
pub(crate) fn alike(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let always = ["apigw-requestid", "date", "content-length"];
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
    let mut headers: Vec<_> = headers.filter(|(name, _)| !always.contains(&name.as_str())).collect();
    headers.sort();
    (answer.status, headers, answer.body.clone())
}

async fn ask(world: &World, token: &str) -> Answer {
    world.anonymous().post("/v1/introspect", json!({"token": token})).await
}

async fn ask_by_form(client: &Client, form: &str) -> Answer {
    client.send_raw(Method::POST, "/v1/introspect", FORM, form.into()).await
}

async fn answered(world: &World, token: &str) -> Value {
    let answer = ask(world, token).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.expect(200)
}

fn inactive(reason: &str) -> Value {
    json!({"active": false, "reason": reason})
}

fn seconds(time: &Value) -> i64 {
    time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()
}

async fn rotate(organization: &Organization, key: &Value, overlap: i64) -> Value {
    let path = format!("{}/rotate", organization.key_path(key));
    organization.owner.post(&path, json!({"overlap_seconds": overlap})).await.expect(200)
}

#[test]
fn a_key_that_works_is_told_whole_by_form_and_by_json() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read", "backups:*"]).await;
        let machine = organization.machine_with("ci", &["reader"]).await;
        let key = organization.key(&machine, 30).await;
        let before = world.items();
        let expected = json!({
            "active": true, "scope": "backups:* clusters:read", "sub": machine, "client_id": key["key_id"],
            "exp": seconds(&key["expires_at"]), "iat": seconds(&key["created_at"]),
            "token_type": "access_key", "organization_id": organization.id,
        });
        assert_eq!(answered(world, token(&key)).await, expected);
        let hinted = json!({"token": token(&key), "token_type_hint": "access_token"});
        let anonymous = world.anonymous();
        assert_eq!(anonymous.post("/v1/introspect", hinted).await.expect(200), expected);
        for form in ["token={}", "token_type_hint=x&token={}", "token={}&token_type_hint=&client_id=a"] {
            let answer = ask_by_form(&anonymous, &form.replace("{}", token(&key))).await;
            assert_eq!(alike(&answer), alike(&ask(world, token(&key)).await), "{form}");
            assert_eq!(answer.expect(200), expected, "{form}");
        }
        assert_eq!(world.items(), before, "asking changes nothing");
    });
}

#[test]
fn the_scope_is_what_the_key_is_narrowed_to_and_exp_is_absent_for_ever() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("reader", &["clusters:read"]).await;
        let keys = organization.keys_of("me");
        for (narrowed, scope) in [
            (json!({}), "*"),
            (json!({"roles": ["reader"]}), "clusters:read"),
            (json!({"roles": [], "allowed_cidrs": ["192.0.2.0/24"]}), ""),
        ] {
            let mut body = json!({"name": "k", "never_expires": true});
            body.as_object_mut().unwrap().extend(narrowed.as_object().unwrap().clone());
            let key = organization.owner.post(&keys, body).await.expect(201);
            let answer = answered(world, token(&key)).await;
            assert_eq!((&answer["active"], &answer["scope"]), (&json!(true), &json!(scope)), "{narrowed}");
            assert!(!answer.as_object().unwrap().contains_key("exp"), "{answer}");
        }
    });
}

#[test]
fn each_secret_of_a_rotated_key_has_its_own_issue_and_end() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let first = organization.machine_key().await;
        world.travel(100);
        let second = rotate(&organization, &first, 600).await;
        world.travel(200);
        let third = rotate(&organization, &first, 300).await;
        let previous = answered(world, token(&second)).await;
        assert_eq!(previous["iat"], seconds(&second["rotated_at"]));
        assert_eq!(previous["exp"], seconds(&third["overlap_ends_at"]));
        let current = answered(world, token(&third)).await;
        assert_eq!(current["iat"], seconds(&third["rotated_at"]));
        assert_eq!(current["exp"], seconds(&first["expires_at"]));
        assert!(current["iat"].as_i64() > previous["iat"].as_i64());
        assert_eq!(answered(world, token(&first)).await, inactive("retired"));
        world.travel(200 + 301);
        assert_eq!(answered(world, token(&second)).await, inactive("retired"));
        assert_eq!(answered(world, token(&third)).await, current);
    });
}

#[test]
fn whoever_holds_the_secret_learns_why_it_does_not_work() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let owner = &organization.owner;
        let key = organization.machine_key().await;
        let (path, user) =
            (organization.key_path(&key), organization.user_path(key["user_id"].as_str().unwrap()));
        let ask = async || answered(world, token(&key)).await;
        assert_eq!(ask().await["active"], true);

        owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(ask().await, inactive("organization_suspended"));
        owner.patch(&organization.path, json!({"status": "active"})).await.expect(200);
        assert_eq!(ask().await["active"], true);

        owner.patch(&user, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(ask().await, inactive("user_suspended"));
        owner.patch(&organization.path, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(ask().await, inactive("user_suspended"), "the user comes before the organization");
        owner.patch(&organization.path, json!({"status": "active"})).await.expect(200);

        owner.patch(&path, json!({"active": false})).await.expect(200);
        assert_eq!(ask().await, inactive("inactive"), "the key comes before its user");
        world.travel(90 * DAY - 5);
        assert_eq!(ask().await, inactive("inactive"));
        world.travel(90 * DAY + 5);
        assert_eq!(ask().await, inactive("expired"), "expiry is final where switching off is not");
        world.travel(0);
        owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        assert_eq!(ask().await, inactive("revoked"));
        world.travel(90 * DAY + 5);
        assert_eq!(ask().await, inactive("revoked"));
    });
}

#[test]
fn whoever_lacks_the_secret_learns_nothing() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (key, revoked) = (organization.machine_key().await, organization.machine_key().await);
        let path = format!("{}/revoke", organization.key_path(&revoked));
        organization.owner.post(&path, Value::Null).await.expect(200);
        let mut tokens = worthless(world, &organization, &key).await;
        tokens.push(with_another_secret(&revoked));
        let first = ask(world, &tokens[0]).await;
        assert_eq!(first.clone().expect(200), json!({"active": false}));
        for token in &tokens {
            assert_eq!(alike(&ask(world, token).await), alike(&first));
        }
    });
}

#[test]
fn what_is_no_question_is_refused() {
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

#[test]
fn what_keeps_us_from_knowing_is_an_error_and_never_an_answer() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        for (operation, effect) in [
            ("BatchGetItem", Effect::ServerError),
            ("BatchGetItem", Effect::Unprocessed { count: 2 }),
            ("Query", Effect::Throttle),
        ] {
            let fault =
                Fault::on(Service::DynamoDb, effect).operation(operation).function("introspect-token");
            world.stack.faults().add(fault);
            let answer = ask(world, token(&key)).await;
            assert_eq!(answer.header("retry-after"), "1");
            answer.expect_problem(503, "unavailable");
            assert!(world.stack.faults().struck() > 0);
            world.stack.faults().clear();
        }
        assert_eq!(answered(world, token(&key)).await["active"], true);
    });
}

#[test]
fn a_lost_pepper_is_an_error_and_never_an_answer() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let id = &world.stack.environment()["PEPPER_SECRET_ID"];
        let kept = world.stack.secret(id).unwrap();
        let lost = json!({"current": "2", "2": "fedcba9876543210fedcba9876543210"});
        assert!(world.stack.put_secret(id, &lost.to_string()));
        for _ in 0..2 {
            ask(world, token(&key)).await.expect_problem(500, "internal");
        }
        assert!(world.stack.put_secret(id, &kept));
    });
}

#[test]
fn a_wrong_secret_runs_no_argon2_and_a_right_one_runs_it_once_an_instance() {
    let parameters = [("LogLevel".to_owned(), "debug".to_owned())].into();
    run_with(Options { parameters, instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let first = organization.machine_key().await;
        let second = rotate(&organization, &first, 0).await;
        let runs = || {
            let lines = world.stack.logs().by_function("introspect-token");
            lines.iter().filter(|line| line.contains("\"argon2.runs\":1")).count()
        };
        assert_eq!(answered(world, &with_another_secret(&first)).await, json!({"active": false}));
        assert_eq!(answered(world, token(&first)).await, inactive("retired"));
        assert_eq!(runs(), 0);
        for _ in 0..3 {
            assert_eq!(answered(world, token(&second)).await["active"], true);
        }
        assert_eq!(runs(), 1);
    });
}
