//! Reports of retired secrets beside other requests, in chosen orders.

use kit::{Effect, Fault, Organization, Service, When, World, run};
use serde_json::Value;

use super::{leaks_told_to, report, rotate, to_be_mailed};
use crate::tokens::token;

/// Makes a machine's key, rotates it, and holds the record of the first report of its retired secret.
async fn retired_key_with_held_report(world: &World, organization: &Organization) -> Value {
    let key = organization.machine_key().await;
    rotate(organization, &key, 0).await;
    let hold = Fault::on(Service::DynamoDb, Effect::Hold).operation("TransactWriteItems");
    world.stack.faults().add(hold.function("report-leaked-key").when(When::Nth(1)));
    key
}

#[test]
fn two_reports_of_a_retired_secret_at_once_are_told_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = retired_key_with_held_report(world, &organization).await;
        let tokens = [token(&key)];
        // The second one is read and recorded while the record of the first is on its way.
        let second = async {
            report(world, &tokens).await;
            assert_eq!(to_be_mailed(world).len(), 1);
        };
        world.while_held(report(world, &tokens), second).await;
        assert_eq!(world.audit("access_key.retired_secret_reported").len(), 1);
        assert_eq!(to_be_mailed(world).len(), 1);
        world.notify().await;
        assert_eq!(leaks_told_to(&organization.owner, &organization).await.len(), 1);
    });
}

#[test]
fn a_key_that_is_deleted_while_its_retired_secret_is_reported_stays_deleted() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = retired_key_with_held_report(world, &organization).await;
        let delete = async { organization.owner.delete(&organization.key_path(&key)).await.expect(204) };
        let tokens = [token(&key)];
        world.while_held(report(world, &tokens), delete).await;
        assert!(world.items_of("KEY#").is_empty());
        assert!(world.audit("access_key.retired_secret_reported").is_empty());
        assert!(to_be_mailed(world).is_empty());
    });
}
