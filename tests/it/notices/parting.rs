//! What people hear of changes of their accounts, at the proven address that they had.

use kit::{DAY, Effect, Fault, Item, Organization, Service, When, World, run};
use serde_json::{Value, json};
use ulid::Ulid;

use super::recipients;
use crate::tokens::token;

pub(super) async fn change(organization: &Organization, user_id: &str, body: Value) {
    organization.owner.patch(&organization.user_path(user_id), body).await.expect(200);
}

fn titles_of_mails(world: &World) -> Vec<(String, String)> {
    world.stack.emails().into_iter().map(|mail| (mail.to.concat(), mail.subject)).collect()
}

#[test]
fn people_hear_of_changes_of_their_accounts_at_the_address_that_was() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for (name, body, verb) in [
            ("bob", json!({"email": "eve@example.org"}), "changed"),
            ("cem", json!({"kind": "owner"}), "changed"),
            ("dan", json!({"status": "suspended"}), "suspended"),
            ("erin", Value::Null, "deleted"),
        ] {
            let user_id = organization.join_as(world, name, "normal").await;
            let action = if body == Value::Null { "user.deleted" } else { "user.updated" };
            let events = world.audit(action).len();
            if body == Value::Null {
                organization.owner.delete(&organization.user_path(&user_id)).await.expect(204);
            } else {
                change(&organization, &user_id, body).await;
            }
            assert_eq!(world.audit(action).len(), events + 1, "{name}");
            let waiting = world.items_of("PARTING#");
            assert_eq!((waiting.len(), &waiting[0]["PK"]), (1, &json!(format!("ORG#{}", organization.id))));
            assert_eq!(waiting[0]["address"], format!("{name}@example.com"));
            world.anonymous().delete("/_local/emails").await.expect(204);
            let summary = world.notify().await;
            assert_eq!((&summary["due"], &summary["sent"]), (&json!(1), &json!(1)), "{name}: {summary}");
            let title = format!("\"alice\" {verb} your account in \"alice's\"");
            assert_eq!(titles_of_mails(world), [(format!("{name}@example.com"), title)]);
            assert!(world.items_of("PARTING#").is_empty() && world.items_of("OUTBOX#").is_empty());
            assert_eq!(world.notify().await["due"], 0);
        }
    });
}

#[test]
fn nobody_hears_of_what_they_did_themselves_or_at_an_address_that_they_never_proved() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "owner").await;
        let (carol, machine) = (organization.invite("carol").await, organization.machine("ci").await);
        world.person("bob").patch(&organization.user_path("me"), json!({"kind": "normal"})).await.expect(200);
        change(&organization, &carol, json!({"status": "suspended", "email": "dave@example.com"})).await;
        change(&organization, &machine, json!({"status": "suspended"})).await;
        change(&organization, &bob, json!({"name": "Bob", "email": "BOB@example.com"})).await;
        organization.owner.delete(&organization.user_path(&carol)).await.expect(204);
        assert!(world.items_of("PARTING#").is_empty());
    });
}

#[test]
fn an_active_person_hears_of_all_changes_in_one_mail() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read"]).await;
        let bob = organization.join_as(world, "bob", "normal").await;
        change(&organization, &bob, json!({"kind": "owner", "roles": ["reader"]})).await;
        let summary = world.notify().await;
        assert_eq!((&summary["due"], &summary["sent"]), (&json!(2), &json!(1)), "{summary}");
        let mails = titles_of_mails(world);
        let subject = "\"alice\" changed your account in \"alice's\", and 1 more".to_owned();
        assert_eq!(mails, [("bob@example.com".to_owned(), subject)]);
    });
}

#[test]
fn changes_to_and_fro_are_one_mail_to_each_address() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "normal").await;
        for _ in 0..3 {
            change(&organization, &bob, json!({"status": "suspended"})).await;
            change(&organization, &bob, json!({"status": "active"})).await;
        }
        change(&organization, &bob, json!({"status": "suspended"})).await;
        assert_eq!(world.notify().await["sent"], 1);
        let mails = world.stack.emails();
        assert_eq!(mails[0].text.matches("your account in \"alice's\"").count(), 7);
        assert!(world.items_of("PARTING#").is_empty());
    });
}

#[test]
fn a_mail_to_a_former_address_holds_ninety_nine_messages_and_the_next_run_sends_the_rest() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "normal").await;
        change(&organization, &bob, json!({"status": "suspended"})).await;
        let waiting = world.items_of("PARTING#").remove(0);
        for _ in 0..100 {
            let id = Ulid::generate().to_string();
            world.put(&json!({
                "PK": {"S": waiting["PK"]}, "SK": {"S": format!("PARTING#{id}")}, "message_id": {"S": id},
                "at": {"N": waiting["at"].to_string()}, "event": {"S": waiting["event"]},
                "title": {"S": "Something happened"}, "text": {"S": "Somebody did it."}, "state": {"S": "unread"},
                "organization_id": {"S": organization.id}, "user_id": {"S": bob}, "name": {"S": "bob"},
                "address": {"S": waiting["address"]}, "due_shard": {"S": "0"}, "due_at": {"N": waiting["due_at"].to_string()},
            }));
        }
        let summary = world.notify().await;
        assert_eq!((&summary["sent"], &summary["beyond_share"]), (&json!(1), &json!(2)), "{summary}");
        assert_eq!(world.items_of("PARTING#").len(), 2);
        assert_eq!(world.notify().await["sent"], 1);
        assert!(world.items_of("PARTING#").is_empty());
    });
}

#[test]
fn a_run_that_dies_loses_no_message_to_a_former_address_and_doubles_it_once_at_most() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for effect in [Effect::KillBefore, Effect::KillAfter] {
            for (service, operation, step) in [
                (Service::DynamoDb, "TransactWriteItems", 1),
                (Service::Ses, "SendRawEmail", 1),
                (Service::DynamoDb, "TransactWriteItems", 2),
            ] {
                let case = format!("{effect:?} {operation} {step}");
                let name = case.to_lowercase().replace(' ', "-");
                let user_id = organization.join_as(world, &name, "normal").await;
                change(&organization, &user_id, json!({"status": "suspended"})).await;
                world.travel(60);
                let fault = Fault::on(service, effect.clone()).operation(operation);
                world.stack.faults().add(fault.function("notify-expiring-keys").when(When::Nth(step)));
                assert!(world.try_notify().await.is_err(), "{case}");
                world.stack.faults().clear();
                world.end_leases();
                world.travel(3_600);
                world.notify().await;
                let address = format!("{name}@example.com");
                let mails = recipients(world).iter().filter(|to| **to == address).count();
                assert!(mails == 1 || mails == 2, "{case}: {mails}");
                assert!(world.items_of("PARTING#").is_empty(), "{case}");
                world.travel(0);
            }
        }
    });
}

#[test]
fn the_people_of_a_deleted_organization_hear_of_it_and_of_changes_before() {
    // The deletion ends at the first or second of its steps that tell somebody, or it does not.
    for step in [None, Some(2), Some(3)] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            for name in ["bob", "cem", "dan", "erin"] {
                let user_id = organization.join_as(world, name, "normal").await;
                match name {
                    "dan" => change(&organization, &user_id, json!({"status": "suspended"})).await,
                    "erin" => {
                        organization.owner.delete(&organization.user_path(&user_id)).await.expect(204);
                    }
                    _ => {}
                }
            }
            organization.invite("frank").await;
            organization.machine_key().await;
            let suspended = json!({"status": "suspended"});
            organization.owner.patch(&organization.path, suspended).await.expect(200);
            world.travel(7 * DAY + 60);
            if let Some(step) = step {
                let fault = Fault::on(Service::DynamoDb, Effect::KillAfter).operation("TransactWriteItems");
                world.stack.faults().add(fault.function("manage-organization").when(When::Nth(step)));
            }
            let status = world.person("alice").delete(&organization.path).await.status;
            assert_eq!(
                (status, world.stack.faults().struck()),
                if step.is_none() { (204, 0) } else { (500, 1) }
            );
            world.stack.faults().clear();
            for minutes in [2, 7, 12] {
                world.travel(7 * DAY + 60 + minutes * 60);
                assert_eq!(world.notify().await["failed"], 0);
            }
            let gone = r#""alice" deleted the organization "alice's""#;
            let expected: [(&str, &[&str]); 4] = [
                ("bob", &[gone]),
                ("cem", &[gone]),
                ("dan", &[r#""alice" suspended your account in "alice's""#, gone]),
                ("erin", &[r#""alice" deleted your account in "alice's""#]),
            ];
            let mails = world.stack.emails();
            assert!(mails.iter().all(|mail| expected.iter().any(|(name, _)| mail.to[0].starts_with(name))));
            for (name, sentences) in expected {
                let to_them = mails.iter().filter(|mail| mail.to[0].starts_with(name));
                let text: String = to_them.map(|mail| mail.text.as_str()).collect();
                for sentence in sentences {
                    assert_eq!(text.matches(sentence).count(), 1, "{step:?} {name}: {text}");
                }
                assert_eq!(text.matches("* \"alice\" ").count(), sentences.len(), "{step:?} {name}: {text}");
            }
            let left = |item: &Item| item.values().any(|value| value.to_string().contains(&organization.id));
            let left = world.items().into_iter().filter(left).map(|item| item["PK"].clone());
            assert!(left.into_iter().all(|partition| partition.to_string().contains("#AUDIT")), "{step:?}");
        });
    }
}

#[test]
fn a_waiting_message_to_a_former_address_fails_no_decision() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let bob = organization.join_as(world, "bob", "normal").await;
        change(&organization, &bob, json!({"status": "suspended"})).await;
        assert_eq!(world.items_of("PARTING#").len(), 1);
        world.forget_organizations().await;
        world.key(token(&key)).get("/v1/whoami").await.expect(200);
    });
}
