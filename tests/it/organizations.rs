use insta::assert_json_snapshot;
use kit::{Options, run, run_with};
use serde_json::{Value, json};

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
        assert_eq!(listed, json!({"items": [made], "next_cursor": null}));
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
fn a_person_lists_what_they_own_and_what_they_were_invited_to() {
    run(async |world| {
        let first = world.organization("alice", "strict").await;
        let second = world.organization("bob", "strict").await;
        second.invite("alice").await;
        let alice = world.person("alice");
        let mut expected = [first.id.clone(), second.id.clone()];
        expected.sort();
        let ids = |page: &Value| {
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["organization_id"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&alice.get("/v1/organizations").await.expect(200)), expected);

        let page = alice.get("/v1/organizations?limit=1").await.expect(200);
        assert_eq!(ids(&page), expected[..1]);
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = alice.get(&format!("/v1/organizations?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!(
            (ids(&rest), &rest["next_cursor"]),
            (expected[1..].iter().map(|id| json!(id)).collect(), &Value::Null)
        );
        world
            .person("bob")
            .get(&format!("/v1/organizations?cursor={cursor}"))
            .await
            .expect_invalid("cursor", "next_cursor");
        assert_eq!(ids(&world.person("carol").get("/v1/organizations").await.expect(200)).len(), 0);
    });
}

#[test]
fn an_organization_is_a_secret_to_others() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        world.person("bob").get(&organization.path).await.expect_forbidden_by_gateway();
        world.person("bob").get("/v1/organizations/0000000000000000").await.expect_forbidden_by_gateway();
        world.anonymous().get(&organization.path).await.expect_forbidden_by_gateway();
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

#[test]
fn a_policy_is_changed_value_by_value_or_by_a_preset() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (owner, path) = (&organization.owner, &organization.path);
        let before = owner.get(path).await.expect(200);
        let quota = json!({"policy": {"quota": {"machine": 5}}});
        let changed = owner.patch(path, quota).await;
        assert_eq!(changed.header("etag"), "\"2\"");
        let mut expected = before.clone();
        expected["policy"]["quota"]["machine"] = json!(5);
        expected["version"] = json!(2);
        assert_eq!(changed.expect(200), expected);
        let flexible = owner.patch(path, json!({"policy": "flexible"})).await.expect(200);
        assert_eq!(
            (&flexible["policy"]["preset"], &flexible["policy"]["quota"]["machine"]),
            (&json!("flexible"), &json!(2))
        );
        let late = owner.clone().with_header("if-match", "\"2\"");
        late.patch(path, json!({"name": "x"})).await.expect_problem(412, "precondition_failed");
        assert_eq!(world.audit("organization.updated").len(), 2);
    });
}

#[test]
fn a_policy_that_contradicts_itself_is_refused_with_both_values() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let before = organization.owner.get(&organization.path).await.expect(200);
        let patch = json!({"policy": {"lifetime": {"max_seconds": 3_600}}});
        let refused =
            organization.owner.patch(&organization.path, patch).await.expect_problem(400, "invalid_request");
        assert_eq!(refused["field"], "policy.lifetime");
        let rule = refused["rule"].as_str().unwrap();
        assert!(rule.contains("86400") && rule.contains("3600"), "{rule}");
        for (policy, field, rule) in [
            (json!({"quota": {"normal": 101}}), "policy.quota.normal", "0 to 100"),
            (json!({"lifetime": {"min_seconds": 0}}), "policy.lifetime.min_seconds", "1 to"),
            (json!({"notices": {"days_before": [7, 7]}}), "policy.notices.days_before", "different"),
            (json!({"quota": [3, 4, 5]}), "policy.quota", "must be an object"),
            (json!({"extension": "sometimes"}), "policy.extension", "none, before_expiry or any_time"),
        ] {
            let patch = json!({"policy": policy});
            organization.owner.patch(&organization.path, patch).await.expect_invalid(field, rule);
        }
        assert_eq!(organization.owner.get(&organization.path).await.expect(200), before);
    });
}

#[test]
fn a_quota_that_is_lowered_lets_no_further_key_be_made_until_the_count_is_below_it() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let owner = &organization.owner;
        let quota = |machine: u32| json!({"policy": {"quota": {"machine": machine}}});
        owner.patch(&organization.path, quota(3)).await.expect(200);
        let machine = organization.machine("ci").await;
        let mut keys = vec![];
        for _ in 0..3 {
            keys.push(organization.key(&machine, 30).await);
        }
        owner.patch(&organization.path, quota(1)).await.expect(200);
        let body = || json!({"name": "k", "expires_in_days": 1});
        let path = organization.keys_of(&machine);
        for key in &keys {
            let client = world.key(key["secret"]["token"].as_str().unwrap());
            client.get("/v1/whoami").await.expect(200);
            owner.post(&path, body()).await.expect_problem(409, "quota_exceeded");
            owner.post(&format!("{}/revoke", organization.key_path(key)), Value::Null).await.expect(200);
        }
        owner.post(&path, body()).await.expect(201);
        owner.post(&path, body()).await.expect_problem(409, "quota_exceeded");
    });
}

#[test]
fn a_preview_lists_the_keys_that_a_policy_would_not_allow_with_the_rule_page_by_page() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (owner, path) = (&organization.owner, format!("{}/policy-preview", organization.path));
        let (one, two) = (organization.machine("one").await, organization.machine("two").await);
        let never = json!({"name": "never", "never_expires": true});
        let never = owner.post(&organization.keys_of(&one), never).await.expect(201);
        let long = organization.key(&one, 400).await;
        let (short, fine) = (organization.key(&two, 30).await, organization.key(&two, 10).await);
        let before = world.items();

        let listed = async |policy: Value, limit: usize| {
            let (mut broken, mut cursor) = (vec![], String::new());
            for _ in 0..20 {
                let body = json!({"policy": policy});
                let page = owner.post(&format!("{path}?limit={limit}{cursor}"), body).await.expect(200);
                let items = page["items"].as_array().unwrap().clone();
                assert!(items.len() <= limit);
                broken.extend(items);
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let mut broken: Vec<_> = broken
                .iter()
                .map(|item| (item["access_key"]["key_id"].clone(), item["rule"].as_str().unwrap().to_owned()))
                .collect();
            broken.sort_by_key(|(id, _)| id.to_string());
            broken
        };
        let expect = |keys: &[(&Value, &str)]| {
            let mut keys: Vec<_> =
                keys.iter().map(|(key, rule)| (key["key_id"].clone(), (*rule).to_owned())).collect();
            keys.sort_by_key(|(id, _)| id.to_string());
            keys
        };
        for limit in [1, 2, 50] {
            let strict = [(&never, "lifetime.allow_never"), (&long, "lifetime.max_seconds")];
            assert_eq!(listed(json!("strict"), limit).await, expect(&strict), "{limit}");
            let quota = json!({"quota": {"machine": 1}});
            assert_eq!(
                listed(quota, limit).await,
                expect(&[(&never, "quota.machine"), (&short, "quota.machine")])
            );
            let least = json!({"lifetime": {"min_seconds": 1_000_000}});
            assert_eq!(listed(least, limit).await, expect(&[(&fine, "lifetime.min_seconds")]));
            assert_eq!(listed(json!("flexible"), limit).await, []);
        }
        assert_eq!(world.items(), before);
        let odd = json!({"policy": {"lifetime": {"min_seconds": 9, "max_seconds": 8}}});
        owner.post(&path, odd).await.expect_invalid("policy.lifetime", "(9)");
        let page = owner.post(&format!("{path}?limit=1"), json!({"policy": "strict"})).await.expect(200);
        let other = format!("{path}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
        owner.post(&other, json!({"policy": "flexible"})).await.expect_invalid("cursor", "next_cursor");
    });
}

#[test]
fn a_suspended_organization_is_lifted_by_its_owner_alone() {
    run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let carol = world.person("carol");
        carol.get(&organization.user_path("me")).await.expect(200);
        let key = organization.machine_key().await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        let status = |status: &str| json!({"status": status});
        organization.owner.patch(&organization.path, status("suspended")).await.expect(200);
        world.forget_organizations().await;
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        carol.get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        carol.patch(&organization.path, status("active")).await.expect_forbidden_by_gateway();
        organization.owner.get(&format!("{}/users", organization.path)).await.expect_forbidden_by_gateway();
        assert_eq!(organization.owner.get(&organization.path).await.expect(200)["status"], "suspended");
        organization.owner.patch(&organization.path, status("active")).await.expect(200);
        world.forget_organizations().await;
        client.get("/v1/whoami").await.expect(200);
        carol.get(&organization.user_path("me")).await.expect(200);
    });
}
