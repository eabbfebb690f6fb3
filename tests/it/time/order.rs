//! Within a second, lists are in order to the millisecond, and a request's own events in the order of its work.

use kit::{Client, run};
use serde_json::{Value, json};

/// Lists the action and target of each audit event, the oldest first.
async fn events(client: &Client, path: &str) -> Vec<(String, String)> {
    let page = client.get(&format!("{path}/audit-events?limit=100")).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let events = page["items"].as_array().unwrap().iter().rev();
    events.map(|event| (text(&event["action"]), text(&event["target"]["id"]))).collect()
}

#[test]
fn the_events_of_one_request_are_in_the_order_of_its_work() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let four = json!({"policy": {"quota": {"machine": 4}}});
        organization.owner.patch(&organization.path, four).await.expect(200);
        let before = events(&organization.owner, &organization.path).await.len();
        let keys: Vec<_> = (0..4).map(|n| json!({"name": format!("k{n}"), "expires_in_days": 1})).collect();
        let body = json!({"kind": "machine", "name": "ci", "access_keys": keys});
        let user = organization.owner.post(&format!("{}/users", organization.path), body).await.expect(201);
        let mut expected = vec![("user.created".to_owned(), user["user_id"].as_str().unwrap().to_owned())];
        for key in user["access_keys"].as_array().unwrap() {
            expected.push(("access_key.created".to_owned(), key["key_id"].as_str().unwrap().to_owned()));
        }
        assert_eq!(events(&organization.owner, &organization.path).await[before..], expected);
    });
}

#[test]
fn requests_within_a_second_are_listed_by_the_millisecond() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let bob = organization.join_as(world, "bob", "normal").await;
        let before = events(&organization.owner, &organization.path).await.len();
        let mut expected = Vec::new();
        for n in 0..8 {
            organization.role(&format!("r{n}"), &["a:read"]).await;
            expected.push(("role.created".to_owned(), format!("r{n}")));
        }
        assert_eq!(events(&organization.owner, &organization.path).await[before..], expected);

        for n in 0..8 {
            let body = json!({"roles": [format!("r{n}")]});
            organization.owner.patch(&organization.user_path(&bob), body).await.expect(200);
        }
        let inbox = format!("{}/inbox", organization.user_path("me"));
        let page = world.person("bob").get(&inbox).await.expect(200);
        let texts =
            page["items"].as_array().unwrap().iter().rev().map(|message| message["text"].as_str().unwrap());
        let in_order: Vec<_> = (0..8).map(|n| format!("Your roles are now: r{n}. ")).collect();
        let texts: Vec<_> = texts.collect();
        assert!(texts.len() == 8 && texts.iter().zip(&in_order).all(|(a, b)| a.starts_with(b)), "{texts:?}");

        // The mail has them in the same order.
        world.travel(1);
        world.notify().await;
        let mails = world.stack.emails();
        let mail = mails.iter().find(|mail| mail.to == ["bob@example.com"]).unwrap();
        let places: Vec<_> = in_order.iter().map(|text| mail.text.find(text.trim_end()).unwrap()).collect();
        assert!(places.is_sorted(), "{}", mail.text);
    });
}
