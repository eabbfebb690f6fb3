//! `GET …/access-keys/{key_id}`: masking, status and last use.

use jiff::Timestamp;
use kit::{DAY, run};
use serde_json::{Value, json};

use crate::tokens::token;

#[test]
fn a_key_is_shown_masked_to_its_user_and_to_owners() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let carol = world.person("carol");
        let body = json!({"name": "mine", "expires_in_days": 30});
        let key = carol.post(&organization.keys_of("me"), body).await.expect(201);
        let path = organization.key_path(&key);
        let shown = carol.get(&path).await;
        assert_eq!(shown.header("etag"), "\"1\"");
        let shown = shown.expect(200);
        assert_eq!(organization.owner.get(&path).await.expect(200), shown);
        let own = world.key(key["secret"]["token"].as_str().unwrap());
        let current = own.get(&format!("{}/access-keys/current", organization.path)).await.expect(200);
        assert_eq!(current["key_id"], key["key_id"]);
        carol
            .get(&format!("{}/access-keys/current", organization.path))
            .await
            .expect_problem(404, "not_found");

        organization.invite("dave").await;
        world.person("dave").get(&path).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn keys_of_another_organization_do_not_exist() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        let key = second.machine_key().await;
        let id = key["key_id"].as_str().unwrap();
        for named in [id, "00000000000000000000", "x"] {
            let path = format!("{}/access-keys/{named}", first.path);
            first.owner.get(&path).await.expect_problem(404, "not_found");
            first.owner.delete(&path).await.expect_problem(404, "not_found");
            first.owner.post(&format!("{path}/revoke"), json!(null)).await.expect_problem(404, "not_found");
        }
        world.key(key["secret"]["token"].as_str().unwrap()).get("/v1/whoami").await.expect(200);
        let listed = first.owner.get(&format!("{}/access-keys", first.path)).await.expect(200);
        assert_eq!(listed, json!({"items": [], "next_cursor": null}));
    });
}

#[test]
fn the_status_follows_the_clock_to_the_second() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 1).await;
        let token = key["secret"]["token"].as_str().unwrap();
        let expiry: Timestamp = key["expires_at"].as_str().unwrap().parse().unwrap();
        let sample = include_str!("../../events/authorize-request.json");
        let mut request: Value = serde_json::from_str(sample).unwrap();
        request["headers"] = json!({"x-access-key": token});
        request["identitySource"] = json!(null);
        request["pathParameters"] = json!({});
        for (milliseconds, passes) in
            [(-1_000, true), (-1, true), (0, false), (1, false), (1_000, false), (-1_000, true)]
        {
            request["requestContext"]["timeEpoch"] = json!(expiry.as_millisecond() + milliseconds);
            let answer = world.stack.invoke("authorize-request", &request).await.unwrap();
            assert_eq!(answer["isAuthorized"], passes, "{milliseconds}: {answer}");
        }

        let path = organization.key_path(&key);
        world.travel(DAY - 600);
        assert_eq!(world.person("alice").get(&path).await.expect(200)["status"], "active");
        world.travel(DAY + 1);
        world.key(token).get("/v1/whoami").await.expect_forbidden_by_gateway();
        let shown = world.person("alice").get(&path).await.expect(200);
        assert_eq!((&shown["status"], &shown["expires_in_days"]), (&json!("expired"), &json!(0)));
    });
}

#[test]
fn use_is_noted_at_most_every_ten_minutes() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = organization.key_path(&key);
        assert_eq!(organization.owner.get(&path).await.expect(200)["last_used_at"], json!(null));
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let noted =
            || world.stack.calls().all().into_iter().filter(|call| call.operation == "UpdateItem").count();
        for (seconds, times) in [(0, 1), (590, 1), (601, 2), (1_190, 2)] {
            world.travel(seconds);
            client.get("/v1/whoami").await.expect(200);
            assert_eq!(noted(), times, "{seconds}");
        }
        let shown = organization.owner.get(&path).await.expect(200);
        assert_ne!(shown["last_used_at"], json!(null));
        assert_eq!(shown["version"], 1);
    });
}

#[test]
fn use_is_noted_again_after_ten_minutes_to_the_second() {
    const MAX_ATTEMPTS: usize = 20;
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let first = world.stack.clock().now().as_second() + 1;
        for (seconds, noted) in [(0, 0), (599, 0), (600, 600)] {
            let event = kit::authorizer_event(token(&key), first + seconds);
            // The authorizer gives up a note that takes long.
            for _ in 0..MAX_ATTEMPTS {
                world.stack.invoke("authorize-request", &event).await.unwrap();
                if world.items_of("KEY#")[0].get("last_used_at") == Some(&json!(first + noted)) {
                    break;
                }
            }
            assert_eq!(world.items_of("KEY#")[0]["last_used_at"], first + noted, "{seconds}");
        }
    });
}
