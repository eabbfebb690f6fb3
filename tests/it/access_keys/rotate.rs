//! Rotation of keys, with and without an overlap.

use futures_util::future::join_all;
use kit::{Client, Effect, Fault, Organization, Service, World, run};
use serde_json::{Value, json};

use crate::tokens::token;

async fn rotate(client: &Client, organization: &Organization, key: &Value, body: Value) -> Value {
    client.post(&format!("{}/rotate", organization.key_path(key)), body).await.expect(200)
}

async fn expect_works(world: &World, token: &str, works: bool) {
    let answer = world.key(token).get("/v1/whoami").await;
    if works {
        answer.expect(200);
    } else {
        answer.expect_forbidden_by_gateway();
    }
}

#[test]
fn a_rotation_shows_a_new_secret_of_the_same_key_and_ends_the_old_one_at_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = format!("{}/rotate", organization.key_path(&key));
        let answer = organization.owner.post(&path, Value::Null).await;
        assert_eq!((answer.header("etag"), answer.header("cache-control")), ("\"2\"", "no-store"));
        let rotated = answer.expect(200);
        for same in ["key_id", "name", "expires_at", "created_at", "user_id", "status"] {
            assert_eq!(rotated[same], key[same], "{same}");
        }
        assert_eq!(
            (&rotated["rotated_at"], &rotated["overlap_ends_at"]),
            (&rotated["updated_at"], &Value::Null)
        );
        assert_ne!(token(&rotated), token(&key));
        assert!(
            rotated["masked_key"].as_str().unwrap().ends_with(&token(&rotated)[token(&rotated).len() - 4..])
        );
        expect_works(world, token(&key), false).await;
        expect_works(world, token(&rotated), true).await;
        let audit = world.audit("access_key.rotated");
        assert_eq!((audit.len(), &audit[0]["target"]["id"]), (1, &key["key_id"]));
        let user = world.items_of("USER").into_iter().find(|user| user["kind"] == "machine").unwrap();
        assert_eq!(user["live_keys"].as_object().unwrap().len(), 1);
    });
}

#[test]
fn a_rotation_that_meets_a_suspension_or_deletion_of_the_user_changes_nothing() {
    let suspension = json!({"status": "suspended"});
    for (change, status, code, left) in [(Some(suspension), 409, "conflict", 1), (None, 404, "not_found", 0)]
    {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let key = organization.machine_key().await;
            let user = organization.user_path(key["user_id"].as_str().unwrap());
            let path = format!("{}/rotate", organization.key_path(&key));
            let meanwhile = async {
                match change {
                    Some(body) => organization.owner.patch(&user, body).await.expect(200),
                    None => organization.owner.delete(&user).await.expect(204),
                };
            };
            let held = ("rotate-access-key", "TransactWriteItems", 1);
            let rotation = organization.owner.post(&path, Value::Null);
            let (answer, ()) = world.while_held(held, rotation, meanwhile).await;
            answer.expect_problem(status, code);
            assert_eq!(world.audit("access_key.rotated").len(), 0);
            let versions: Vec<_> = world.items_of("KEY").iter().map(|key| key["version"].clone()).collect();
            assert_eq!(versions, vec![json!(1); left]);
        });
    }
}

#[test]
fn a_full_quota_does_not_keep_a_key_from_being_rotated() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (keys, body) = (organization.keys_of("me"), json!({"name": "k", "expires_in_days": 9}));
        let key = organization.owner.post(&keys, body).await.expect(201);
        let rotated = rotate(&organization.owner, &organization, &key, Value::Null).await;
        expect_works(world, token(&rotated), true).await;
    });
}

#[test]
fn the_old_secret_works_until_the_overlap_ends_to_the_second() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let rotated =
            rotate(&organization.owner, &organization, &key, json!({"overlap_seconds": 3600})).await;
        let at = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let (made, ends) = (at(&rotated["rotated_at"]), at(&rotated["overlap_ends_at"]));
        assert_eq!(ends.as_second() - made.as_second(), 3600);
        for (second, works) in [(-1, true), (0, false), (1, false)] {
            let event = |token: &str| kit::authorizer_event(token, ends.as_second() + second);
            let decided = async |token: &str| {
                world.stack.invoke("authorize-request", &event(token)).await.unwrap()["isAuthorized"].clone()
            };
            assert_eq!(decided(token(&key)).await, json!(works), "{second}");
            assert_eq!(decided(token(&rotated)).await, json!(true), "{second}");
        }
        let shown = organization.owner.get(&organization.key_path(&key)).await.expect(200);
        assert_eq!(shown["expires_at"], key["expires_at"]);
    });
}

#[test]
fn a_client_that_changes_secrets_within_the_overlap_sees_no_refusal() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        world.stack.warm_up("authorize-request", 4).await.unwrap();
        let poll = async |token: String| {
            for _ in 0..20 {
                world.key(&token).get("/v1/whoami").await.expect(200);
            }
        };
        let pollers = join_all((0..4).map(|_| poll(token(&key).to_owned())));
        let change = async {
            let rotated =
                rotate(&organization.owner, &organization, &key, json!({"overlap_seconds": 60})).await;
            join_all((0..4).map(|_| poll(token(&rotated).to_owned()))).await;
        };
        tokio::join!(pollers, change);
    });
}

#[test]
fn an_overlap_ends_with_the_key() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 1).await;
        let rotated =
            rotate(&organization.owner, &organization, &key, json!({"overlap_seconds": 604_800})).await;
        assert_eq!(rotated["overlap_ends_at"], key["expires_at"]);
    });
}

#[test]
fn a_second_rotation_ends_the_previous_secret_of_the_first() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let first = organization.machine_key().await;
        let overlap = || json!({"overlap_seconds": 3600});
        let second = rotate(&organization.owner, &organization, &first, overlap()).await;
        let third = rotate(&organization.owner, &organization, &first, overlap()).await;
        for (key, works) in [(&first, false), (&second, true), (&third, true)] {
            expect_works(world, token(key), works).await;
        }
    });
}

#[test]
fn a_job_with_nothing_but_its_key_rotates_it_and_does_so_again_after_a_lost_reply() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let job = world.key(token(&key));
        let me = job.get("/v1/whoami").await.expect(200);
        let path =
            format!("/v1/organizations/{}/access-keys/current", me["organization_id"].as_str().unwrap());

        let lost = Fault::on(Service::DynamoDb, Effect::LoseReply).operation("TransactWriteItems");
        world.stack.faults().add(lost.function("rotate-access-key"));
        job.post(&format!("{path}/rotate"), Value::Null).await.expect_problem(503, "unavailable");
        world.stack.faults().clear();
        assert_eq!(world.audit("access_key.rotated").len(), 1);

        let ends = stored(world)["previous"]["works_until"].clone();
        let rotated = job.post(&format!("{path}/rotate"), Value::Null).await.expect(200);
        assert_eq!(stored(world)["previous"]["works_until"], ends);
        assert_eq!(rotated["expires_at"], key["expires_at"]);
        expect_works(world, token(&rotated), true).await;
        job.get("/v1/whoami").await.expect(200);
        world.travel(3_601);
        job.get("/v1/whoami").await.expect_forbidden_by_gateway();
        expect_works(world, token(&rotated), true).await;
    });
}

fn stored(world: &World) -> kit::Item {
    world.items_of("KEY#").remove(0)
}

#[test]
fn a_rotation_is_refused_if_another_rotation_ended_its_secret() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let job = world.key(token(&key));
        let path = format!("{}/access-keys/current/rotate", organization.path);
        let at_once = (0..8).map(|_| job.post(&path, json!({"overlap_seconds": 0})));
        let answers = join_all(at_once).await;
        let done: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(done.len(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            let code = answer.body["code"].as_str();
            assert!(answer.status == 403 || code == Some("conflict"), "{} {}", answer.status, answer.body);
        }
        expect_works(world, token(&done[0].body), true).await;
        assert_eq!(world.audit("access_key.rotated").len(), 1);
    });
}

#[test]
fn a_key_that_does_not_work_is_refused_with_its_reason() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let (first, second) = (organization.key(&machine, 1).await, organization.key(&machine, 30).await);
        let owner = &organization.owner;
        let (path, other) = (organization.key_path(&first), organization.key_path(&second));
        owner.patch(&path, json!({"active": false})).await.expect(200);
        let rotate = |path: &str| format!("{path}/rotate");
        owner.post(&rotate(&path), Value::Null).await.expect_problem(409, "key_inactive");
        owner.patch(&path, json!({"active": true})).await.expect(200);
        owner.post(&format!("{other}/revoke"), Value::Null).await.expect(200);
        owner.post(&rotate(&other), Value::Null).await.expect_problem(409, "already_revoked");
        world.travel(kit::DAY);
        world.person("alice").post(&rotate(&path), Value::Null).await.expect_problem(409, "key_expired");
        assert_eq!(world.audit("access_key.rotated").len(), 0);
    });
}

#[test]
fn the_policy_bounds_the_overlap_and_the_body_is_checked() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let (owner, path) = (&organization.owner, format!("{}/rotate", organization.key_path(&key)));
        let refused = owner.post(&path, json!({"overlap_seconds": 604_801})).await;
        let refused = refused.expect_problem(422, "policy_violation");
        assert_eq!(refused["rule"], "rotation.max_overlap_seconds");
        assert_eq!(refused["value"], "604800");
        owner
            .post(&path, json!({"overlap_seconds": -1}))
            .await
            .expect_invalid("overlap_seconds", "0 or more");
        owner.post(&path, json!({"overlap": 1})).await.expect_invalid("overlap", "unknown field");
        let stale = owner.clone().with_header("if-match", "\"9\"");
        stale.post(&path, Value::Null).await.expect_problem(412, "precondition_failed");
        expect_works(world, token(&key), true).await;
    });
}

#[test]
fn nobody_rotates_the_key_of_another_person_or_a_key_with_more_rights() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let body = json!({"name": "k", "expires_in_days": 9});
        let persons = world.person("carol").post(&organization.keys_of("me"), body).await.expect(201);
        let path = format!("{}/rotate", organization.key_path(&persons));
        organization.owner.post(&path, Value::Null).await.expect_problem(403, "forbidden");

        organization.role("keys", &["access-keys:write"]).await;
        organization.role("clusters", &["clusters:create"]).await;
        let strong = organization.machine_with("strong", &["clusters"]).await;
        let strong = organization.key(&strong, 9).await;
        let weak = organization.machine_with("weak", &["keys"]).await;
        let weak = world.key(token(&organization.key(&weak, 9).await));
        let path = format!("{}/rotate", organization.key_path(&strong));
        weak.post(&path, Value::Null).await.expect_problem(403, "forbidden");
        expect_works(world, token(&strong), true).await;
    });
}

#[test]
fn a_narrowed_key_rotates_itself_and_stays_narrowed() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let body = json!({"name": "k", "expires_in_days": 9, "roles": []});
        let key = organization.owner.post(&organization.keys_of("me"), body).await.expect(201);
        let path = format!("{}/access-keys/current/rotate", organization.path);
        let rotated = world.key(token(&key)).post(&path, Value::Null).await.expect(200);
        assert_eq!(rotated["roles"], json!([]));
        let me = world.key(token(&rotated)).get("/v1/whoami").await.expect(200);
        assert_eq!(me["permissions"], json!([]));
    });
}
