//! Deletions of users that a run finishes.

use kit::{DAY, Effect, Fault, Service, When, run};
use serde_json::json;

#[test]
fn a_run_finishes_a_deletion_that_was_cut_off_anywhere() {
    for call in 1..=3 {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let machine = organization.machine("machine").await;
            organization.key(&machine, 90).await;
            organization.key(&machine, 90).await;
            let partition = format!("USER#{machine}");
            let left = || world.items().into_iter().filter(|item| item["PK"] == partition).count();
            let fault = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("DeleteItem");
            world.stack.faults().add(fault.function("manage-users").when(When::Nth(call)));
            let path = organization.user_path(&machine);
            let deleted = organization.owner.delete(&path).await;
            assert!(deleted.status >= 500, "{call}: {}", deleted.body);
            assert_eq!(left(), 3 - usize::try_from(call).unwrap());
            world.stack.faults().clear();
            organization.owner.get(&path).await.expect_problem(404, "not_found");

            world.travel(120);
            let summary = world.notify().await;
            assert_eq!((&summary["failed"], &summary["left_over"]), (&json!(0), &json!(0)), "{summary}");
            assert_eq!(left(), 0);
            assert_eq!(world.audit("user.deleted").len(), 1);
            world.travel(60 * DAY + 60);
            assert_eq!(world.notify().await["due"], 0);
        });
    }
}

#[test]
fn a_run_that_cannot_finish_a_deletion_leaves_it_to_the_next() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("machine").await;
        organization.key(&machine, 90).await;
        let fault = || Fault::on(Service::DynamoDb, Effect::KillBefore).operation("DeleteItem");
        world.stack.faults().add(fault());
        organization.owner.delete(&organization.user_path(&machine)).await;
        world.travel(120);
        assert!(world.try_notify().await.is_err());
        world.stack.faults().clear();
        world.notify().await;
        assert!(world.items().iter().all(|item| item["PK"] != format!("USER#{machine}")));
    });
}
