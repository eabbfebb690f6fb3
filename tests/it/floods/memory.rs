//! Refusals from memory: without them the same floods would use up the user's partition.

use std::cell::Cell;

use kit::{Options, World, run, run_with};
use serde_json::{Value, json};

use super::{PARTITION, keys, limit_partitions, of_no_key, throttled};
use crate::tokens::{token, with_another_secret};

/// The kinds of wrong secrets that one sender can repeat for ever.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    NoKey,
    LiveKeys,
    /// The right secret of a revoked key.
    Revoked,
}

/// The requests of one burst.
const BURST: usize = 40;

/// Sends wrong secrets to one place, one after the other, and counts the reads.
async fn reads_at(
    world: &World,
    place: &str,
    requests: usize,
    wrong: impl Fn(usize) -> Vec<String>,
) -> usize {
    world.stack.calls().clear();
    for number in 0..requests {
        let wrong = wrong(number);
        let client = world.anonymous();
        // Where reads are throttled, a failure is right too.
        let answer = match place {
            "/v1/whoami" => world.key(&wrong[0]).get(place).await,
            "/v1/introspect" => client.post(place, json!({"token": wrong[0]})).await,
            _ => client.post(place, json!({"tokens": wrong})).await,
        };
        assert!([200, 202, 403, 500, 503].contains(&answer.status), "{answer:?}");
    }
    world.stack.calls().count("BatchGetItem")
}

#[test]
fn without_the_memory_each_wrong_secret_is_read_and_the_limit_strikes() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let keys = keys(&organization, 3).await;
        let (live, revoked) = keys.split_at(2);
        let path = format!("{}/revoke", organization.key_path(&revoked[0]));
        organization.owner.post(&path, Value::Null).await.expect(200);
        let wrong = |kind, number: usize| match kind {
            Kind::NoKey => (0..4).map(|_| of_no_key(&live[0])).collect(),
            Kind::LiveKeys => (0..4).map(|more| with_another_secret(&live[(number + more) % 2])).collect(),
            Kind::Revoked => vec![token(&revoked[0]).to_owned()],
        };
        let seconds = Cell::new(0);
        let later = |by| {
            seconds.set(seconds.get() + by);
            world.travel(seconds.get());
        };
        for (place, kinds) in [
            ("/v1/whoami", &[Kind::NoKey, Kind::LiveKeys, Kind::Revoked][..]),
            ("/v1/introspect", &[Kind::NoKey, Kind::LiveKeys]),
            ("/v1/leaked-keys", &[Kind::NoKey, Kind::LiveKeys]),
        ] {
            for kind in kinds {
                // Each kind is a flood of its own: what was read before is too old by the gateway's time. Where the
                // machine is so busy that a burst is no flood, it is repeated.
                let mut bursts = 0;
                later(10);
                while reads_at(world, place, BURST, |number| wrong(*kind, number)).await > BURST / 2 {
                    bursts += 1;
                    assert!(bursts < 20, "{kind:?} at {place}");
                }
            }
            for right in live.iter().map(token).filter(|_| place != "/v1/leaked-keys") {
                match place {
                    "/v1/whoami" => world.key(right).get(place).await.expect(200),
                    _ => world.anonymous().post(place, json!({"token": right})).await.expect(200),
                };
            }
            limit_partitions(world, 2);
            let mut requests = 0;
            while throttled(world) == 0 {
                // By the gateway's time, whatever was read is too old.
                later(2);
                let reads = reads_at(world, place, 1, |number| wrong(Kind::NoKey, number)).await;
                requests += 1;
                assert!(reads > 0 && requests < 20, "{place}");
            }
            world.stack.faults().clear();
        }
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
        limit_partitions(world, PARTITION);
        let many = (0..100).map(|_| with_another_secret(&keys[0])).collect::<Vec<_>>();
        calls();
        world.anonymous().post("/v1/leaked-keys", json!({"tokens": many})).await.expect(202);
        assert_eq!(calls(), 2, "one read of the user, and one of the key");
        let units = world.stack.faults().read_units();
        assert!((units - 1.0).abs() < f64::EPSILON, "{units}: two reads with eventual consistency");
        // Reports within one second are one flood. A busy machine may take longer for two, so they are repeated.
        let more = [with_another_secret(&keys[0]), of_no_key(&keys[0])];
        let mut reports = 0;
        loop {
            calls();
            world.anonymous().post("/v1/leaked-keys", json!({"tokens": more})).await.expect(202);
            if calls() == 0 {
                break;
            }
            reports += 1;
            assert!(reports < 100, "what was read to be wrong is read again");
        }
        // What matches is read and judged all the same.
        for key in &keys {
            let body = json!({"tokens": [token(key), with_another_secret(key)]});
            world.anonymous().post("/v1/leaked-keys", body).await.expect(202);
            world.key(token(key)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
    });
}
