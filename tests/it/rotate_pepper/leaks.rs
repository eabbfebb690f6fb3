//! A pepper that strangers know.

use kit::{Options, run_with};
use serde_json::json;

use super::{document, rotate, versions};
use crate::tokens::token;

#[test]
fn a_leak_makes_a_fresh_version_current_discards_the_next_and_no_key_is_refused() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        rotate(world, json!({})).await;
        let key = organization.machine_key().await;
        let old = world.key(token(&key));
        old.get("/v1/whoami").await.expect(200);
        let known = document(world);

        let summary = rotate(world, json!({"leaked": true})).await;
        assert_eq!(summary, json!({"outcome": "replaced", "current": "3", "next": "4"}));
        let after = document(world);
        assert_eq!((versions(&after), &after["1"]), (vec!["1", "3", "4"], &known["1"]));
        let fresh = [&after["3"], &after["4"]];
        assert!(fresh.iter().all(|value| **value != known["2"] && **value != known["1"]));

        old.get("/v1/whoami").await.expect(200);
        let path = format!("{}/rotate", organization.key_path(&key));
        let key = organization.owner.post(&path, json!({"overlap_seconds": 3600})).await.expect(200);
        world.key(token(&key)).get("/v1/whoami").await.expect(200);
        old.get("/v1/whoami").await.expect(200);

        let summary = rotate(world, json!({})).await;
        assert_eq!(summary, json!({"outcome": "rotated", "current": "4", "next": "5"}));
    });
}
