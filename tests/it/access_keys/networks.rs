//! Keys that pass from some networks only.

use kit::{Organization, RestRequest, World, run};
use serde_json::{Value, json};

use crate::tokens::token;

async fn key_for(organization: &Organization, networks: Value) -> Value {
    let machine = organization.machine("ci").await;
    let body = json!({"name": "k", "expires_in_days": 30, "allowed_cidrs": networks});
    organization.owner.post(&organization.keys_of(&machine), body).await.expect(201)
}

/// Asks as an HTTP API and as a REST API do for a client at this address; both must agree.
async fn passes(world: &World, token: &str, address: &str, headers: &[(&str, &str)]) -> bool {
    let text = include_str!("../../events/authorize-request.json");
    let mut event: Value = serde_json::from_str(text).unwrap();
    event["headers"] = json!({"x-access-key": token});
    for (name, value) in headers {
        event["headers"][name] = json!(value);
    }
    event["requestContext"]["http"]["sourceIp"] = json!(address);
    event["requestContext"]["timeEpoch"] = json!(world.stack.clock().now().as_millisecond());
    let simple = world.stack.invoke("authorize-request", &event).await.unwrap();

    let mut request = RestRequest::new("rest123", "GET", "/clusters", world.stack.clock().now());
    request.source_ip = address.to_owned();
    for (name, value) in headers.iter().chain([&("X-Access-Key", token)]) {
        request = request.header(name, value);
    }
    let policy = world.stack.invoke("authorize-request", &request.authorizer_event()).await.unwrap();
    let allowed = policy["policyDocument"]["Statement"][0]["Effect"] == "Allow";
    assert_eq!(simple["isAuthorized"], allowed, "{address}");
    allowed
}

#[test]
fn a_key_passes_from_its_networks_alone_at_both_kinds_of_api() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = key_for(&organization, json!(["192.0.2.9"])).await;
        let path = organization.key_path(&key);
        for (networks, inside, outside) in [
            (json!(["192.0.2.9"]), &["192.0.2.9", "::ffff:192.0.2.9"][..], &["192.0.2.90", "192.0.2.8"][..]),
            (
                json!(["192.0.2.0/25", "198.51.100.7/32"]),
                &["192.0.2.0", "192.0.2.127", "198.51.100.7", "::ffff:192.0.2.1"],
                &["192.0.2.128", "198.51.100.8", "::192.0.2.1"],
            ),
            (
                json!(["2001:db8:1::/48"]),
                &["2001:db8:1::", "2001:DB8:1:ffff::1", "2001:db8:1:0:0:0:0:1"],
                &["2001:db8:2::1", "192.0.2.1"],
            ),
            (json!(["2001:db8::7"]), &["2001:db8::7"], &["2001:db8::8"]),
            (json!(["::ffff:192.0.2.0/120"]), &["192.0.2.255", "::ffff:192.0.2.0"], &["192.0.3.0"]),
            (json!(["0.0.0.0/0"]), &["203.0.113.1"], &["2001:db8::1"]),
            (json!(["::/0"]), &["2001:db8::1"], &["203.0.113.1"]),
            (json!(["192.0.2.0/24"]), &["192.0.2.4"], &["", "192.0.2", "192.0.2.4, 192.0.2.4", "localhost"]),
        ] {
            organization.owner.patch(&path, json!({"allowed_cidrs": networks})).await.expect(200);
            for address in inside {
                assert!(passes(world, token(&key), address, &[]).await, "{networks} {address}");
            }
            for address in outside {
                assert!(!passes(world, token(&key), address, &[]).await, "{networks} {address}");
            }
        }
    });
}

#[test]
fn the_address_is_the_gateways_and_never_one_that_the_client_states() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = key_for(&organization, json!(["192.0.2.0/24"])).await;
        for name in
            ["x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"]
        {
            let value = if name == "forwarded" { "for=192.0.2.1" } else { "192.0.2.1" };
            assert!(!passes(world, token(&key), "203.0.113.5", &[(name, value)]).await, "{name}");
            assert!(passes(world, token(&key), "192.0.2.1", &[(name, "203.0.113.5")]).await, "{name}");
            let client = world.key(token(&key)).with_header(name, value);
            client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
    });
}

#[test]
fn networks_take_effect_on_the_next_request_and_null_removes_them() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = key_for(&organization, json!(["127.0.0.0/8", "::1"])).await;
        let (owner, path, client) =
            (&organization.owner, organization.key_path(&key), world.key(token(&key)));
        client.get("/v1/whoami").await.expect(200);
        owner.patch(&path, json!({"allowed_cidrs": ["192.0.2.0/24"]})).await.expect(200);
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        // Another change leaves them as they are.
        let renamed = owner.patch(&path, json!({"name": "new"})).await.expect(200);
        assert_eq!(renamed["allowed_cidrs"], json!(["192.0.2.0/24"]));
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        let open = owner.patch(&path, json!({"allowed_cidrs": null})).await.expect(200);
        assert_eq!(open["allowed_cidrs"], Value::Null);
        client.get("/v1/whoami").await.expect(200);
        assert!(passes(world, token(&key), "203.0.113.5", &[]).await);
        assert!(!world.items_of("KEY#")[0].contains_key("allowed_cidrs"));
        // Events of one second are in no order.
        let mut changes: Vec<_> = world
            .audit("access_key.updated")
            .iter()
            .filter_map(|event| event["changes"].get("allowed_cidrs").cloned())
            .collect();
        changes.sort_by_key(Value::is_null);
        assert_eq!(changes, [json!(["192.0.2.0/24"]), Value::Null]);
    });
}

#[test]
fn networks_are_shown_once_each_in_their_shortest_form() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let written = json!(["192.0.2.77/24", "2001:DB8::1/32", "::ffff:198.51.100.1", "192.0.2.0/24"]);
        let kept = json!(["192.0.2.0/24", "198.51.100.1/32", "2001:db8::/32"]);
        let key = key_for(&organization, written.clone()).await;
        assert_eq!(key["allowed_cidrs"], kept);
        let (owner, path) = (&organization.owner, organization.key_path(&key));
        assert_eq!(owner.get(&path).await.expect(200)["allowed_cidrs"], kept);
        let list = owner.get(&format!("{}/access-keys", organization.path)).await.expect(200);
        assert_eq!(list["items"][0]["allowed_cidrs"], kept);
        assert_eq!(world.audit("access_key.created")[0]["changes"]["allowed_cidrs"], kept);
        // The same networks, written otherwise, are no change.
        let same = owner.patch(&path, json!({"allowed_cidrs": written})).await.expect(200);
        assert_eq!((&same["version"], world.audit("access_key.updated").len()), (&json!(1), 0));
    });
}

#[test]
fn a_key_has_1_to_50_valid_networks() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let many = |count: usize| (0..count).map(|n| format!("192.0.2.{n}")).collect::<Vec<_>>();
        let key = key_for(&organization, json!(many(50))).await;
        assert_eq!(key["allowed_cidrs"].as_array().map(Vec::len), Some(50));
        let (owner, path) = (&organization.owner, organization.key_path(&key));
        let keys = organization.keys_of(key["user_id"].as_str().unwrap());
        let doubled = [many(50), many(50)].concat();
        owner.patch(&path, json!({"allowed_cidrs": doubled})).await.expect(200);
        for (networks, field, rule) in [
            (json!(many(51)), "allowed_cidrs", "1 to 50"),
            (json!([]), "allowed_cidrs", "1 to 50"),
            (json!("192.0.2.1"), "allowed_cidrs", "must be a list"),
            (json!(["192.0.2.0/33"]), "allowed_cidrs[0]", "network such as"),
            (json!(["192.0.2.1", "example.com"]), "allowed_cidrs[1]", "network such as"),
            (json!(["192.0.2.1 "]), "allowed_cidrs[0]", "network such as"),
            (json!(["192.0.2.1-192.0.2.9"]), "allowed_cidrs[0]", "network such as"),
            (json!([3_221_225_985_u32]), "allowed_cidrs[0]", "string"),
        ] {
            owner.patch(&path, json!({"allowed_cidrs": networks})).await.expect_invalid(field, rule);
            let body = json!({"name": "k", "expires_in_days": 1, "allowed_cidrs": networks});
            owner.post(&keys, body).await.expect_invalid(field, rule);
        }
        assert_eq!(owner.get(&path).await.expect(200)["allowed_cidrs"], key["allowed_cidrs"]);
        assert_eq!(world.items_of("KEY#").len(), 1);
    });
}
