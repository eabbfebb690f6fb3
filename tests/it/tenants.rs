//! Two organizations, of which neither learns or changes anything of the other.

use kit::{Answer, Client, Organization, World, run};
use reqwest::Method;
use serde_json::{Value, json};

use crate::matrix::{cases, state};

/// The ids of what a path can name.
struct Named {
    organization: String,
    user: String,
    key: String,
    message: String,
    label: String,
}

impl Named {
    /// Names what is nowhere.
    fn nowhere() -> Self {
        Self {
            organization: "0".repeat(16),
            user: "0".repeat(12),
            key: "0".repeat(20),
            message: "0".repeat(26),
            label: "nowhere".to_owned(),
        }
    }
}

/// An organization with a person, a machine and one of everything, and whoever may do all in it.
struct Tenant {
    organization: Organization,
    machine: Client,
    named: Named,
}

async fn tenant(world: &World, owner: &str) -> Tenant {
    let organization = world.organization(owner, "flexible").await;
    let label = format!("{owner}-role");
    organization.role(&label, &["*"]).await;
    let group = format!("{}/groups/{label}", organization.path);
    organization.owner.put(&group, json!({"roles": [label]})).await.expect(200);
    let machine = organization.machine_with(&format!("{owner}-machine"), &[&label]).await;
    let machine_key = organization.key(&machine, 30).await;
    let person = format!("{owner}-person");
    let user = organization.invite(&person).await;
    let body = json!({"name": format!("{owner}-key"), "expires_in_days": 30});
    let key = world.person(&person).post(&organization.keys_of("me"), body).await.expect(201);
    organization.owner.patch(&organization.user_path(&user), json!({"groups": [label]})).await.expect(200);
    let partition = format!("USER#{user}");
    let messages = world.items_of("INBOX#");
    let message = messages.iter().find(|message| message["PK"] == partition.as_str()).unwrap();
    let named = Named {
        organization: organization.id.clone(),
        user,
        key: key["key_id"].as_str().unwrap().to_owned(),
        message: message["message_id"].as_str().unwrap().to_owned(),
        label,
    };
    Tenant { organization, machine: world.key(machine_key["secret"]["token"].as_str().unwrap()), named }
}

async fn send(client: &Client, organization: &str, named: &Named, route: &str, body: &Value) -> Answer {
    let (method, path) = route.split_once(' ').unwrap();
    let path = path
        .replace('…', &format!("/v1/organizations/{organization}"))
        .replace("{user_id}", &named.user)
        .replace("{key_id}", &named.key)
        .replace("{message_id}", &named.message)
        .replace("{role}", &named.label)
        .replace("{group}", &named.label);
    client.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, Some(body.clone())).await
}

/// Compares all that a client sees of two answers, except the time.
fn same(one: &Answer, other: &Answer) -> bool {
    let headers = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        for name in ["date", "apigw-requestid", "x-amzn-requestid"] {
            headers.remove(name);
        }
        headers
    };
    one.status == other.status && one.body == other.body && headers(one) == headers(other)
}

#[test]
fn every_route_answers_for_another_organization_as_for_a_missing_one() {
    run(async |world| {
        let (first, second) = (tenant(world, "alice").await, tenant(world, "bob").await);
        world.forget_organizations().await;
        let before = state(world);
        let nowhere = Named::nowhere();
        for client in [&first.organization.owner, &first.machine, &world.anonymous()] {
            for (route, _, body, _) in cases().iter().filter(|case| case.0.contains('…')) {
                let there = send(client, &second.organization.id, &second.named, route, body).await;
                let missing = send(client, &nowhere.organization, &nowhere, route, body).await;
                assert!(same(&there, &missing), "{route}: {there:?}, {missing:?}");
                there.expect_forbidden_by_gateway();
            }
        }
        assert!(state(world) == before);
    });
}

#[test]
fn every_route_answers_for_items_of_another_organization_as_for_missing_ones() {
    run(async |world| {
        let (first, second) = (tenant(world, "alice").await, tenant(world, "bob").await);
        world.forget_organizations().await;
        let before = state(world);
        let nowhere = Named::nowhere();
        let mut asked = 0;
        for client in [&first.organization.owner, &first.machine] {
            for (route, _, body, _) in cases().iter().filter(|case| case.0.contains("…/")) {
                if !route.contains('}') || route.starts_with("PUT") {
                    continue;
                }
                let there = send(client, &first.organization.id, &second.named, route, body).await;
                let missing = send(client, &first.organization.id, &nowhere, route, body).await;
                assert!(same(&there, &missing), "{route}: {there:?}, {missing:?}");
                there.expect_problem(404, "not_found");
                asked += 1;
            }
            let mine = Named { user: "me".to_owned(), ..Named::nowhere() };
            let theirs =
                Named { user: "me".to_owned(), message: second.named.message.clone(), ..Named::nowhere() };
            for (route, body) in [
                ("PATCH …/users/{user_id}/inbox/{message_id}", json!({"state": "read"})),
                ("DELETE …/users/{user_id}/inbox/{message_id}", Value::Null),
            ] {
                let there = send(client, &first.organization.id, &theirs, route, &body).await;
                assert!(
                    same(&there, &send(client, &first.organization.id, &mine, route, &body).await),
                    "{route}"
                );
                assert!(matches!(there.status, 403 | 404), "{route}");
            }
        }
        assert!(asked >= 2 * 20, "{asked}");
        assert!(state(world) == before);
    });
}

#[test]
fn no_list_filter_preview_or_cursor_shows_another_organization() {
    run(async |world| {
        let (first, second) = (tenant(world, "alice").await, tenant(world, "bob").await);
        world.forget_organizations().await;
        let (path, theirs) = (&first.organization.path, &second.organization.path);
        let preview = json!({"policy": {"lifetime": {"max_seconds": 3_600}}});
        let keys_of_me = format!("/users/{}/access-keys", first.named.user);
        let lists =
            ["/users", "/roles", "/groups", "/access-keys", "/audit-events", "/users/me/inbox", &keys_of_me];
        for client in [&first.organization.owner, &first.machine] {
            let mut shown =
                vec![client.post(&format!("{path}/policy-preview"), preview.clone()).await.expect(200)];
            for list in lists {
                if list != "/users/me/inbox" || client.get(&format!("{path}{list}")).await.status == 200 {
                    shown.push(client.get(&format!("{path}{list}?limit=100")).await.expect(200));
                }
            }
            for filter in [
                format!("target={}", second.named.key),
                format!("target={}", second.named.user),
                format!("target={}", second.named.organization),
                format!("actor={}", second.named.user),
            ] {
                let found = client.get(&format!("{path}/audit-events?{filter}")).await.expect(200);
                assert_eq!(found, json!({"items": [], "next_cursor": null}), "{filter}");
            }
            let shown = format!("{shown:?}");
            assert!(shown.contains(&first.named.key), "{shown}");
            let named = &second.named;
            for foreign in [&named.organization, &named.user, &named.key, &named.message, "bob"] {
                assert!(!shown.contains(foreign), "{foreign} stands in {shown}");
            }
        }
        let own = first.organization.owner.get("/v1/organizations").await.expect(200);
        assert_eq!(own["items"].as_array().unwrap().len(), 1);

        second.organization.role("more", &[]).await;
        let more = format!("{theirs}/groups/more");
        second.organization.owner.put(&more, json!({"roles": []})).await.expect(200);
        for list in ["/users", "/roles", "/groups", "/access-keys", "/audit-events"] {
            let page = second.organization.owner.get(&format!("{theirs}{list}?limit=1")).await.expect(200);
            let cursor = page["next_cursor"].as_str().unwrap_or_else(|| panic!("{list}: {page}"));
            for client in [&first.organization.owner, &first.machine] {
                let page = client.get(&format!("{path}{list}?limit=1&cursor={cursor}")).await;
                page.expect_invalid("cursor", "next_cursor");
            }
        }
        let page = format!("{theirs}/policy-preview?limit=1");
        let page = second.organization.owner.post(&page, preview.clone()).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        let page = format!("{path}/policy-preview?limit=1&cursor={cursor}");
        first.organization.owner.post(&page, preview).await.expect_invalid("cursor", "next_cursor");
    });
}

#[test]
fn names_and_addresses_of_another_organization_stay_free_and_unknown() {
    run(async |world| {
        let (first, second) = (tenant(world, "alice").await, tenant(world, "bob").await);
        let of_second =
            |item: &kit::Item| item.values().any(|value| value.to_string().contains(&second.organization.id));
        let theirs = || state(world).into_iter().filter(of_second).collect::<Vec<_>>();
        let before = theirs();
        let (owner, users) = (&first.organization.owner, format!("{}/users", first.organization.path));
        let same_address = json!({"kind": "normal", "name": "p", "email": "bob-person@example.com"});
        owner.post(&users, same_address).await.expect(201);
        for (field, foreign) in [("roles", "bob-role"), ("groups", "bob-role")] {
            let body = |name: &str| {
                let mut body = json!({"kind": "machine", "name": "m"});
                body[field] = json!([name]);
                body
            };
            let there = owner.post(&users, body(foreign)).await;
            let missing = owner.post(&users, body("no-role")).await;
            assert_eq!(there.status, missing.status);
            assert_eq!(
                there.body.to_string().replace(foreign, ""),
                missing.body.to_string().replace("no-role", "")
            );
            there.expect_invalid(field, "of this organization");
        }
        first.organization.role("bob-role", &["x:y"]).await;
        owner.delete(&format!("{}/roles/bob-role", first.organization.path)).await.expect(204);
        assert_eq!(theirs(), before);
    });
}

#[test]
fn a_person_of_two_organizations_has_two_users_and_keys_of_one_never_work_in_the_other() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        second.invite("alice").await;
        let alice = world.person("alice");
        let one = alice.get(&first.user_path("me")).await.expect(200);
        let two = alice.get(&second.user_path("me")).await.expect(200);
        assert_ne!(one["user_id"], two["user_id"]);
        assert_eq!((&one["kind"], &two["kind"]), (&json!("owner"), &json!("normal")));
        let body = json!({"name": "mine", "expires_in_days": 30});
        let key = alice.post(&first.keys_of("me"), body).await.expect(201);
        let key = world.key(key["secret"]["token"].as_str().unwrap());
        key.get(&first.user_path("me")).await.expect(200);
        key.get(&second.user_path("me")).await.expect_forbidden_by_gateway();
        key.get("/v1/organizations/0000000000000000/users/me").await.expect_forbidden_by_gateway();
    });
}
