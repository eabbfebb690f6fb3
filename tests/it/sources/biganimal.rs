//! Rules of `BigAnimal` for access keys, each as its documentation states it.

use kit::{Client, DAY, Options, run, run_with};
use serde_json::{Value, json};

use super::{comes, days};

#[test]
fn a_key_links_to_one_user_and_the_link_never_changes() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let other = organization.machine("other").await;
        let path = organization.key_path(&key);
        for field in ["user_id", "organization_id", "user_kind"] {
            let body = json!({field: other});
            organization.owner.patch(&path, body).await.expect_invalid(field, "unknown field");
        }
        assert_eq!(organization.owner.get(&path).await.expect(200)["user_id"], key["user_id"]);
    });
}

#[test]
fn the_expiry_is_1_to_365_days() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let keys = organization.keys_of("me");
        for (wanted, status) in [(0, 400), (366, 422), (1, 201), (365, 201)] {
            let answer = organization.owner.post(&keys, days(wanted)).await;
            assert_eq!(answer.status, status, "{wanted}");
            if status == 201 {
                organization.owner.delete(&organization.key_path(&answer.body)).await.expect(204);
            }
        }
    });
}

#[test]
fn once_a_key_expires_a_new_one_must_be_created() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let keys = organization.keys_of("me");
        let old = organization.owner.post(&keys, days(1)).await.expect(201);
        world.travel(DAY);
        let alice = world.person("alice");
        let extend = json!({"expires_in_days": 30});
        alice.patch(&organization.key_path(&old), extend).await.expect_problem(409, "not_extendable");
        let new = alice.post(&keys, days(30)).await.expect(201);
        comes(world, &old).get("/v1/whoami").await.expect_forbidden_by_gateway();
        comes(world, &new).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn whoever_loses_the_one_key_of_a_normal_user_deletes_it_and_creates_another() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let (carol, keys) = (world.person("carol"), organization.keys_of("me"));
        let lost = carol.post(&keys, days(30)).await.expect(201);
        carol.post(&keys, days(30)).await.expect_problem(409, "quota_exceeded");
        carol.delete(&organization.key_path(&lost)).await.expect(204);
        let new = carol.post(&keys, days(30)).await.expect(201);
        comes(world, &lost).get("/v1/whoami").await.expect_forbidden_by_gateway();
        comes(world, &new).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn an_owner_manages_the_two_keys_of_a_machine_user_one_by_one() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (owner, machine) = (&organization.owner, organization.machine("ci").await);
        let keys = organization.keys_of(&machine);
        let first = owner.post(&keys, days(30)).await.expect(201);
        owner.post(&keys, days(30)).await.expect(201);
        owner.post(&keys, days(30)).await.expect_problem(409, "quota_exceeded");
        let listed = owner.get(&keys).await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        owner.patch(&organization.key_path(&first), json!({"name": "renamed"})).await.expect(200);
        owner.post(&format!("{}/revoke", organization.key_path(&first)), Value::Null).await.expect(200);
        owner.post(&keys, days(30)).await.expect(201);
    });
}

#[test]
fn a_normal_user_manages_their_own_key_from_creation_to_deletion() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let (carol, keys) = (world.person("carol"), organization.keys_of("me"));
        let key = carol.post(&keys, days(30)).await.expect(201);
        let path = organization.key_path(&key);
        assert_eq!(carol.get(&keys).await.expect(200)["items"][0]["key_id"], key["key_id"]);
        carol.patch(&path, json!({"name": "renamed", "expires_in_days": 7})).await.expect(200);
        carol.patch(&path, json!({"active": false})).await.expect(200);
        carol.patch(&path, json!({"active": true})).await.expect(200);
        carol.get(&format!("{path}/permissions")).await.expect(200);
        carol.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        carol.delete(&path).await.expect(204);
        assert_eq!(carol.get(&keys).await.expect(200)["items"], json!([]));
    });
}

#[test]
fn revoking_a_key_affects_neither_role_nor_sign_in_of_its_user() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol_id = organization.invite("carol").await;
        organization.role("reader", &["users:read"]).await;
        let user = organization.user_path(&carol_id);
        organization.owner.patch(&user, json!({"roles": ["reader"]})).await.expect(200);
        let carol = world.person("carol");
        let key = carol.post(&organization.keys_of("me"), days(30)).await.expect(201);
        world.forget_organizations().await;
        let me = carol.get(&organization.user_path("me")).await.expect(200);
        carol.post(&format!("{}/revoke", organization.key_path(&key)), Value::Null).await.expect(200);
        let after = carol.get(&organization.user_path("me")).await.expect(200);
        assert_eq!((&after["roles"], &after["status"]), (&me["roles"], &json!("active")));
        carol.get(&format!("{}/users", organization.path)).await.expect(200);
        comes(world, &key).get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn each_row_of_the_list_shows_name_half_hidden_key_expiry_and_creation() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let (token, id) = (key["secret"]["token"].as_str().unwrap(), key["key_id"].as_str().unwrap());
        let keys = organization.keys_of(key["user_id"].as_str().unwrap());
        let row = organization.owner.get(&keys).await.expect(200)["items"][0].clone();
        assert_eq!(row["masked_key"], format!("ak_{id}_…{}", &token[token.len() - 4..]));
        for field in ["name", "expires_at", "created_at"] {
            assert_eq!(row[field], key[field], "{field}");
        }
        assert_eq!(row.get("secret"), None);
    });
}

#[test]
fn the_api_checks_the_key_the_organization_and_the_permissions_of_its_user() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["users:read"]).await;
        let machine = organization.machine_with("ci", &["reader"]).await;
        let client = comes(world, &organization.key(&machine, 1).await);
        world.forget_organizations().await;
        client.get(&format!("{}/users", organization.path)).await.expect(200);
        client.get(&format!("{}/roles", organization.path)).await.expect_problem(403, "forbidden");
        client.get("/v1/organizations/0000000000000000/users").await.expect_forbidden_by_gateway();
        world.travel(DAY);
        client.get(&format!("{}/users", organization.path)).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn a_key_opens_the_api_without_the_sign_in_flow_and_the_api_detects_it() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.owner.post(&organization.keys_of("me"), days(30)).await.expect(201);
        let (client, sign_in) = (comes(world, &key), world.person("alice"));
        for caller in [&client, &sign_in] {
            caller.get(&format!("{}/users", organization.path)).await.expect(200);
        }
        let method = async |caller: &Client| {
            caller.get("/v1/whoami").await.expect(200)["auth_method"].as_str().unwrap().to_owned()
        };
        assert_eq!((method(&client).await, method(&sign_in).await), ("access_key".into(), "oidc".into()));
    });
}

#[test]
fn a_new_key_takes_a_name_and_the_days_until_it_expires() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (owner, keys) = (&organization.owner, organization.keys_of("me"));
        owner.post(&keys, json!({"expires_in_days": 30})).await.expect_problem(400, "invalid_request");
        owner.post(&keys, json!({"name": "key"})).await.expect_problem(400, "invalid_request");
        let made = owner.post(&keys, json!({"name": "laptop", "expires_in_days": 30})).await.expect(201);
        assert_eq!((&made["name"], &made["expires_in_days"]), (&json!("laptop"), &json!(30)));
    });
}

#[test]
fn whoever_loses_a_key_of_a_machine_user_deletes_it_and_creates_another() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (owner, machine) = (&organization.owner, organization.machine("ci").await);
        let (lost, other) = (organization.key(&machine, 30).await, organization.key(&machine, 30).await);
        owner.delete(&organization.key_path(&lost)).await.expect(204);
        let new = organization.key(&machine, 30).await;
        comes(world, &lost).get("/v1/whoami").await.expect_forbidden_by_gateway();
        for working in [other, new] {
            comes(world, &working).get("/v1/whoami").await.expect(200);
        }
    });
}

#[test]
fn a_normal_user_does_not_manage_the_keys_of_a_machine_user() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let key = organization.machine_key().await;
        let (carol, path) = (world.person("carol"), organization.key_path(&key));
        let keys = organization.keys_of(key["user_id"].as_str().unwrap());
        carol.get(&keys).await.expect_problem(403, "forbidden");
        carol.post(&keys, days(30)).await.expect_problem(403, "forbidden");
        carol.patch(&path, json!({"name": "mine"})).await.expect_problem(403, "forbidden");
        carol.post(&format!("{path}/revoke"), Value::Null).await.expect_problem(403, "forbidden");
        carol.delete(&path).await.expect_problem(403, "forbidden");
        comes(world, &key).get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn people_are_mailed_when_their_personal_key_is_about_to_expire() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let key = world.person("carol").post(&organization.keys_of("me"), days(90)).await.expect(201);
        world.travel(60 * DAY + 60);
        world.notify().await;
        let mails = world.stack.emails();
        assert_eq!(mails.iter().map(|mail| &mail.to).collect::<Vec<_>>(), [&["carol@example.com"]]);
        assert!(mails[0].text.contains(key["key_id"].as_str().unwrap()), "{}", mails[0].text);
    });
}
