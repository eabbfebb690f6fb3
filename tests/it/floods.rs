//! Floods of wrong secrets of one user, at every place that takes a token, while the user goes on.

mod memory;

use std::{
    cell::Cell,
    collections::BTreeSet,
    time::{Duration, Instant},
};

use domain::{
    id::{KeyId, KeySuffix, UserId},
    token::SecretToken,
};
use futures_util::future::{join_all, join3};
use kit::{Call, Effect, Fault, Options, Organization, Service, World, run, run_with};
use serde_json::{Value, json};

use crate::tokens::{token, with_another_secret};

const AUTHORIZER: &str = "authorize-request";

/// Read units a second that AWS allows of one partition.
const PARTITION: u32 = 3_000;

/// Instances of the authorizer that are warm before the flood, and those that start during it.
const WARM: usize = 8;
const FRESH: usize = 2;

/// Lets no partition be read beyond a limit, and counts the read units.
fn limit_partitions(world: &World, units_per_second: u32) {
    let limit = Effect::PartitionReads { units_per_second };
    world.stack.faults().add(Fault::on(Service::DynamoDb, limit));
}

/// Counts the reads that the limit refused.
fn throttled(world: &World) -> usize {
    let calls = world.stack.calls().all();
    let refused = |call: &&Call| call.status.is_some_and(|status| status == 400);
    calls.iter().filter(|call| call.operation == "BatchGetItem").filter(refused).count()
}

/// Makes a machine with keys.
async fn keys(organization: &Organization, count: usize) -> Vec<Value> {
    let policy = json!({"policy": {"quota": {"machine": count}}});
    organization.owner.patch(&organization.path, policy).await.expect(200);
    let machine = organization.machine("machine").await;
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.push(organization.key(&machine, 90).await);
    }
    keys
}

fn key_id(key: &Value) -> KeyId {
    KeyId::parse(key["key_id"].as_str().unwrap()).unwrap()
}

/// Makes a well-formed token of the key's user, of a key that does not exist.
fn of_no_key(key: &Value) -> String {
    let key_id = KeyId::new(key_id(key).user_id(), KeySuffix::random());
    SecretToken::generate(&"ak".parse().unwrap(), key_id).expose().to_owned()
}

/// Makes wrong tokens of one user: of each of the keys in turn, and of keys that do not exist.
fn wrong_tokens(keys: &[Value], count: usize) -> Vec<String> {
    let wrong = |number: usize| match number % 2 {
        0 => with_another_secret(&keys[number / 2 % keys.len()]),
        _ => of_no_key(&keys[0]),
    };
    (0..count).map(wrong).collect()
}

/// Sends wrong secrets of the keys and of no key to every place that takes a token, as fast as they are answered,
/// while the work is done. Ten introspections go with each report, as the throttles of template.yaml allow them.
async fn flood_during(world: &World, keys: &[Value], work: impl Future<Output = ()>) {
    let done = Cell::new(false);
    let attacker = async |_| {
        while !done.get() {
            for wrong in wrong_tokens(keys, 2 * keys.len()) {
                world.key(&wrong).get("/v1/whoami").await.expect_forbidden_by_gateway();
            }
        }
    };
    let others = async {
        while !done.get() {
            for wrong in wrong_tokens(keys, 10) {
                let answer = world.anonymous().post("/v1/introspect", json!({"token": wrong})).await;
                assert_eq!(answer.expect(200), json!({"active": false}));
            }
            let body = json!({"tokens": wrong_tokens(keys, 100)});
            world.anonymous().post("/v1/leaked-keys", body).await.expect(202);
        }
    };
    let work = async {
        work.await;
        done.set(true);
    };
    join3(join_all((0..WARM).map(attacker)), others, work).await;
}

/// Lists the instances of the authorizer that started during the flood, and have let a request pass: they have read
/// its organization.
fn fresh_that_let_pass(world: &World) -> BTreeSet<u32> {
    let calls = world.stack.calls().by_function(AUTHORIZER);
    let passes = calls.iter().filter(|call| call.operation == "Query").filter_map(|call| call.instance);
    passes.filter(|instance| usize::try_from(*instance).unwrap() > WARM).collect()
}

/// Returns the read units that a call takes of a user's partition. Every item is smaller than one unit.
fn units(call: &Call, user_id: UserId) -> f64 {
    let request: Value = serde_json::from_slice(&call.request).unwrap_or_default();
    let tables = request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
    let of_table = |table: &Value| {
        let each = if table["ConsistentRead"] == true { 1.0 } else { 0.5 };
        let keys = table["Keys"].as_array().into_iter().flatten();
        keys.filter(|key| key["PK"]["S"] == format!("USER#{user_id}")).map(|_| each).sum::<f64>()
    };
    tables.map(of_table).sum()
}

/// Returns the most units that were taken within one second.
fn most_in_a_second(taken: &[(Instant, f64)]) -> f64 {
    let within = |from: Instant| {
        taken.iter().filter(move |(at, _)| (from..from + Duration::from_secs(1)).contains(at))
    };
    taken.iter().map(|(from, _)| within(*from).map(|(_, units)| units).sum()).fold(0.0, f64::max)
}

#[test]
#[expect(clippy::print_stderr, reason = "a developer looks for the read units with --nocapture")]
fn a_users_requests_pass_while_wrong_secrets_of_the_user_come_from_everywhere() {
    run_with(Options { instance_cap: WARM + FRESH, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = keys(&organization, 3).await;
        let (known, [own, ..]) = keys.split_at(2) else { panic!() };
        world.stack.warm_up(AUTHORIZER, WARM).await.unwrap();
        world.stack.calls().clear();
        limit_partitions(world, PARTITION);
        let pass = async |key: &Value| world.key(token(key)).get("/v1/whoami").await.expect(200);
        let began = Instant::now();
        flood_during(world, known, async {
            for key in known {
                for _ in 0..2 {
                    pass(key).await;
                }
            }
            // The user's requests go through the flooded instances, and through those that start meanwhile.
            world.stack.warm_up(AUTHORIZER, WARM + FRESH).await.unwrap();
            let mut requests = 0;
            while fresh_that_let_pass(world).len() < FRESH {
                pass(own).await;
                requests += 1;
                assert!(requests < 2_000, "{:?}", fresh_that_let_pass(world));
            }
            let path = format!("{}/revoke", organization.key_path(&known[0]));
            organization.owner.post(&path, Value::Null).await.expect(200);
            world.key(token(&known[0])).get("/v1/whoami").await.expect_forbidden_by_gateway();
            pass(&known[1]).await;
            pass(own).await;
        })
        .await;

        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(throttled(world), 0);
        let own = format!("KEY#{}", key_id(own).suffix());
        let calls = world.stack.calls().all().into_iter();
        let of_flood = calls.filter(|call| !String::from_utf8_lossy(&call.request).contains(&own));
        let taken: Vec<_> =
            of_flood.map(|call| (call.at, units(&call, key_id(&keys[0]).user_id()))).collect();
        let (all, most): (f64, _) = (taken.iter().map(|(_, units)| units).sum(), most_in_a_second(&taken));
        eprintln!(
            "{:.0} read units a second, at most {most:.0}, in a flood of {seconds:.1} s",
            all / seconds
        );
        // However fast or slow the machine is: an instance reads at most five wrong secrets, and the user and each
        // live key once, in a second of its own, and two such seconds touch one of ours.
        assert!(all > 0.0 && most <= f64::from(PARTITION) / 4.0, "{most} read units in a second");
    });
}

#[test]
fn anonymous_callers_take_a_quarter_of_a_partition_at_most() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = keys(&organization, 2).await;
        limit_partitions(world, PARTITION);
        let units = || world.stack.faults().read_units();
        let report = json!({"tokens": (0..100).map(|_| of_no_key(&keys[0])).collect::<Vec<_>>()});
        world.anonymous().post("/v1/leaked-keys", report).await.expect(202);
        let by_report = units();
        let body = json!({"token": with_another_secret(&keys[0])});
        world.anonymous().post("/v1/introspect", body).await.expect(200);
        let by_introspection = units() - by_report;
        // At the throttles of template.yaml, and each request by an instance that remembers nothing.
        let each_second = 10.0 * by_report + 100.0 * by_introspection;
        assert!(each_second <= f64::from(PARTITION) / 4.0, "{by_report} and {by_introspection}");
        assert!(by_report > 0.0 && by_introspection > 0.0);
    });
}
