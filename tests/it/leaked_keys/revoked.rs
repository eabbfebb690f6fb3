//! Which keys a report revokes, and who is notified.

use kit::{DAY, key_of, run};
use serde_json::{Value, json};

use super::{leaks_told_to, report, rotate, send, status, to_be_mailed};
use crate::{
    introspect::{alike, worthless},
    matrix::state,
    notices::recipients,
    tokens::{token, with_another_secret},
};

#[test]
fn a_reported_key_is_refused_from_the_next_request_on_and_people_are_notified() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.join_as(world, "bob", "owner").await;
        let carol = organization.invite("carol").await;
        organization.invite("dave").await;
        let body = json!({"name": "laptop", "expires_in_days": 30});
        let key = world.person("carol").post(&organization.keys_of("me"), body).await.expect(201);
        let client = world.key(token(&key));
        client.get("/v1/whoami").await.expect(200);

        let body =
            json!({"tokens": [token(&key)], "source": "Scanner GmbH", "note": "in a paste at x.example"});
        assert_eq!(send(world, body.clone()).await.expect(202), json!({"status": "accepted"}));
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        let shown = organization.owner.get(&organization.key_path(&key)).await.expect(200);
        assert_eq!((&shown["status"], &shown["version"]), (&json!("revoked"), &json!(2)));
        let user =
            &world.items_of("USER").into_iter().find(|user| user["user_id"] == carol.as_str()).unwrap();
        assert_eq!(user["live_keys"], json!({}), "its place in the quota is free");

        let events = world.audit("access_key.revoked");
        assert_eq!(events.len(), 1);
        let actor = json!({"type": "system", "id": "leak-report", "name": "\"Scanner GmbH\" (not verified)"});
        assert_eq!(events[0]["actor"], actor);
        assert_eq!(events[0]["target"], json!({"type": "access_key", "id": key["key_id"]}));
        let changes = json!({"status": "revoked", "source": "\"Scanner GmbH\" (not verified)", "note": "\"in a paste at x.example\" (not verified)"});
        assert_eq!(events[0]["changes"], changes);

        let mut expected = [format!("ORG#{}#OUTBOX", organization.id), format!("USER#{carol}")];
        expected.sort();
        let mut mailed: Vec<_> =
            to_be_mailed(world).iter().map(|item| item["PK"].as_str().unwrap().to_owned()).collect();
        mailed.sort();
        assert_eq!(mailed, expected);
        let before = state(world);
        send(world, body).await.expect(202);
        assert_eq!(state(world), before, "a report of a key that was revoked changes nothing");
        world.notify().await;
        assert_eq!(recipients(world), ["alice@example.com", "bob@example.com", "carol@example.com"]);
        for person in ["alice", "bob", "carol"] {
            let messages = leaks_told_to(&world.person(person), &organization).await;
            assert_eq!(messages.len(), 1, "{person}");
            let (title, text) =
                (messages[0]["title"].as_str().unwrap(), messages[0]["text"].as_str().unwrap());
            assert_eq!(title, "The access key \"laptop\" of \"carol\" was reported as leaked, and revoked");
            for part in [
                key["masked_key"].as_str().unwrap(),
                "\"Scanner GmbH\" (not verified)",
                "\"in a paste at x.example\" (not verified)",
                events[0]["source_ip"].as_str().unwrap(),
                "make a new key",
            ] {
                assert!(text.contains(part), "{person}: no {part} in {text}");
            }
            assert_eq!(messages[0]["key_id"], key["key_id"]);
        }
        assert_eq!(leaks_told_to(&world.person("dave"), &organization).await, [] as [Value; 0]);
    });
}

#[test]
fn every_report_gets_the_same_answer_whatever_it_revokes() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (key, bystander) = (organization.machine_key().await, organization.machine_key().await);
        let worthless = worthless(world, &organization, &key).await;
        let before = state(world);
        let first = send(world, json!({"tokens": [worthless[0]]})).await;
        for token in &worthless {
            // Blanks around a token are no part of it.
            if token.trim() == token {
                let answer = send(world, json!({"tokens": [token]})).await;
                assert_eq!(alike(&answer), alike(&first));
            }
        }
        assert_eq!(state(world), before, "what is not right changes nothing");
        let right = send(world, json!({"tokens": [token(&key)]})).await;
        assert_eq!(alike(&right), alike(&first));
        assert_eq!(right.expect(202), json!({"status": "accepted"}));
        assert_eq!(status(&organization, &key).await, "revoked");
        assert_eq!(status(&organization, &bystander).await, "active");
    });
}

#[test]
fn a_key_that_could_be_lifted_later_is_revoked_too() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (inactive, expired) = (organization.machine_key().await, organization.machine_key().await);
        let path = organization.key_path(&inactive);
        organization.owner.patch(&path, json!({"active": false})).await.expect(200);
        world.travel(91 * DAY);
        report(world, &[token(&expired)]).await;
        world.travel(0);
        report(world, &[&format!(" {}\n", token(&inactive))]).await;
        for key in [&inactive, &expired] {
            assert_eq!(status(&organization, key).await, "revoked");
        }
        let events = world.audit("access_key.revoked");
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["actor"]["name"], "leak report");
        assert_eq!(events[0]["changes"], json!({"status": "revoked", "source": null, "note": null}));
    });
}

#[test]
fn each_owner_is_notified_of_a_leak_once_whatever_their_preferences() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let off = json!({"notifications": {"key_changed": {"email": false, "inbox": false}}});
        organization.owner.patch(&organization.user_path("me"), off).await.expect(200);
        let key = organization.machine_key().await;
        report(world, &[token(&key)]).await;
        world.notify().await;
        assert_eq!(recipients(world).len(), 1);
        assert_eq!(leaks_told_to(&organization.owner, &organization).await.len(), 1);

        let body = json!({"name": "own", "expires_in_days": 30});
        let own = organization.owner.post(&organization.keys_of("me"), body).await.expect(201);
        report(world, &[token(&own)]).await;
        world.notify().await;
        assert_eq!(recipients(world).len(), 2, "an owner is told of their own key once");
        assert_eq!(leaks_told_to(&organization.owner, &organization).await.len(), 2);
    });
}

#[test]
fn a_previous_secret_revokes_while_it_works() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let first = organization.machine_key().await;
        let second = rotate(&organization, &first, 600).await;
        world.travel(601);
        report(world, &[token(&first)]).await;
        world.travel(0);
        world.key(token(&second)).get("/v1/whoami").await.expect(200);
        report(world, &[token(&first)]).await;
        world.key(token(&second)).get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn a_retired_secret_revokes_nothing_and_is_told_to_user_and_owners_once_an_hour() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let body = json!({"name": "laptop", "expires_in_days": 30});
        let carol = world.person("carol");
        let key = carol.post(&organization.keys_of("me"), body).await.expect(201);
        // The thief rotates the stolen key, and the user reports the secret that they still have.
        let path = format!("{}/rotate", organization.key_path(&key));
        let stolen = carol.post(&path, json!({"overlap_seconds": 0})).await.expect(200);
        let body = json!({"tokens": [token(&key)], "source": "GitHub secret scanning"});
        send(world, body.clone()).await.expect(202);
        world.key(token(&stolen)).get("/v1/whoami").await.expect(200);
        let events = world.audit("access_key.retired_secret_reported");
        assert_eq!(events.len(), 1);
        let source = "\"GitHub secret scanning\" (not verified)";
        assert_eq!(events[0]["actor"], json!({"type": "system", "id": "leak-report", "name": source}));
        assert_eq!(events[0]["target"], json!({"type": "access_key", "id": key["key_id"]}));
        assert_eq!(events[0]["changes"], json!({"source": source, "note": null}));

        let before = state(world);
        world.travel(3_000);
        send(world, body.clone()).await.expect(202);
        assert_eq!(state(world), before, "a second report within the hour changes nothing");
        world.travel(0);
        world.notify().await;
        for person in ["alice", "carol"] {
            let told = leaks_told_to(&world.person(person), &organization).await;
            assert_eq!(told.len(), 1, "{person}");
            let title = "A retired secret of the access key \"laptop\" of \"carol\" was reported as leaked";
            assert_eq!(told[0]["title"], title);
            assert!(told[0]["text"].as_str().unwrap().contains(source));
            let mails = world.stack.emails();
            let address = format!("{person}@example.com");
            let mailed = mails.iter().filter(|mail| mail.to.contains(&address) && mail.text.contains(title));
            assert_eq!(mailed.count(), 1, "{person}");
        }
        world.travel(3_601);
        send(world, body).await.expect(202);
        assert_eq!(world.audit("access_key.retired_secret_reported").len(), 2);
        assert_eq!(status(&organization, &key).await, "active");
    });
}

#[test]
fn owners_are_notified_of_a_retired_secret_again_after_an_hour_to_the_second() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        rotate(&organization, &key, 0).await;
        let body = json!({"tokens": [token(&key)]});
        send(world, body.clone()).await.expect(202);
        for (age, told) in [(3_599, 0), (3_600, 1)] {
            let reported = || world.audit("access_key.retired_secret_reported").len();
            let more = world
                .in_one_second(async |second| {
                    let before = reported();
                    let at = json!({"N": (second - age).to_string()});
                    world.set(key_of(&world.items_of("KEY#")[0]), "report_told_at", &at);
                    send(world, body.clone()).await.expect(202);
                    reported() - before
                })
                .await;
            assert_eq!(more, told, "{age}");
        }
    });
}

#[test]
fn every_token_of_a_report_is_checked() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "flexible").await, world.organization("bob", "strict").await);
        let (one, two) = (first.machine_key().await, second.machine_key().await);
        let wrong = with_another_secret(&one);
        report(world, &[&wrong, "?", token(&two), token(&one), &wrong, token(&one)]).await;
        assert_eq!(status(&first, &one).await, "revoked");
        assert_eq!(status(&second, &two).await, "revoked");
        assert_eq!(world.audit("access_key.revoked").len(), 2);
        world.notify().await;
        assert_eq!(leaks_told_to(&first.owner, &first).await.len(), 1);
        assert_eq!(leaks_told_to(&second.owner, &second).await.len(), 1);
    });
}
