//! Reports of retired secrets beside other requests, in chosen orders.

use kit::{Organization, run};
use serde_json::Value;

use super::{leaks_told_to, report, rotate, status, to_be_mailed};
use crate::tokens::token;

/// The first write of a report.
const FIRST_WRITE: (&str, &str, u64) = ("report-leaked-key", "TransactWriteItems", 1);

/// Makes a machine's key and rotates it.
async fn retired_key(organization: &Organization) -> Value {
    let key = organization.machine_key().await;
    rotate(organization, &key, 0).await;
    key
}

#[test]
fn two_reports_of_a_retired_secret_at_once_are_told_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = retired_key(&organization).await;
        let tokens = [token(&key)];
        // The second one is read and recorded while the record of the first is on its way.
        let second = async {
            report(world, &tokens).await;
            assert_eq!(to_be_mailed(world).len(), 1);
        };
        world.while_held(FIRST_WRITE, report(world, &tokens), second).await;
        assert_eq!(world.audit("access_key.retired_secret_reported").len(), 1);
        assert_eq!(to_be_mailed(world).len(), 1);
        world.notify().await;
        assert_eq!(leaks_told_to(&organization.owner, &organization).await.len(), 1);
    });
}

#[test]
fn a_key_whose_secret_is_replaced_while_it_is_reported_keeps_its_new_secret() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let rotated = rotate(&organization, &key, 0);
        world.while_held(FIRST_WRITE, report(world, &[token(&key)]), rotated).await;
        assert_eq!(status(&organization, &key).await, "active");
        assert_eq!(world.audit("access_key.retired_secret_reported").len(), 1);
        assert!(world.audit("access_key.revoked").is_empty());
    });
}

#[test]
fn a_key_that_is_deleted_while_its_retired_secret_is_reported_stays_deleted() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = retired_key(&organization).await;
        let delete = async { organization.owner.delete(&organization.key_path(&key)).await.expect(204) };
        let tokens = [token(&key)];
        world.while_held(FIRST_WRITE, report(world, &tokens), delete).await;
        assert!(world.items_of("KEY#").is_empty());
        assert!(world.audit("access_key.retired_secret_reported").is_empty());
        assert!(to_be_mailed(world).is_empty());
    });
}
