//! The quota of keys, under many requests and failures too. `explorer` has each order of two requests.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use kit::{Answer, Effect, Fault, Organization, Service, When, World, run};
use serde_json::{Value, json};

async fn create_at_once(organization: &Organization, machine: &str, times: usize) -> Vec<Answer> {
    let path = organization.keys_of(machine);
    let body = || json!({"name": "k", "expires_in_days": 30});
    join_all((0..times).map(|_| organization.owner.post(&path, body()))).await
}

/// Returns the ids of the live keys of the user, after checking that all accounts of them agree.
fn agreed_live_keys(world: &World, machine: &str) -> BTreeSet<String> {
    let user = world.items_of("USER").into_iter().find(|user| user["user_id"] == machine).unwrap();
    let live: BTreeSet<String> =
        user["live_keys"].as_object().unwrap().keys().map(|suffix| format!("{machine}{suffix}")).collect();
    let stored =
        world.items_of("KEY#").into_iter().map(|key| key["key_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(live, stored);
    let audited: Vec<_> = world
        .audit("access_key.created")
        .iter()
        .map(|event| event["target"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(audited.len(), live.len());
    assert_eq!(audited.into_iter().collect::<BTreeSet<_>>(), live);
    live
}

fn answered_keys(answers: &[Answer]) -> BTreeSet<String> {
    let made = answers.iter().filter(|answer| answer.status == 201);
    made.map(|answer| answer.body["key_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn of_64_creates_at_once_with_quota_2_two_succeed() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let answers = create_at_once(&organization, &machine, 64).await;
        let full = |answer: &&Answer| answer.status == 409 && answer.body["code"] == "quota_exceeded";
        assert_eq!(answers.iter().filter(full).count(), 62);
        assert_eq!(answered_keys(&answers).len(), 2);
        assert_eq!(agreed_live_keys(world, &machine), answered_keys(&answers));
    });
}

/// Lists how the attempts to store a key were answered; `None` where the reply was lost.
fn replies_of(world: &World, key_id: &str) -> Vec<Option<u16>> {
    let calls = world.stack.calls().by_function("create-access-key");
    let about = |call: &&kit::Call| {
        call.operation == "TransactWriteItems" && String::from_utf8_lossy(&call.request).contains(key_id)
    };
    calls.iter().filter(about).map(|call| call.status.map(|status| status.as_u16())).collect()
}

#[test]
fn the_quota_holds_under_lost_replies_throttling_and_conflicts() {
    for seed in 0..6 {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let machine = organization.machine("ci").await;
            let chance = |share, salt: u64| When::Chance { share, seed: seed * 10 + salt };
            let ours = |effect| Fault::on(Service::DynamoDb, effect).function("create-access-key");
            let write = |effect| ours(effect).operation("TransactWriteItems");
            let faults = world.stack.faults();
            faults.add(write(Effect::LoseReply).when(chance(0.25, 1)));
            faults.add(write(Effect::Throttle).when(chance(0.2, 2)));
            faults.add(write(Effect::TransactionConflict { position: 0 }).when(chance(0.2, 3)));
            faults.add(ours(Effect::Throttle).operation("GetItem").when(chance(0.1, 4)));
            let answers = create_at_once(&organization, &machine, 64).await;
            assert!(faults.struck() > 0);
            faults.clear();

            let live = agreed_live_keys(world, &machine);
            let answered = answered_keys(&answers);
            assert!(live.len() <= 2 && answered.is_subset(&live), "seed {seed}: {live:?} {answered:?}");
            // A key that nobody was told of is one whose transaction was done and lost every reply.
            for key_id in live.difference(&answered) {
                let replies = replies_of(world, key_id);
                let lost = !replies.is_empty() && !replies.contains(&Some(200));
                assert!(lost, "seed {seed}: {key_id} was answered {replies:?}");
            }
            let expected = |answer: &Answer| {
                matches!(answer.status, 201 | 429 | 503) || answer.body["code"] == "quota_exceeded"
            };
            for answer in &answers {
                assert!(expected(answer), "seed {seed}: {} {}", answer.status, answer.body);
            }
            let mut later = answers.iter().filter(|answer| answer.status >= 429);
            assert!(later.all(|answer| answer.header("retry-after") == "1"));
        });
    }
}

#[test]
fn an_expired_key_frees_its_place_by_itself() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        organization.key(&machine, 1).await;
        organization.key(&machine, 30).await;
        world.travel(kit::DAY + 1);
        let alice = world.person("alice");
        let body = || json!({"name": "k", "expires_in_days": 30});
        alice.post(&organization.keys_of(&machine), body()).await.expect(201);
        alice.post(&organization.keys_of(&machine), body()).await.expect_problem(409, "quota_exceeded");
        let user = world.items_of("USER").into_iter().find(|user| user["user_id"] == machine).unwrap();
        assert_eq!(user["live_keys"].as_object().map(serde_json::Map::len), Some(2));
        assert_eq!(world.items_of("KEY#").len(), 3);
    });
}

#[test]
fn each_kind_has_its_own_quota() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let body = || json!({"name": "k", "expires_in_days": 30});
        for client in [&organization.owner, &world.person("carol")] {
            client.post(&organization.keys_of("me"), body()).await.expect(201);
            let refused =
                client.post(&organization.keys_of("me"), body()).await.expect_problem(409, "quota_exceeded");
            assert_eq!(refused["value"], Value::from(1));
        }
    });
}
