//! Messages to all owners of an organization.

use std::collections::BTreeMap;

use kit::{Effect, Fault, Item, Organization, Service, When, World, run};
use local::Quota;
use serde_json::{Value, json};

use super::{at_transaction, recipients, transaction, two_runs};
use crate::{matrix::state, tokens::token};

/// More owners than one transaction can notify.
const OWNERS: usize = 61;

/// Makes an organization with that many owners: copies of its first one.
async fn organization_of_many(world: &World, owner: &str) -> Organization {
    let organization = world.organization(owner, "flexible").await;
    copy_owner(world, &organization).await;
    organization
}

/// Gives an organization so many owners: copies of its first one.
async fn copy_owner(world: &World, organization: &Organization) {
    let me = organization.owner.get(&organization.user_path("me")).await.expect(200);
    let user_id = me["user_id"].as_str().unwrap();
    world.copy_user(user_id, OWNERS - 1);
    let ids: Vec<_> = world.items_of("USER").into_iter().map(|user| user["user_id"].clone()).collect();
    let ids: Vec<_> = ids.into_iter().filter(|id| id.as_str().unwrap()[..4] == user_id[..4]).collect();
    assert_eq!(ids.len(), OWNERS);
    let key = format!("ORG#{}", organization.id);
    world.set((&key, "ORG"), "owner_ids", &json!({"SS": ids}));
}

async fn report(world: &World, key: &Value) {
    world.anonymous().post("/v1/leaked-keys", json!({"tokens": [token(key)]})).await.expect(202);
}

/// Counts the messages of a leak for each user, among the items whose sort keys start so.
fn told(world: &World, sort_key: &str, key: &Value) -> BTreeMap<String, usize> {
    let of_key = |item: &Item| item["event"] == "leak_reported" && item["key_id"] == key["key_id"];
    let mut counts = BTreeMap::new();
    for item in world.items_of(sort_key).into_iter().filter(of_key) {
        *counts.entry(item["PK"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn sixty_one_owners_are_each_notified_of_a_leak_once() {
    run(async |world| {
        world.stack.set_quota(Quota { max_send_rate: 10_000.0, ..Quota::default() });
        let organization = organization_of_many(world, "alice").await;
        let key = organization.machine_key().await;
        report(world, &key).await;
        assert_eq!(told(world, "OUTBOX#", &key).len(), 1, "one item addresses all owners");
        assert_eq!(told(world, "INBOX#", &key).len(), 0);
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["left_over"]), (&json!(OWNERS), &json!(0)), "{summary}");
        let inboxes = told(world, "INBOX#", &key);
        assert_eq!((inboxes.len(), inboxes.values().max()), (OWNERS, Some(&1)));
        assert_eq!(world.stack.emails().len(), OWNERS);
        assert!(world.items_of("OUTBOX#").is_empty());
        assert_eq!(world.notify().await["due"], 0);
    });
}

#[test]
fn a_message_of_an_owners_own_key_is_not_delivered_to_that_owner_among_the_others() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let own = json!({"name": "own", "expires_in_days": 30});
        let key = world.person("bob").post(&organization.keys_of("me"), own).await.expect(201);
        report(world, &key).await;
        // Bob was mailed and has deleted the message before the others hear of it.
        for item in ["INBOX#", "OUTBOX#"].into_iter().flat_map(|kind| world.items_of(kind)) {
            if item["PK"] == format!("USER#{bob}") {
                world.remove(&item);
            }
        }
        world.notify().await;
        assert_eq!(told(world, "INBOX#", &key).into_values().collect::<Vec<_>>(), [1]);
        assert_eq!(recipients(world), ["alice@example.com"]);
    });
}

#[test]
fn a_run_that_dies_between_two_steps_of_a_delivery_tells_no_owner_twice_and_forgets_none() {
    run(async |world| {
        // No mail leaves, so that all messages that were delivered to outboxes are still there.
        world.stack.set_quota(Quota { max_24_hour_send: 0.0, ..Quota::default() });
        let organization = organization_of_many(world, "alice").await;
        for effect in [Effect::KillBefore, Effect::KillAfter, Effect::LoseReply] {
            for step in [1, 2] {
                let key = organization.machine_key().await;
                report(world, &key).await;
                let fault = Fault::on(Service::DynamoDb, effect.clone()).operation("TransactWriteItems");
                let fault = fault.function("notify-expiring-keys").when(When::Nth(step));
                world.stack.faults().add(fault);
                let survives = matches!(effect, Effect::LoseReply);
                assert_eq!(world.try_notify().await.is_ok(), survives, "{effect:?} {step}");
                assert_eq!(world.stack.faults().struck(), 1, "{effect:?} {step}");
                world.stack.faults().clear();
                world.notify().await;
                for sort_key in ["INBOX#", "OUTBOX#"] {
                    let told = told(world, sort_key, &key);
                    let case = format!("{sort_key} {effect:?} {step}");
                    assert_eq!((told.len(), told.values().max()), (OWNERS, Some(&1)), "{case}");
                }
            }
        }
    });
}

#[test]
fn of_two_runs_at_once_one_delivers_a_message_to_owners() {
    run(async |world| {
        let organization = organization_of_many(world, "alice").await;
        let key = organization.machine_key().await;
        report(world, &key).await;
        world.stack.set_quota(Quota { max_24_hour_send: 0.0, ..Quota::default() });
        // The first run has read the message and its owners; the second one delivers it meanwhile.
        let (first, second) = two_runs(world, 1).await;
        assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        world.notify().await;
        for sort_key in ["INBOX#", "OUTBOX#"] {
            let told = told(world, sort_key, &key);
            assert_eq!((told.len(), told.values().max()), (OWNERS, Some(&1)), "{sort_key}");
        }
    });
}

#[test]
fn owners_who_have_deleted_a_message_do_not_get_it_again_from_another_run() {
    // The owners that the first run reads, its transaction that is held, and whether the second run fails at its second
    // page.
    for (owners, step, ends_early) in
        [(1, 1, false), (1, 1, true), (OWNERS, 1, false), (OWNERS, 1, true), (OWNERS, 2, false)]
    {
        run(async |world| {
            world.stack.set_quota(Quota { max_send_rate: 10_000.0, ..Quota::default() });
            let organization = world.organization("alice", "flexible").await;
            if owners > 1 {
                copy_owner(world, &organization).await;
            }
            report(world, &organization.machine_key().await).await;
            let deliver = async {
                if owners == 1 && ends_early {
                    copy_owner(world, &organization).await;
                }
                if ends_early {
                    let refused = Effect::Error { status: 400, code: "ValidationException".to_owned() };
                    world.stack.faults().add(at_transaction(2, refused));
                }
                let summary = world.notify().await;
                // The owners delete it.
                world.items_of("INBOX#").iter().for_each(|message| world.remove(message));
                summary
            };
            let (first, second) = world.while_held(transaction(step), world.notify(), deliver).await;
            let case = format!("{owners} {step} {ends_early}: {first} {second}");
            assert_eq!((&first["sent"], &first["failed"]), (&json!(0), &json!(0)), "{case}");
            assert_eq!(second["failed"], i32::from(ends_early), "{case}");
            assert!(world.items_of("INBOX#").is_empty(), "{case}");
            world.notify().await;
            let all = if owners == 1 && !ends_early { 1 } else { OWNERS };
            assert_eq!((world.stack.emails().len(), world.items_of("OUTBOX#").len()), (all, 0), "{case}");
        });
    }
}

#[test]
fn a_message_that_two_owners_cannot_be_mailed_any_more_is_told_once_to_the_others() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let dave = organization.join_as(world, "dave", "owner").await;
        let key = organization.machine_key().await;
        let rotate = format!("{}/rotate", organization.key_path(&key));
        organization.owner.post(&rotate, json!({})).await.expect(200);
        world.key(token(&key)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        // It is in all inboxes, and no mail leaves before two of them have other addresses.
        world.stack.set_quota(Quota { max_24_hour_send: 0.0, ..Quota::default() });
        world.notify().await;
        organization.join_as(world, "carol", "owner").await;
        for (user_id, email) in [(&bob, "bob@example.org"), (&dave, "dave@example.org")] {
            organization
                .owner
                .patch(&organization.user_path(user_id), json!({"email": email}))
                .await
                .expect(200);
        }
        world.stack.set_quota(Quota::default());
        world.travel(60);
        // The copy of one of them is addressed to the others; that of the other one waits until they have it.
        assert_eq!(world.notify().await["skipped"], 1);
        for _ in 0..3 {
            world.notify().await;
        }
        assert_eq!(world.notify().await["due"], 0);
        let of_reuse = |item: &Item| item["event"] == "retired_secret_used";
        assert_eq!(world.items_of("INBOX#").into_iter().filter(of_reuse).count(), 4);
        let mails = world.stack.emails();
        let told = mails.iter().filter(|mail| mail.text.contains("retired secret")).flat_map(|mail| &mail.to);
        assert_eq!(told.collect::<Vec<_>>(), ["alice@example.com", "carol@example.com"]);
        assert!(world.items_of("OUTBOX#").is_empty());
    });
}

#[test]
fn owners_who_cannot_be_read_do_not_keep_a_message_from_the_others() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.invite_as("bob", "owner").await;
        let key = organization.machine_key().await;
        report(world, &key).await;
        world.put(&json!({"PK": {"S": format!("USER#{bob}")}, "SK": {"S": "USER"}}));
        world.notify().await;
        assert_eq!(told(world, "INBOX#", &key).len(), 1);

        let key = organization.machine_key().await;
        report(world, &key).await;
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("BatchGetItem");
        world.stack.faults().add(fault.function("notify-expiring-keys"));
        let before = state(world);
        assert_eq!(world.notify().await["failed"], 1);
        assert_eq!(state(world), before, "the message waits");
        world.stack.faults().clear();
        world.notify().await;
        assert_eq!(told(world, "INBOX#", &key).len(), 1);
    });
}

#[test]
fn a_message_to_the_owners_of_an_organization_that_is_gone_is_removed() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        report(world, &organization.machine_key().await).await;
        world.remove(&world.item(&format!("ORG#{}", organization.id), "ORG").unwrap());
        world.notify().await;
        assert!(world.items_of("OUTBOX#").is_empty());
    });
}
