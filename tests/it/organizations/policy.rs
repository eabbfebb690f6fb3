//! The policy of an organization and its preview.

use kit::run;
use serde_json::{Value, json};

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
        let gone = organization.key(&two, 5).await;
        owner.post(&format!("{}/revoke", organization.key_path(&gone)), json!(null)).await.expect(200);
        let (short, fine) = (organization.key(&two, 30).await, organization.key(&two, 10).await);
        let before = world.items();

        let listed = async |policy: Value, limit: usize| {
            let (mut broken, mut live, mut cursor) = (vec![], 0, String::new());
            for _ in 0..20 {
                let body = json!({"policy": policy});
                let page = owner.post(&format!("{path}?limit={limit}{cursor}"), body).await.expect(200);
                let items = page["items"].as_array().unwrap().clone();
                let counted = usize::try_from(page["live_keys"].as_u64().unwrap()).unwrap();
                assert!(items.len() <= counted && counted <= limit, "{page}");
                live += counted;
                broken.extend(items);
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(live, 4, "every live key is counted once, and none that has ended");
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
