//! Each kind of change by somebody else reaches the user that it concerns, by each channel that the user has.

use kit::{Organization, World, mail_domains, run_with};
use serde_json::{Value, json};

use super::titles;

/// Lists the titles of the messages to a user that wait to be mailed, sorted.
fn to_be_mailed(world: &World, user_id: &str) -> Vec<String> {
    let waiting = world.items_of("OUTBOX#").into_iter().filter(|message| message["user_id"] == user_id);
    sorted(waiting.map(|message| message["title"].as_str().unwrap().to_owned()))
}

fn sorted(titles: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut titles: Vec<_> = titles.into_iter().collect();
    titles.sort();
    titles
}

/// Checks that the messages which wait to be mailed to a user are these, and that the next run mails them.
async fn check_told(world: &World, user_id: &str, address: &str, expected: &[&str]) {
    let expected = sorted(expected.iter().map(|verb| format!("\"alice\" {verb}")));
    assert_eq!(to_be_mailed(world, user_id), expected);
    world.notify().await;
    assert!(to_be_mailed(world, user_id).is_empty());
    let mails = world.stack.emails();
    let text: String =
        mails.iter().filter(|mail| mail.to == [address]).map(|mail| mail.text.as_str()).collect();
    for title in &expected {
        let of_title = expected.iter().filter(|other| other.contains(title.as_str())).count();
        assert_eq!(text.matches(title.as_str()).count(), of_title, "{title} in {text}");
    }
}

fn play(test: impl AsyncFnOnce(&World, &Organization)) {
    run_with(mail_domains(), async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("reader", &["clusters:read"]).await;
        let group = format!("{}/groups/team", organization.path);
        organization.owner.put(&group, json!({"roles": ["reader"]})).await.expect(200);
        test(world, &organization).await;
    });
}

#[test]
fn a_machine_hears_of_each_change_of_its_keys_and_access() {
    play(async |world, organization| {
        let owner = &organization.owner;
        let body = json!({"kind": "machine", "name": "ci", "email": "ci@example.com"});
        let made = owner.post(&format!("{}/users", organization.path), body).await.expect(201);
        let ci = made["user_id"].as_str().unwrap();
        let key = organization.key(ci, 30).await;
        let path = organization.key_path(&key);
        for body in [
            json!({"name": "named"}),
            json!({"description": "builds"}),
            json!({"expires_in_days": 60}),
            json!({"allowed_cidrs": ["127.0.0.0/8"]}),
            json!({"active": false}),
            json!({"active": true}),
            json!({"roles": ["reader"]}),
            json!({"groups": ["team"]}),
            json!({"name": "both", "roles": []}),
        ] {
            owner.patch(&path, body).await.expect(200);
        }
        owner.post(&format!("{path}/rotate"), json!({})).await.expect(200);
        owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        owner.delete(&path).await.expect(204);
        for body in [json!({"roles": ["reader"]}), json!({"groups": ["team"]})] {
            owner.patch(&organization.user_path(ci), body).await.expect(200);
        }
        let mut expected = vec!["created your access key \"key\""];
        expected.extend(["changed your access key \"named\""; 6]);
        expected.extend(["changed the roles or groups of your access key \"named\""; 2]);
        expected.extend([
            "changed your access key \"both\"",
            "changed the roles or groups of your access key \"both\"",
            "made a new secret for your access key \"both\"",
            "revoked your access key \"both\"",
            "deleted your access key \"both\"",
        ]);
        expected.extend(["changed your roles or groups"; 2]);
        check_told(world, ci, "ci@example.com", &expected).await;
        assert!(titles(world, ci).is_empty(), "a machine reads no inbox");
    });
}

#[test]
fn a_person_hears_of_each_change_of_their_keys_and_access() {
    play(async |world, organization| {
        let owner = &organization.owner;
        let carol = organization.invite("carol").await;
        let person = world.person("carol");
        let [switched, deleted] =
            ["switched", "deleted"].map(|name| json!({"name": name, "never_expires": true}));
        let switched = person.post(&organization.keys_of("me"), switched).await.expect(201);
        let deleted = person.post(&organization.keys_of("me"), deleted).await.expect(201);
        let path = organization.key_path(&switched);
        for active in [false, true] {
            owner.patch(&path, json!({"active": active})).await.expect(200);
        }
        owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        owner.delete(&organization.key_path(&deleted)).await.expect(204);
        for body in
            [json!({"roles": ["reader"]}), json!({"groups": ["team"]}), json!({"roles": [], "groups": []})]
        {
            owner.patch(&organization.user_path(&carol), body).await.expect(200);
        }
        let mut expected = vec!["changed your access key \"switched\""; 2];
        expected.extend(["revoked your access key \"switched\"", "deleted your access key \"deleted\""]);
        expected.extend(["changed your roles or groups"; 3]);
        let in_inbox = sorted(titles(world, &carol));
        assert_eq!(in_inbox, to_be_mailed(world, &carol));
        check_told(world, &carol, "carol@example.com", &expected).await;
        assert_eq!(sorted(titles(world, &carol)), in_inbox);
    });
}
