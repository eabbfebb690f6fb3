//! How long a message is kept.

use kit::{DAY, run};
use reqwest::Method;
use serde_json::json;

use super::add_message;

#[test]
fn a_message_is_kept_for_thirty_days_to_the_second() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let (client, path) = (world.person("carol"), super::inbox(&organization, "me"));
        for (ago, marked, deleted) in [(30 * DAY - 1, 200, 204), (30 * DAY, 404, 404)] {
            for (method, body, status) in
                [(Method::PATCH, Some(json!({"state": "read"})), marked), (Method::DELETE, None, deleted)]
            {
                let answer = world
                    .in_one_second(async |_| {
                        let id = add_message(world, &carol, ago, "access_changed");
                        client.send(method.clone(), &format!("{path}/{id}"), body.clone()).await
                    })
                    .await;
                assert_eq!(answer.status, status, "{method} {ago}");
            }
        }
    });
}
