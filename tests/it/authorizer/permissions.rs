use kit::{Client, DAY, Effect, Fault, Options, Organization, Service, When, World, run, run_with};
use serde_json::{Value, json};

fn comes(world: &World, key: &Value) -> Client {
    world.key(key["secret"]["token"].as_str().unwrap())
}

fn with(parameter: &str, value: &str) -> Options {
    let parameters = [(parameter.to_owned(), value.to_owned())].into();
    Options { parameters, instance_cap: 1, ..Options::default() }
}

async fn permissions(client: &Client) -> Value {
    client.get("/v1/whoami").await.expect(200)["permissions"].clone()
}

async fn own_key(world: &World, organization: &Organization, narrowed: Value) -> Value {
    let mut body = json!({"name": "mine", "expires_in_days": 30});
    body.as_object_mut().unwrap().extend(narrowed.as_object().unwrap().clone());
    world.person("carol").post(&organization.keys_of("me"), body).await.expect(201)
}

#[test]
fn a_route_that_needs_a_permission_is_closed_without_it() {
    let setting = r#"{"GET /v1/whoami":"clusters:read"}"#;
    run_with(with("RoutePermissions", setting), async |world| {
        let organization = world.organization("alice", "strict").await;
        let mut keys = vec![];
        for (role, permission) in
            [("none", "clusters:write"), ("one", "clusters:read"), ("some", "clusters:*")]
        {
            organization.role(role, &[permission]).await;
            let machine = organization.machine_with(role, &[role]).await;
            keys.push(comes(world, &organization.key(&machine, 1).await));
        }
        world.forget_organizations().await;
        keys[0].get("/v1/whoami").await.expect_forbidden_by_gateway();
        keys[1].get("/v1/whoami").await.expect(200);
        keys[2].get("/v1/whoami").await.expect(200);
        world.person("alice").get("/v1/whoami").await.expect_forbidden_by_gateway();
        organization.owner.get(&organization.path).await.expect(200);
    });
}

#[test]
fn within_the_allowed_age_a_key_is_allowed_without_reading_and_never_refused_so() {
    run_with(with("DecisionMaxAgeSeconds", "60"), async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let (client, path) = (comes(world, &key), organization.key_path(&key));
        let reads = || world.stack.calls().count("BatchGetItem");
        client.get("/v1/whoami").await.expect(200);
        world.stack.calls().clear();
        for _ in 0..5 {
            client.get("/v1/whoami").await.expect(200);
        }
        assert_eq!(reads(), 0);

        // What would refuse is read anew.
        world.travel(91 * DAY);
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(reads(), 1);
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        assert_eq!(reads(), 2);
        world.travel(0);
        client.get("/v1/whoami").await.expect(200);

        organization.owner.patch(&path, json!({"active": false})).await.expect(200);
        client.get("/v1/whoami").await.expect(200);
        let fault = Fault::on(Service::DynamoDb, Effect::KillBefore).operation("GetItem");
        world.stack.faults().add(fault.function("authorize-request").when(When::First(1)));
        organization.owner.get(&organization.path).await.expect(500);
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        organization.owner.patch(&path, json!({"active": true})).await.expect(200);
        client.get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn without_an_allowed_age_every_request_reads() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let client = comes(world, &organization.machine_key().await);
        world.stack.calls().clear();
        for _ in 0..5 {
            client.get("/v1/whoami").await.expect(200);
        }
        let calls = world.stack.calls().by_function("authorize-request");
        assert_eq!(calls.iter().filter(|call| call.operation == "BatchGetItem").count(), 5);
    });
}

#[test]
fn roles_and_groups_reach_what_a_key_may_do() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.role("reader", &["clusters:read", "users:read"]).await;
        organization.role("writer", &["clusters:*"]).await;
        let group = format!("{}/groups/team", organization.path);
        organization.owner.put(&group, json!({"roles": ["writer"]})).await.expect(200);
        let machine = json!({"kind": "machine", "name": "m", "roles": ["reader"], "groups": ["team"]});
        let users = format!("{}/users", organization.path);
        let machine = organization.owner.post(&users, machine).await.expect(201);
        let key = organization.key(machine["user_id"].as_str().unwrap(), 1).await;
        world.forget_organizations().await;
        let client = comes(world, &key);
        assert_eq!(permissions(&client).await, json!(["clusters:*", "users:read"]));
        client.get(&users).await.expect(200);

        let shown = format!("{}/permissions", organization.key_path(&key));
        let shown = organization.owner.get(&shown).await.expect(200);
        assert_eq!(shown["key"], Value::Null);
        let star = &shown["permissions"][0];
        assert_eq!(star["permission"], "clusters:*");
        assert_eq!(star["user_sources"], json!([{"type": "group", "group": "team", "role": "writer"}]));

        organization.owner.delete(&format!("{}/roles/reader", organization.path)).await.expect(204);
        world.forget_organizations().await;
        assert_eq!(permissions(&client).await, json!(["clusters:*"]));
        client.get(&users).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn roles_and_groups_on_a_key_narrow_what_its_user_may_do() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("all-clusters", &["clusters:*", "users:read"]).await;
        organization.role("reader", &["clusters:read", "backups:read"]).await;
        let machine = organization.machine_with("m", &["all-clusters"]).await;
        let keys = organization.keys_of(&machine);
        let body = json!({"name": "k", "expires_in_days": 1, "roles": ["reader"]});
        let key = organization.owner.post(&keys, body).await.expect(201);
        let path = organization.key_path(&key);
        world.forget_organizations().await;
        let client = comes(world, &key);
        assert_eq!(permissions(&client).await, json!(["clusters:read"]));

        organization.owner.patch(&path, json!({"roles": []})).await.expect(200);
        assert_eq!(permissions(&client).await, json!([]));
        organization.owner.patch(&path, json!({"roles": ["reader"]})).await.expect(200);
        organization.owner.delete(&format!("{}/roles/reader", organization.path)).await.expect(204);
        world.forget_organizations().await;
        assert_eq!(permissions(&client).await, json!([]), "roles since deleted allow nothing");
        assert_eq!(organization.owner.get(&path).await.expect(200)["roles"], json!(["reader"]));
        organization.owner.patch(&path, json!({"roles": null})).await.expect_problem(400, "invalid_request");
    });
}

#[test]
fn a_narrowed_key_of_a_person_brings_none_of_their_own_rights() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.invite("carol").await;
        let whole = own_key(world, &organization, json!({})).await;
        let narrowed = own_key(world, &organization, json!({"roles": []})).await;
        let (whole_client, narrowed_client) = (comes(world, &whole), comes(world, &narrowed));
        let path = organization.key_path(&whole);
        let new = json!({"name": "k", "expires_in_days": 1});
        for (method, path, body) in [
            ("GET", organization.user_path("me"), Value::Null),
            ("PATCH", organization.user_path("me"), json!({"name": "x"})),
            ("GET", organization.keys_of("me"), Value::Null),
            ("POST", organization.keys_of("me"), new),
            ("GET", path.clone(), Value::Null),
            ("PATCH", path.clone(), json!({"name": "x"})),
            ("PATCH", organization.key_path(&narrowed), json!({"roles": ["x"]})),
            ("POST", format!("{path}/revoke"), Value::Null),
            ("DELETE", path, Value::Null),
            ("GET", format!("{}/inbox", organization.user_path("me")), Value::Null),
        ] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = narrowed_client.send(method, &path, Some(body)).await;
            answer.expect_problem(403, "forbidden");
        }
        narrowed_client.get("/v1/whoami").await.expect(200);
        whole_client.get(&organization.user_path("me")).await.expect(200);
        whole_client.patch(&organization.key_path(&whole), json!({"name": "renamed"})).await.expect(200);
    });
}

#[test]
fn a_narrowed_key_of_an_owner_is_no_owner() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("reader", &["users:read"]).await;
        let body = json!({"name": "k", "expires_in_days": 1, "roles": ["reader"]});
        let key = organization.owner.post(&organization.keys_of("me"), body).await.expect(201);
        world.forget_organizations().await;
        let client = comes(world, &key);
        assert_eq!(permissions(&client).await, json!(["users:read"]));
        client.get(&format!("{}/users", organization.path)).await.expect(200);
        client.get(&organization.path).await.expect_problem(403, "forbidden");
        let role = format!("{}/roles/mine", organization.path);
        client.put(&role, json!({"permissions": ["users:read"]})).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn nobody_grants_what_they_do_not_hold() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let path = &organization.path;
        let manager = ["roles:write", "users:write", "access-keys:write", "users:read", "clusters:read"];
        organization.role("manager", &manager).await;
        organization.role("clusters", &["clusters:*"]).await;
        organization.role("reading", &["clusters:read"]).await;
        organization
            .owner
            .put(&format!("{path}/groups/strong"), json!({"roles": ["clusters"]}))
            .await
            .expect(200);
        let machine = organization.machine_with("manager", &["manager"]).await;
        let client = comes(world, &organization.key(&machine, 30).await);
        let (weak, strong) =
            (organization.machine("weak").await, organization.machine_with("strong", &["clusters"]).await);
        let mighty_key = organization.key(&strong, 1).await;
        organization.owner.patch(&organization.key_path(&mighty_key), json!({"roles": []})).await.expect(200);
        world.forget_organizations().await;
        let users = format!("{path}/users");
        let key = || json!({"name": "k", "expires_in_days": 1});
        let owner = json!({"kind": "owner", "name": "eve", "email": "eve@example.com"});
        for (method, path, body) in [
            ("PUT", format!("{path}/roles/own"), json!({"permissions": ["clusters:*"]})),
            ("PUT", format!("{path}/roles/own"), json!({"permissions": ["*"]})),
            (
                "PUT",
                format!("{path}/roles/reading"),
                json!({"permissions": ["clusters:read", "clusters:write"]}),
            ),
            ("PUT", format!("{path}/groups/own"), json!({"roles": ["clusters"]})),
            ("POST", users.clone(), json!({"kind": "machine", "name": "m", "roles": ["clusters"]})),
            ("POST", users.clone(), json!({"kind": "machine", "name": "m", "groups": ["strong"]})),
            ("POST", users.clone(), owner),
            ("PATCH", organization.user_path(&weak), json!({"roles": ["clusters"]})),
            ("PATCH", organization.user_path(&weak), json!({"groups": ["strong"]})),
            ("PATCH", organization.user_path("me"), json!({"roles": ["manager", "clusters"]})),
            ("PATCH", organization.user_path(&strong), json!({"status": "suspended"})),
            ("PATCH", organization.user_path(&strong), json!({"roles": []})),
            ("POST", organization.keys_of(&strong), key()),
            ("PATCH", organization.key_path(&mighty_key), json!({"roles": ["clusters"]})),
            ("PATCH", organization.key_path(&mighty_key), json!({"groups": ["strong"]})),
        ] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = client.send(method.clone(), &path, Some(body.clone())).await;
            assert!(
                answer.status == 403 && answer.body["code"] == "forbidden",
                "{method} {path} {body}: {answer:?}"
            );
        }
        client.put(&format!("{path}/roles/own"), json!({"permissions": ["clusters:read"]})).await.expect(200);
        client.put(&format!("{path}/groups/own"), json!({"roles": ["own", "reading"]})).await.expect(200);
        client.patch(&organization.user_path(&weak), json!({"groups": ["own"]})).await.expect(200);
        client.post(&organization.keys_of(&weak), key()).await.expect(201);
    });
}

#[test]
fn only_owners_make_and_unmake_owners() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let bob = organization.invite_as("bob", "owner").await;
        let carol = organization.invite("carol").await;
        organization.role("people", &["users:*"]).await;
        let machine = organization.machine_with("people", &["people"]).await;
        let client = comes(world, &organization.key(&machine, 30).await);
        world.forget_organizations().await;
        let carols = organization.user_path(&carol);
        client.patch(&carols, json!({"kind": "owner"})).await.expect_problem(403, "forbidden");
        for body in
            [json!({"kind": "normal"}), json!({"status": "suspended"}), json!({"email": "x@example.com"})]
        {
            client.patch(&organization.user_path(&bob), body).await.expect_problem(403, "forbidden");
        }
        client.delete(&organization.user_path(&bob)).await.expect_problem(403, "forbidden");
        client.patch(&carols, json!({"status": "suspended"})).await.expect(200);
        organization.owner.patch(&organization.user_path(&bob), json!({"kind": "normal"})).await.expect(200);
        organization
            .owner
            .patch(&organization.user_path("me"), json!({"kind": "normal"}))
            .await
            .expect_problem(409, "last_owner");
    });
}

#[test]
fn a_key_on_the_path_of_another_organization_is_refused() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        first.role("all", &["*"]).await;
        let machine = first.machine_with("m", &["all"]).await;
        let client = comes(world, &first.key(&machine, 30).await);
        client.get("/v1/whoami").await.expect(200);
        client.get(&second.path).await.expect_forbidden_by_gateway();
        client.get(&second.user_path("me")).await.expect_forbidden_by_gateway();
        client.get(&first.path.to_lowercase()).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn an_organization_that_cannot_be_read_is_an_error_and_not_a_pass() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        let client = comes(world, &organization.machine_key().await);
        world.forget_organizations().await;
        let fault = Fault::on(Service::DynamoDb, Effect::ServerError).operation("Query");
        world.stack.faults().add(fault.function("authorize-request"));
        client.get("/v1/whoami").await.expect(500);
        assert!(world.stack.faults().struck() > 0);
        world.stack.faults().clear();
        client.get("/v1/whoami").await.expect(200);
    });
}
