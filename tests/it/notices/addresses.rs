//! The addresses to which mail goes: proven ones, and those of machines in `MailDomains`.

use kit::{Client, DAY, Effect, Fault, Item, Options, Organization, Service, When, World, run, run_with};
use serde_json::{Value, json};

use super::{outbox::put_waiting, recipients, titles};
use crate::tokens::token;

/// Signs a person in with another address than `<name>@example.com`.
fn signed_in_as(world: &World, name: &str, email: &str) -> Client {
    let token = world.stack.issuer().token(name, email, name);
    world.anonymous().with_header("authorization", &format!("Bearer {token}"))
}

/// Makes a machine with an address and a key of 90 days, and returns the key.
async fn machine_key(organization: &Organization, email: &str) -> Value {
    let body = json!({"kind": "machine", "name": "ci", "email": email});
    let made = organization.owner.post(&format!("{}/users", organization.path), body).await.expect(201);
    organization.key(made["user_id"].as_str().unwrap(), 90).await
}

fn proven_email(world: &World, user_id: &str) -> Value {
    world.item(&format!("USER#{user_id}"), "USER").unwrap().get("proven_email").cloned().unwrap_or_default()
}

#[test]
fn an_invited_address_that_never_signed_in_gets_no_mail() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read"]).await;
        let (bob, carol) = (organization.invite_as("bob", "owner").await, organization.invite("carol").await);
        let me = organization.owner.get(&organization.user_path("me")).await.expect(200);
        assert_eq!(proven_email(world, me["user_id"].as_str().unwrap()), "alice@example.com");
        let key = organization.machine_key().await;
        let change = async |roles: Value| {
            let path = organization.user_path(&carol);
            organization.owner.patch(&path, json!({"roles": roles})).await.expect(200);
        };
        change(json!(["reader"])).await;
        world.anonymous().post("/v1/leaked-keys", json!({"tokens": [token(&key)]})).await.expect(202);
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com"]);
        assert_eq!(
            (titles(world, &bob).len(), titles(world, &carol).len()),
            (1, 1),
            "inboxes need no address"
        );

        world.person("carol").get(&organization.user_path("me")).await.expect(200);
        assert_eq!(proven_email(world, &carol), "carol@example.com");
        change(json!([])).await;
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com", "carol@example.com"]);
    });
}

#[test]
fn a_changed_address_gets_no_mail_until_a_sign_in_with_it() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        let body = json!({"name": "own", "expires_in_days": 90});
        world.person("carol").post(&organization.keys_of("me"), body).await.expect(201);
        let path = organization.user_path(&carol);
        organization.owner.patch(&path, json!({"email": "victim@example.org"})).await.expect(200);
        assert_eq!(proven_email(world, &carol), Value::Null);
        world.notify().await;
        assert_eq!(recipients(world), ["carol@example.com"], "she hears of the change");
        world.anonymous().delete("/_local/emails").await.expect(204);
        world.travel(60 * DAY + 60);
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com"], "the owners hear instead");
        assert_eq!(titles(world, &carol).len(), 1);

        world.travel(0);
        // Her old address is verified, but no longer hers here.
        world.person("carol").get(&organization.user_path("me")).await.expect(200);
        assert_eq!(proven_email(world, &carol), Value::Null);
        let issuer = world.stack.issuer();
        let mut claims = issuer.claims("carol", "victim@example.org", "carol");
        claims["email_verified"] = json!(false);
        let bearer = format!("Bearer {}", issuer.sign(&issuer.header(), &claims));
        let unverified = world.anonymous().with_header("authorization", &bearer);
        unverified.get(&organization.user_path("me")).await.expect(200);
        assert_eq!(proven_email(world, &carol), Value::Null);
        let with_new = signed_in_as(world, "carol", "Victim@example.org");
        let before = with_new.get(&organization.user_path("me")).await.expect(200);
        assert_eq!(proven_email(world, &carol), "victim@example.org");
        world.stack.calls().clear();
        let after = with_new.get(&organization.user_path("me")).await.expect(200);
        assert_eq!(before["version"], after["version"]);
        let calls = world.stack.calls().by_function("authorize-request");
        assert!(calls.iter().all(|call| call.operation != "UpdateItem"), "it is recorded once");
        world.travel(83 * DAY + 60);
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com", "victim@example.org"]);
        world.travel(0);

        for email in ["carol@example.com", "victim@example.org"] {
            organization.owner.patch(&path, json!({"email": email})).await.expect(200);
            assert_eq!(proven_email(world, &carol), Value::Null, "{email}");
        }
    });
}

#[test]
fn a_proof_that_cannot_be_stored_is_stored_by_the_next_sign_in() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        let path = organization.user_path(&carol);
        organization.owner.patch(&path, json!({"email": "carol@example.org"})).await.expect(200);
        let with_new = signed_in_as(world, "carol", "carol@example.org");
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("UpdateItem");
        world.stack.faults().add(fault.function("authorize-request"));
        with_new.get(&organization.user_path("me")).await.expect(200);
        assert!(world.stack.faults().struck() > 0);
        assert_eq!(proven_email(world, &carol), Value::Null);
        world.stack.faults().clear();
        with_new.get(&organization.user_path("me")).await.expect(200);
        assert_eq!(proven_email(world, &carol), "carol@example.org");
    });
}

#[test]
fn owners_hear_in_place_of_a_machine_whose_address_nobody_proved() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let policy = json!({"policy": {"notices": {"tell": {"owners_for_machines": false}}}});
        organization.owner.patch(&organization.path, policy).await.expect(200);
        let key = machine_key(&organization, "victim@example.org").await;
        let rotate = format!("{}/rotate", organization.key_path(&key));
        organization.owner.post(&rotate, Value::Null).await.expect(200);
        world.key(token(&key)).get("/v1/whoami").await.expect_forbidden_by_gateway();
        for _ in 0..2 {
            world.notify().await;
        }
        let subjects =
            |world: &World| world.stack.emails().into_iter().map(|mail| mail.subject).collect::<Vec<_>>();
        assert_eq!(subjects(world), ["A retired secret of the access key \"key\" of \"ci\" was used"]);
        world.travel(60 * DAY + 120);
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com", "alice@example.com"]);
        assert!(world.items_of("OUTBOX#").is_empty());
    });
}

#[test]
fn owners_hear_once_of_a_leak_of_a_machine_whose_address_nobody_proved() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = machine_key(&organization, "victim@example.org").await;
        let report = json!({"tokens": [token(&key)]});
        world.anonymous().post("/v1/leaked-keys", report).await.expect(202);
        for _ in 0..3 {
            world.notify().await;
            assert!(world.items_of("OUTBOX#").is_empty());
        }
        assert_eq!(recipients(world), ["alice@example.com"]);
        let told = world.items_of("INBOX#");
        assert_eq!(told.iter().filter(|item| item["event"] == "leak_reported").count(), 1);
    });
}

#[test]
fn a_machine_is_mailed_at_the_proven_address_of_a_person_of_its_organization() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let policy = json!({"policy": {"notices": {"tell": {"owners_for_machines": false}}}});
        organization.owner.patch(&organization.path, policy).await.expect(200);
        organization.join_as(world, "carol", "normal").await;
        organization.invite("dave").await;
        world.organization("erin", "strict").await;
        // Dave never signed in here, and Erin belongs to another organization.
        for (address, told) in [
            ("Carol@example.com", "Carol@example.com"),
            ("dave@example.com", "alice@example.com"),
            ("erin@example.com", "alice@example.com"),
        ] {
            machine_key(&organization, address).await;
            world.travel(60 * DAY + 60);
            world.anonymous().delete("/_local/emails").await.expect(204);
            world.notify().await;
            assert_eq!(recipients(world), [told], "{address}");
            world.travel(0);
        }
    });
}

/// Fails all four attempts at a run's third read: that of the claim on a machine's address.
fn fail_third_read(world: &World) {
    for nth in 3..7 {
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("BatchGetItem");
        world.stack.faults().add(fault.function("notify-expiring-keys").when(When::Nth(nth)));
    }
}

#[test]
fn a_machine_whose_address_could_not_be_compared_with_those_of_people_is_compared_again() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let policy = json!({"policy": {"notices": {"tell": {"owners_for_machines": false}}}});
        organization.owner.patch(&organization.path, policy).await.expect(200);
        organization.join_as(world, "carol", "normal").await;
        machine_key(&organization, "carol@example.com").await;
        let own = json!({"name": "own", "expires_in_days": 90});
        organization.owner.post(&organization.keys_of("me"), own).await.expect(201);
        world.travel(60 * DAY + 60);
        // The reads before are those of the keys and of the organization.
        fail_third_read(world);
        world.notify().await;
        assert_eq!(world.stack.faults().struck(), 4);
        assert_eq!(recipients(world), ["alice@example.com", "carol@example.com"]);
    });
}

#[test]
fn a_message_to_a_machine_whose_address_cannot_be_compared_waits_and_those_to_people_do_not() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        put_waiting(world, &organization, &carol, 1);
        // The machine has a message too: it has a new key.
        machine_key(&organization, "carol@example.com").await;
        // The reads before are those of the messages and of the users.
        fail_third_read(world);
        let summary = world.notify().await;
        assert_eq!(world.stack.faults().struck(), 4);
        assert_eq!((&summary["sent"], &summary["failed"]), (&json!(1), &json!(1)), "{summary}");
        assert_eq!(recipients(world), ["carol@example.com"]);
        let [waiting] = &world.items_of("OUTBOX#")[..] else { panic!("one message waits") };
        assert_ne!(waiting["user_id"], json!(carol));
        world.stack.faults().clear();
        world.notify().await;
        assert!(world.items_of("OUTBOX#").is_empty());
        assert_eq!(recipients(world).len(), 2);
    });
}

#[test]
fn a_machine_is_mailed_at_any_address_of_the_mail_domains() {
    let parameters = [("MailDomains".to_owned(), "example.com,bücher.example".to_owned())].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let policy = json!({"policy": {"notices": {"tell": {"owners_for_machines": false}}}});
        organization.owner.patch(&organization.path, policy).await.expect(200);
        machine_key(&organization, "robots@Example.com").await;
        machine_key(&organization, "robots@sub.example.com").await;
        machine_key(&organization, "ci@Bücher.example").await;
        machine_key(&organization, "ci-2@xn--bcher-kva.example").await;
        world.travel(60 * DAY + 60);
        world.notify().await;
        let mailed = [
            "alice@example.com",
            "ci-2@xn--bcher-kva.example",
            "ci@xn--bcher-kva.example",
            "robots@Example.com",
        ];
        assert_eq!(recipients(world), mailed);
    });
}

#[test]
fn a_mail_whose_address_was_changed_before_it_left_is_given_up_and_the_owners_are_notified() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.join_as(world, "carol", "normal").await;
        let body = json!({"name": "own", "expires_in_days": 90});
        world.person("carol").post(&organization.keys_of("me"), body).await.expect(201);
        world.travel(60 * DAY + 60);
        world.stack.faults().add(Fault::on(Service::Ses, Effect::ServerError).operation("SendRawEmail"));
        world.notify().await;
        world.stack.faults().clear();
        world.travel(0);
        let path = organization.user_path(&carol);
        organization.owner.patch(&path, json!({"email": "victim@example.org"})).await.expect(200);
        world.end_leases();
        for hours in 1..3 {
            world.travel(60 * DAY + hours * 3_600);
            world.notify().await;
        }
        assert!(!recipients(world).contains(&"victim@example.org".to_owned()));
        world.travel(0);
        let me = organization.owner.get(&organization.user_path("me")).await.expect(200);
        assert_eq!(
            titles(world, me["user_id"].as_str().unwrap()),
            ["Mails to \"carol\" cannot be delivered"]
        );
        let dead = |mail: &Item| mail["status"] == "dead" && mail["user_id"] == carol.as_str();
        assert_eq!(world.items_of("MAIL#").iter().filter(|mail| dead(mail)).count(), 1);
    });
}
