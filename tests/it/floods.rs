//! Floods of wrong secrets of one user, at every place that takes a token, while the user goes on.

use std::time::Instant;

use domain::{
    id::{KeyId, KeySuffix, UserId},
    token::SecretToken,
};
use futures_util::future::{join, join_all};
use kit::{Effect, Fault, Options, Organization, Service, World, run, run_with};
use serde_json::{Value, json};

use crate::tokens::{token, with_another_secret};

const AUTHORIZER: &str = "authorize-request";

/// Read units a second that AWS allows of one partition.
const PARTITION: u32 = 3_000;

const INSTANCES: usize = 8;

/// Counts read units, and lets no partition be read beyond the limit of AWS.
fn limit_partitions(world: &World) {
    let limit = Effect::PartitionReads { units_per_second: PARTITION };
    world.stack.faults().add(Fault::on(Service::DynamoDb, limit));
}

/// Makes a machine with keys.
async fn keys(organization: &Organization, count: usize) -> Vec<Value> {
    let machine = organization.machine("machine").await;
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.push(organization.key(&machine, 90).await);
    }
    keys
}

/// Makes a well-formed token of the key's user, of a key that does not exist.
fn of_no_key(key: &Value) -> String {
    let user_id: UserId = KeyId::parse(key["key_id"].as_str().unwrap()).unwrap().user_id();
    let key_id = KeyId::new(user_id, KeySuffix::random());
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

#[test]
#[expect(clippy::print_stderr, reason = "a developer looks for the read units with --nocapture")]
fn a_users_requests_pass_while_wrong_secrets_of_the_user_come_from_everywhere() {
    run_with(Options { instance_cap: INSTANCES, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = keys(&organization, 2).await;
        world.stack.warm_up(AUTHORIZER, INSTANCES).await.unwrap();
        limit_partitions(world);
        let began = Instant::now();
        let attacker = async |number: usize| {
            for wrong in wrong_tokens(&keys, 40) {
                world.key(&wrong).get("/v1/whoami").await.expect_forbidden_by_gateway();
            }
            // The user's own requests go through the instances that refuse from memory.
            let client = world.key(token(&keys[number % 2]));
            client.get("/v1/whoami").await.expect(200);
        };
        let others = async {
            for wrong in wrong_tokens(&keys, 100) {
                let answer = world.anonymous().post("/v1/introspect", json!({"token": wrong})).await;
                assert_eq!(answer.expect(200), json!({"active": false}));
            }
            for _ in 0..10 {
                let body = json!({"tokens": wrong_tokens(&keys, 100)});
                world.anonymous().post("/v1/leaked-keys", body).await.expect(202);
            }
        };
        join(join_all((0..INSTANCES).map(attacker)), others).await;
        let (units, seconds) = (world.stack.faults().read_units(), began.elapsed().as_secs_f64());
        eprintln!("{:.0} read units a second during a flood of {seconds:.1} s", units / seconds);

        // What an instance reads: five wrong secrets, and the user and each live key once a second. A report reads
        // the user, both keys and fifty keys that do not exist, with eventual consistency, once a second.
        let each_second = (INSTANCES + 1) * (2 + 2 * keys.len()) + 27;
        let users_own = INSTANCES * 3;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
        let most = (INSTANCES + 1) * 10 + users_own + each_second * (seconds as usize + 2);
        assert!(units <= f64::from(u32::try_from(most).unwrap()), "{units} read units, not {most}");

        for key in &keys {
            world.key(token(key)).get("/v1/whoami").await.expect(200);
        }
        world.forget_organizations().await;
        limit_partitions(world);
        for key in &keys {
            world.key(token(key)).get("/v1/whoami").await.expect(200);
        }
        let path = format!("{}/revoke", organization.key_path(&keys[0]));
        organization.owner.post(&path, Value::Null).await.expect(200);
        world.key(token(&keys[0])).get("/v1/whoami").await.expect_forbidden_by_gateway();
        world.key(token(&keys[1])).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn anonymous_callers_take_a_quarter_of_a_partition_at_most() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = keys(&organization, 2).await;
        limit_partitions(world);
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

#[test]
fn a_report_reads_each_user_once_and_a_key_again_only_where_a_secret_matches() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = keys(&organization, 2).await;
        let calls = || {
            let calls = world.stack.calls().by_function("report-leaked-key");
            world.stack.calls().clear();
            calls.iter().filter(|call| call.operation == "BatchGetItem").count()
        };
        limit_partitions(world);
        let many = (0..100).map(|_| with_another_secret(&keys[0])).collect::<Vec<_>>();
        calls();
        world.anonymous().post("/v1/leaked-keys", json!({"tokens": many})).await.expect(202);
        assert_eq!(calls(), 2, "one read of the user, and one of the key");
        let units = world.stack.faults().read_units();
        assert!((units - 1.0).abs() < f64::EPSILON, "{units}: two reads with eventual consistency");
        // Reports within one second are one flood. A busy machine may take longer for two, so they are repeated.
        let refused_from_memory = async || {
            let began = Instant::now();
            let more = [with_another_secret(&keys[0]), of_no_key(&keys[0])];
            for tokens in [&many[..], &more] {
                calls();
                world.anonymous().post("/v1/leaked-keys", json!({"tokens": tokens})).await.expect(202);
            }
            (calls() == 0, began.elapsed().as_secs() == 0)
        };
        let (mut refused, mut in_time) = (false, false);
        while !in_time {
            (refused, in_time) = refused_from_memory().await;
        }
        assert!(refused, "what was read to be wrong is not read again");
        // What matches is read and judged all the same.
        for key in &keys {
            let body = json!({"tokens": [token(key), with_another_secret(key)]});
            world.anonymous().post("/v1/leaked-keys", body).await.expect(202);
            world.key(token(key)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
    });
}
