//! Requests that race with the end of a key.

use futures_util::future::join_all;
use kit::{Answer, Client, Effect, Fault, Organization, Service, When, World, run};
use reqwest::Method;
use serde_json::{Value, json};

/// How a key is ended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Revoke,
    Delete,
}

/// The tokens of a key that a round may leave usable, and how its requests were answered.
struct Raced {
    tokens: Vec<String>,
    ended: Vec<Answer>,
    others: Vec<Answer>,
}

fn token(answer: &Value) -> Option<String> {
    Some(answer["secret"]["token"].as_str()?.to_owned())
}

/// Ends a key while others rotate, extend and switch it, several times each.
async fn race(world: &World, organization: &Organization, key: &Value, end: End, twice: bool) -> Raced {
    let path = organization.key_path(key);
    let itself = world.key(&token(key).unwrap());
    let owner = &organization.owner;
    let (rotate, revoke) = (format!("{path}/rotate"), format!("{path}/revoke"));
    let mine = format!("{}/access-keys/current/rotate", organization.path);
    let send = |client: &Client, method: Method, path: &str, body: Value| {
        let (client, path) = (client.clone(), path.to_owned());
        async move { client.send(method, &path, Some(body)).await }
    };
    let mut others = vec![];
    for overlap in [0, 3_600] {
        others.push(send(owner, Method::POST, &rotate, json!({"overlap_seconds": overlap})));
        others.push(send(owner, Method::PATCH, &path, json!({"expires_in_days": 100 + overlap / 100})));
        others.push(send(owner, Method::PATCH, &path, json!({"active": overlap != 0})));
        others.push(send(&itself, Method::POST, &mine, json!({"overlap_seconds": overlap})));
    }
    let ends = (0..=usize::from(twice)).map(|_| match end {
        End::Revoke => send(owner, Method::POST, &revoke, Value::Null),
        End::Delete => send(owner, Method::DELETE, &path, Value::Null),
    });
    let (others, ended) = tokio::join!(join_all(others), join_all(ends));
    let made = others.iter().filter_map(|answer| token(&answer.body));
    let tokens = token(key).into_iter().chain(made).collect();
    Raced { tokens, ended, others }
}

fn is_done(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 204)
}

/// Tells whether an end was answered; then checks that no secret of the key works and none can be made.
async fn check(world: &World, organization: &Organization, key: &Value, end: End, raced: &Raced) -> bool {
    if !raced.ended.iter().any(is_done) {
        return false;
    }
    for token in &raced.tokens {
        world.key(token).get("/v1/whoami").await.expect_forbidden_by_gateway();
    }
    let path = organization.key_path(key);
    let (machine, suffix) = key["key_id"].as_str().unwrap().split_at(12);
    let user = world.items_of("USER").into_iter().find(|user| user["user_id"] == machine).unwrap();
    assert_eq!(user["live_keys"].get(suffix), None, "a key that ended keeps its place");
    let (status, code) = if end == End::Revoke { (409, "already_revoked") } else { (404, "not_found") };
    let owner = &organization.owner;
    for (method, path, body) in [
        (Method::POST, format!("{path}/rotate"), json!({})),
        (Method::PATCH, path.clone(), json!({"active": true})),
        (Method::PATCH, path.clone(), json!({"expires_in_days": 300})),
    ] {
        owner.send(method, &path, Some(body)).await.expect_problem(status, code);
    }
    true
}

fn events_of(world: &World, key: &Value, action: &str) -> usize {
    world.audit(action).iter().filter(|event| event["target"]["id"] == key["key_id"]).count()
}

#[test]
fn no_key_is_usable_after_its_revocation_or_deletion_despite_racing_requests() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        for round in 0..8 {
            let machine = organization.machine(&format!("m{round}")).await;
            let key = organization.key(&machine, 90).await;
            let end = if round % 2 == 0 { End::Revoke } else { End::Delete };
            let raced = race(world, &organization, &key, end, round % 4 > 1).await;
            assert!(check(world, &organization, &key, end, &raced).await, "{end:?}: {:?}", raced.ended);
            let done = raced.ended.iter().filter(|answer| is_done(answer)).count();
            let action = if end == End::Revoke { "access_key.revoked" } else { "access_key.deleted" };
            assert_eq!((done, events_of(world, &key, action)), (1, 1));
            let rotated = raced.others.iter().filter(|answer| token(&answer.body).is_some()).count();
            assert_eq!(events_of(world, &key, "access_key.rotated"), rotated);
        }
    });
}

#[test]
fn no_ended_key_is_usable_under_lost_replies_throttling_and_conflicts() {
    let (mut ended, mut struck) = (0, 0);
    for seed in 0..4 {
        run(async |world| {
            let organization = world.organization("alice", "flexible").await;
            for round in 0..4 {
                let machine = organization.machine(&format!("m{round}")).await;
                let key = organization.key(&machine, 90).await;
                let faults = world.stack.faults();
                let chance = |share, salt: u64| When::Chance { share, seed: seed * 100 + round * 10 + salt };
                let write = |effect| Fault::on(Service::DynamoDb, effect).operation("TransactWriteItems");
                faults.add(write(Effect::LoseReply).when(chance(0.3, 1)));
                faults.add(write(Effect::TransactionConflict { position: 1 }).when(chance(0.3, 2)));
                faults.add(write(Effect::Throttle).when(chance(0.2, 3)));
                let end = if round % 2 == 0 { End::Revoke } else { End::Delete };
                let raced = race(world, &organization, &key, end, true).await;
                struck += faults.struck();
                faults.clear();
                for answer in raced.ended.iter().chain(&raced.others) {
                    let expected = [200, 204, 403, 404, 409, 429, 503];
                    assert!(expected.contains(&answer.status), "seed {seed}: {}", answer.body);
                }
                let checked = check(world, &organization, &key, end, &raced).await;
                ended += u32::from(checked);
                let action = if end == End::Revoke { "access_key.revoked" } else { "access_key.deleted" };
                let events = events_of(world, &key, action);
                assert!(events <= 1 && (!checked || events == 1), "seed {seed}: {events} events");
            }
        });
    }
    assert!(ended >= 8 && struck > 20, "{ended} ended, {struck} faults");
}
