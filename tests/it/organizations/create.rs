//! `POST /v1/organizations`.

use insta::assert_json_snapshot;
use kit::run;
use serde_json::json;

#[test]
fn whoever_signs_in_creates_an_organization_and_owns_it() {
    run(async |world| {
        let alice = world.person("alice");
        let answer = alice.post("/v1/organizations", json!({"name": "Acme"})).await;
        assert_eq!(answer.header("etag"), "\"1\"");
        let made = answer.expect(201);
        assert_json_snapshot!(made, {".organization_id" => id(16), ".created_at" => time()});

        let path = format!("/v1/organizations/{}", made["organization_id"].as_str().unwrap());
        assert_eq!(alice.get(&path).await.expect(200), made);
        let listed = alice.get("/v1/organizations").await.expect(200);
        let me = alice.get(&format!("{path}/users/me")).await.expect(200);
        let mut shown = made.clone();
        let theirs = json!({"user_id": me["user_id"], "user_kind": "owner", "invited": false});
        shown.as_object_mut().unwrap().extend(theirs.as_object().unwrap().clone());
        assert_eq!(listed, json!({"items": [shown], "next_cursor": null}));
        let owners = alice.get(&format!("{path}/users")).await.expect(200);
        assert_json_snapshot!(owners, {
            ".items[].user_id" => id(12), ".items[].organization_id" => id(16), ".items[].created_at" => time(),
        });
        assert_eq!(world.audit("organization.created").len(), 1);
        assert_eq!(world.audit("user.created").len(), 1);
    });
}

#[test]
fn a_policy_is_a_preset_or_a_preset_with_changes() {
    run(async |world| {
        let alice = world.person("alice");
        let flexible = json!({"name": "A", "policy": "flexible"});
        let made = alice.post("/v1/organizations", flexible).await.expect(201);
        assert_json_snapshot!(made["policy"]);
        let changed = json!({"name": "B", "policy": {"preset": "flexible", "quota": {"machine": 9}}});
        let made = alice.post("/v1/organizations", changed).await.expect(201);
        assert_eq!(made["policy"]["quota"], json!({"owner": 50, "normal": 2, "machine": 9}));
    });
}

#[test]
fn bad_bodies_are_named_by_field_and_rule() {
    run(async |world| {
        let alice = world.person("alice");
        for (body, field, rule) in [
            (json!({}), "name", "must be given"),
            (json!({"name": ""}), "name", "1 to 64"),
            (json!({"name": 5}), "name", "must be a string"),
            (json!({"name": "a", "owner": "bob"}), "owner", "unknown field"),
            (json!({"name": "a", "policy": "lax"}), "policy", "must be strict or flexible"),
            (json!({"name": "a", "policy": 5}), "policy", "must be `strict`"),
            (json!({"name": "a", "policy": ["strict"]}), "policy", "an object"),
            (json!({"name": "a", "policy": {"quota": [3, 4, 5]}}), "policy.quota", "must be an object"),
            (
                json!({"name": "a", "policy": {"notices": {"tell": [true, true, true, true]}}}),
                "policy.notices.tell",
                "must be an object",
            ),
            (json!({"name": "a", "policy": {"quota": {"owner": 101}}}), "policy.quota.owner", "0 to 100"),
            (json!({"name": "a", "policy": {"quota": {"guest": 1}}}), "policy.quota.guest", "unknown field"),
            (
                json!({"name": "a", "policy": {"lifetime": {"min_seconds": 9, "max_seconds": 8}}}),
                "policy.lifetime",
                "(9)",
            ),
        ] {
            alice.post("/v1/organizations", body).await.expect_invalid(field, rule);
        }
        assert_eq!(world.items().len(), 0);
    });
}

#[test]
fn a_key_creates_no_organization_and_lists_none() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let machine = world.key(key["secret"]["token"].as_str().unwrap());
        machine.post("/v1/organizations", json!({"name": "a"})).await.expect_problem(403, "forbidden");
        machine.get("/v1/organizations").await.expect_problem(403, "forbidden");
    });
}

#[test]
fn an_unverified_address_creates_no_organization() {
    run(async |world| {
        let issuer = world.stack.issuer();
        let mut claims = issuer.claims("eve", "eve@example.com", "Eve");
        claims["email_verified"] = json!(false);
        let token = issuer.sign(&issuer.header(), &claims);
        let eve = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        eve.post("/v1/organizations", json!({"name": "a"})).await.expect_problem(403, "forbidden");
    });
}

#[test]
fn creation_can_be_restricted_to_sign_ins_that_carry_a_permission() {
    let parameters = [("OrganizationCreation".to_owned(), "organizations:create".to_owned())].into();
    kit::run_with(kit::Options { parameters, ..kit::Options::default() }, async |world| {
        let issuer = world.stack.issuer();
        let body = || json!({"name": "a"});
        world.person("alice").post("/v1/organizations", body()).await.expect_problem(403, "forbidden");
        for (claim, value, status) in [
            ("scope", json!("openid organizations:read"), 403),
            ("scope", json!("openid organizations:create"), 201),
            ("permissions", json!(["organizations:*"]), 201),
            ("permissions", json!("organizations:create"), 403),
        ] {
            let mut claims = issuer.claims("bob", "bob@example.com", "Bob");
            claims[claim] = value;
            let token = issuer.sign(&issuer.header(), &claims);
            let bob = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
            bob.post("/v1/organizations", body()).await.expect(status);
        }
    });
}

#[test]
fn a_person_owns_20_organizations_at_most_whichever_way() {
    run(async |world| {
        let (alice, body) = (world.person("alice"), || json!({"name": "a"}));
        let mut made = vec![];
        for _ in 0..19 {
            made.push(alice.post("/v1/organizations", body()).await.expect(201));
        }
        // Two creations at once, of which the first is held at its write.
        let write = ("manage-organization", "TransactWriteItems", 1);
        let create = || alice.post("/v1/organizations", body());
        let (first, second) = world.while_held(write, create(), create()).await;
        second.expect(201);
        first.expect_invalid("organizations", "at most 20");
        assert_eq!(world.audit("organization.created").len(), 20);
        let owned = world.items_of("OWNED");
        assert_eq!((owned.len(), owned[0]["organization_ids"].as_array().unwrap().len()), (1, 20));

        // An invitation as an owner is not accepted beyond the limit, and a membership is not raised.
        let organization = world.organization("bob", "strict").await;
        let path = organization.user_path(&organization.invite_as("alice", "owner").await);
        alice.get(&organization.path).await.expect_forbidden_by_gateway();
        assert!(
            world
                .stack
                .logs()
                .by_function("authorize-request")
                .iter()
                .any(|line| line.contains("owns_too_many_organizations"))
        );
        organization.owner.patch(&path, json!({"kind": "normal"})).await.expect(200);
        alice.get(&organization.path).await.expect(200);
        let raise = || json!({"kind": "owner"});
        organization.owner.patch(&path, raise()).await.expect_invalid("organizations", "at most 20");

        // One that the person owns no more makes room, whether they are demoted or suspended.
        let own = format!("/v1/organizations/{}", made[0]["organization_id"].as_str().unwrap());
        let invite = json!({"kind": "owner", "name": "bob", "email": "bob@example.com"});
        alice.post(&format!("{own}/users"), invite).await.expect(201);
        world.person("bob").get(&own).await.expect(200);
        alice.patch(&format!("{own}/users/me"), json!({"kind": "normal"})).await.expect(200);
        organization.owner.patch(&path, raise()).await.expect(200);
        organization.owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
        alice.post("/v1/organizations", body()).await.expect(201);
        let lift = organization.owner.patch(&path, json!({"status": "active"})).await;
        lift.expect_invalid("organizations", "at most 20");
    });
}

fn id(length: usize) -> insta::internals::Redaction {
    insta::dynamic_redaction(move |value, _| {
        let text = value.as_str().expect("an id is text");
        assert!(text.len() == length && text.bytes().all(|c| c.is_ascii_alphanumeric()), "{text}");
        "[id]"
    })
}

fn time() -> insta::internals::Redaction {
    insta::dynamic_redaction(|value, _| {
        let text = value.as_str().expect("a time is text");
        assert!(text.len() == 20 && text.ends_with('Z'), "{text}");
        "[time]"
    })
}
