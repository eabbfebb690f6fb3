//! Repeated requests under one `Idempotency-Key`.

use futures_util::future::join_all;
use kit::{Client, Effect, Fault, Organization, Service, World, key_of, run};
use serde_json::{Value, json};

fn body() -> Value {
    json!({"name": "deploy", "expires_in_days": 30})
}

fn named(client: &Client, name: &str) -> Client {
    client.clone().with_header("idempotency-key", name)
}

fn accounts(world: &World) -> (usize, usize, usize) {
    let user = world.items_of("USER").into_iter().find(|user| user["kind"] == "machine").unwrap();
    let live = user["live_keys"].as_object().unwrap().len();
    (world.items_of("KEY#").len(), live, world.audit("access_key.created").len())
}

async fn machine_with_room_for_one(world: &World) -> (Organization, String) {
    let organization = world.organization("alice", "strict").await;
    let policy = json!({"policy": {"quota": {"machine": 1}}});
    organization.owner.patch(&organization.path, policy).await.expect(200);
    let machine = organization.machine("ci").await;
    (organization, machine)
}

#[test]
fn of_32_equal_creates_at_once_one_makes_the_key_and_the_others_show_it() {
    run(async |world| {
        let (organization, machine) = machine_with_room_for_one(world).await;
        let (client, path) = (named(&organization.owner, "build 1"), organization.keys_of(&machine));
        let answers = join_all((0..32).map(|_| client.post(&path, body()))).await;
        assert_eq!(accounts(world), (1, 1, 1));
        let id = &world.items_of("KEY#")[0]["key_id"];
        let mut with_secret = 0;
        for answer in answers {
            if answer.status == 409 {
                assert_eq!(
                    (answer.body["code"].as_str(), answer.header("retry-after")),
                    (Some("conflict"), "1")
                );
                continue;
            }
            let replayed = answer.header("idempotent-replayed") == "true";
            let key = answer.expect(201);
            assert_eq!(&key["key_id"], id);
            assert_eq!(key.get("secret").is_none(), replayed);
            with_secret += usize::from(!replayed);
        }
        assert_eq!(with_secret, 1);
    });
}

#[test]
fn a_retry_after_a_lost_reply_shows_the_same_key_without_its_secret() {
    run(async |world| {
        let (organization, machine) = machine_with_room_for_one(world).await;
        let (client, path) = (named(&organization.owner, "build 2"), organization.keys_of(&machine));
        let lost = Fault::on(Service::DynamoDb, Effect::LoseReply).operation("TransactWriteItems");
        world.stack.faults().add(lost.function("create-access-key"));
        client.post(&path, body()).await.expect_problem(503, "unavailable");
        world.stack.faults().clear();
        let answer = client.post(&path, body()).await;
        assert_eq!((answer.header("idempotent-replayed"), answer.header("etag")), ("true", "\"1\""));
        let key = answer.expect(201);
        assert_eq!((&key["key_id"], key.get("secret")), (&world.items_of("KEY#")[0]["key_id"], None));
        assert_eq!(accounts(world), (1, 1, 1));
        organization.owner.patch(&organization.key_path(&key), json!({"name": "renamed"})).await.expect(200);
        assert_eq!(client.post(&path, body()).await.expect(201)["name"], "renamed");
    });
}

#[test]
fn an_idempotency_key_is_valid_for_a_day() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let path = organization.keys_of(&organization.machine("ci").await);
        let post = async || named(&world.person("alice"), "daily").post(&path, body()).await.expect(201);
        let first = post().await;
        world.travel(kit::DAY - 600);
        assert_eq!(post().await["key_id"], first["key_id"]);
        world.travel(kit::DAY + 5);
        let second = post().await;
        assert_ne!(second["key_id"], first["key_id"]);
        assert!(second.get("secret").is_some());
        assert_eq!(world.items_of("IDEMPOTENCY#").len(), 1);
    });
}

#[test]
fn another_request_under_the_same_idempotency_key_is_refused() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (ci, cd) = (organization.machine("ci").await, organization.machine("cd").await);
        let client = named(&organization.owner, "once");
        let path = organization.keys_of(&ci);
        let first = client.post(&path, body()).await.expect(201);
        let other = json!({"name": "deploy", "expires_in_days": 31});
        client.post(&path, other).await.expect_problem(422, "idempotency_mismatch");
        client.post(&organization.keys_of(&cd), body()).await.expect_problem(422, "idempotency_mismatch");
        let rotate = format!("{}/rotate", organization.key_path(&first));
        client.post(&rotate, body()).await.expect_problem(422, "idempotency_mismatch");
        let same = json!({"expires_in_days": 30, "name": "deploy"});
        assert_eq!(client.post(&path, same).await.expect(201)["key_id"], first["key_id"]);
    });
}

#[test]
fn each_caller_has_its_own_idempotency_keys() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let path = organization.keys_of("me");
        let make =
            async |person: &str| named(&world.person(person), "mine").post(&path, body()).await.expect(201);
        let (alices, carols) = (make("alice").await, make("carol").await);
        assert_ne!(alices["user_id"], carols["user_id"]);
    });
}

#[test]
fn a_refused_request_is_checked_again() {
    run(async |world| {
        let (organization, machine) = machine_with_room_for_one(world).await;
        let (client, path) = (named(&organization.owner, "later"), organization.keys_of(&machine));
        let old = organization.key(&machine, 9).await;
        client.post(&path, body()).await.expect_problem(409, "quota_exceeded");
        organization.owner.delete(&organization.key_path(&old)).await.expect(204);
        assert!(client.post(&path, body()).await.expect(201).get("secret").is_some());
    });
}

#[test]
fn a_repeated_rotation_changes_nothing_twice() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let path = format!("{}/rotate", organization.key_path(&key));
        let client = named(&organization.owner, "rotate 1");
        let answers = join_all((0..8).map(|_| client.post(&path, json!({"overlap_seconds": 60})))).await;
        let shown: Vec<_> = answers.iter().filter(|answer| answer.body.get("secret").is_some()).collect();
        assert_eq!(shown.len(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409)));
        assert_eq!(world.audit("access_key.rotated").len(), 1);
        let token = shown[0].body["secret"]["token"].as_str().unwrap();
        world.key(token).get("/v1/whoami").await.expect(200);
        assert_eq!(client.post(&path, json!({"overlap_seconds": 60})).await.expect(200)["version"], 2);
    });
}

#[test]
fn a_request_that_comes_again_while_the_first_is_being_stored_changes_nothing_twice() {
    for (function, event) in [
        ("create-access-key", "access_key.created"),
        ("rotate-access-key", "access_key.rotated"),
        ("manage-users", "user.created"),
    ] {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let key = organization.machine_key().await;
            let (path, body) = match function {
                "create-access-key" => (organization.keys_of(&organization.machine("cd").await), body()),
                "rotate-access-key" => (format!("{}/rotate", organization.key_path(&key)), json!({})),
                _ => (format!("{}/users", organization.path), json!({"kind": "machine", "name": "new"})),
            };
            let (client, before) = (named(&organization.owner, "once"), world.audit(event).len());
            let (first, again) = (client.post(&path, body.clone()), client.post(&path, body.clone()));
            let (late, early) = world.while_held((function, "TransactWriteItems", 1), first, again).await;
            assert_eq!(early.header("idempotent-replayed"), "", "{function}");
            assert_eq!(late.header("idempotent-replayed"), "true", "{function}: {}", late.body);
            let id = if function == "manage-users" { "user_id" } else { "key_id" };
            assert_eq!(late.body[id], early.body[id], "{function}");
            assert_eq!(world.audit(event).len(), before + 1, "{function}");
        });
    }
}

#[test]
fn a_repeated_creation_of_a_machine_shows_it_with_its_keys() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let body = || {
            let key = |name: &str| json!({"name": name, "expires_in_days": 30});
            json!({"kind": "machine", "name": "ci", "access_keys": [key("a"), key("b")]})
        };
        let (client, path) =
            (named(&organization.owner, "machine 1"), format!("{}/users", organization.path));
        let first = client.post(&path, body()).await.expect(201);
        let again = client.post(&path, body()).await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        let again = again.expect(201);
        assert_eq!(again["user_id"], first["user_id"]);
        for position in 0..2 {
            let (key, shown) = (&first["access_keys"][position], &again["access_keys"][position]);
            assert_eq!((&shown["key_id"], shown.get("secret")), (&key["key_id"], None));
        }
        let of_machine = |event: &&kit::Item| event["target"]["id"] == first["user_id"];
        assert_eq!(world.audit("user.created").iter().filter(of_machine).count(), 1);
    });
}

#[test]
fn a_repeated_creation_needs_the_rights_of_the_first() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("users", &["users:read", "users:write"]).await;
        organization.role("keys", &["access-keys:read", "access-keys:write"]).await;
        let carol = organization.invite("carol").await;
        // The authorizer keeps roles for ten seconds.
        world.travel(11);
        let hold = async |roles: Value| {
            organization
                .owner
                .patch(&organization.user_path(&carol), json!({"roles": roles}))
                .await
                .expect(200);
        };
        hold(json!(["users", "keys"])).await;
        let client = named(&world.person("carol"), "machine 1");
        let path = format!("{}/users", organization.path);
        let body =
            json!({"kind": "machine", "name": "ci", "access_keys": [{"name": "a", "expires_in_days": 30}]});
        client.post(&path, body.clone()).await.expect(201);
        hold(json!(["users"])).await;
        client.post(&path, body.clone()).await.expect_problem(403, "forbidden");
        hold(json!(["users", "keys"])).await;
        client.post(&path, body).await.expect(201);
    });
}

#[test]
fn an_idempotency_key_is_1_to_128_printable_characters() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let path = organization.keys_of(&organization.machine("ci").await);
        for bad in ["", &"a".repeat(129), "tab\tinside"] {
            let answer = named(&organization.owner, bad).post(&path, body()).await;
            answer.expect_invalid("Idempotency-Key", "1 to 128 printable");
        }
        named(&organization.owner, &"a".repeat(128)).post(&path, body()).await.expect(201);
        assert_eq!(world.items_of("KEY#").len(), 1);
    });
}

#[test]
fn an_idempotency_key_is_free_in_the_second_in_which_its_record_is_a_day_old() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let policy = json!({"policy": {"quota": {"machine": 50}}});
        organization.owner.patch(&organization.path, policy).await.expect(200);
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 30).await;
        let users = format!("{}/users", organization.path);
        for (path, body, status) in [
            (organization.keys_of(&machine), body(), 201),
            (format!("{}/rotate", organization.key_path(&key)), json!({"overlap_seconds": 0}), 200),
            (users, json!({"kind": "machine", "name": "cd"}), 201),
        ] {
            let client = named(&organization.owner, &path);
            client.post(&path, body.clone()).await.expect(status);
            for (age, is_replayed) in [(kit::DAY - 1, "true"), (kit::DAY, "")] {
                let answer = world
                    .in_one_second(async |second| {
                        let at = json!({"N": (second - age).to_string()});
                        for record in world.items_of("IDEMPOTENCY#") {
                            world.set(key_of(&record), "at", &at);
                        }
                        client.post(&path, body.clone()).await
                    })
                    .await;
                assert_eq!(answer.header("idempotent-replayed"), is_replayed, "{path} {age}");
                answer.expect(status);
            }
        }
    });
}
