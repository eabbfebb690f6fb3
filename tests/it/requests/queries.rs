//! Queries that are odd on every route.

use kit::run;
use serde_json::json;

use crate::{
    matrix::{api_cases, state},
    refusals::filled,
};

/// Returns so many of these, from one of them on: every part of a test gets others.
fn dealt<T: Copy, const N: usize>(all: [T; N], first: usize, count: usize) -> impl Iterator<Item = T> {
    (first..first + count).map(move |at| all[at % N])
}

#[test]
fn an_odd_query_is_refused_by_field_and_rule_on_every_route() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        organization.role("r", &["x:y"]).await;
        let group = format!("{}/groups/g", organization.path);
        organization.owner.put(&group, json!({"roles": []})).await.expect(200);
        let key = organization.machine_key().await;
        let before = state(world);
        let mut lists = 0;
        for (number, (route, _, body, _)) in api_cases().into_iter().enumerate() {
            // GitHub alone reaches this route, with a signature.
            if route.ends_with("/github") {
                continue;
            }
            let (method, path) = filled(route, &organization, &key);
            let send = async |query: &str| {
                let path = format!("{path}?{query}");
                organization.owner.send(method.clone(), &path, Some(body.clone())).await
            };
            // One way to read queries serves every route, so each route gets one of them.
            let odd = [("=1", "query"), ("=", "query"), ("%20=1", "query"), ("+=", "query"), ("x", "x")];
            for (query, field) in dealt(odd, number, 1) {
                let refused = send(query).await.expect_problem(400, "invalid_request");
                assert_eq!(refused["field"], field, "{route} {query}");
                assert!(refused["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{route} {query}");
            }
            // A list knows `limit`. A bad value is another refusal than an unknown parameter.
            let refused = send("limit").await.expect_problem(400, "invalid_request");
            assert_eq!(refused["field"], "limit", "{route}");
            if refused["rule"] != "must be 1 to 100" {
                continue;
            }
            let limits = [
                ("limit=", "1 to 100"),
                ("limit=1&limit=2", "given once"),
                ("limit=1&limit=1", "given once"),
                ("limit=%FF", "UTF-8"),
                ("limit=1+", "1 to 100"),
                ("limit=+1", "1 to 100"),
                ("limit=%2B1", "1 to 100"),
                ("limit=%", "1 to 100"),
                ("limit=1%00", "1 to 100"),
                ("limit=0", "1 to 100"),
                ("limit=101", "1 to 100"),
            ];
            for (query, rule) in dealt(limits, 3 * lists, 3) {
                send(query).await.expect_invalid("limit", rule);
            }
            for query in dealt(["cursor", "cursor=", "cursor=+", "cursor=%00", "cursor=AAAA"], lists, 1) {
                send(query).await.expect_invalid("cursor", "next_cursor");
            }
            send("cursor=%FF").await.expect_invalid("cursor", "UTF-8");
            send("%6Cimit=1&&").await.expect(200);
            lists += 1;
        }
        assert!(lists >= 9, "{lists}");
        assert!(state(world) == before, "something changed");
    });
}

#[test]
fn a_search_for_the_replacement_character_is_text_and_other_bytes_are_not() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let name = json!({"kind": "machine", "name": "odd \u{fffd} name"});
        organization.owner.post(&format!("{}/users", organization.path), name).await.expect(201);
        for (list, found) in [("users", 1), ("access-keys", 0), ("users/me/access-keys", 0)] {
            let send =
                async |q: &str| organization.owner.get(&format!("{}/{list}?q={q}", organization.path)).await;
            for text in ["%EF%BF%BD", "%EF%BF%BD&limit=5", "%EF%BF%BD+name"] {
                let page = send(text).await.expect(200);
                assert_eq!(page["items"].as_array().unwrap().len(), found, "{list} {text}");
            }
            for bytes in ["%FF", "%EF%BF%BD%FF", "%EF%BF", "%ED%A0%80"] {
                send(bytes).await.expect_invalid("q", "UTF-8");
            }
            send("%EF%BF%BD&limit=%FF").await.expect_invalid("limit", "UTF-8");
            send("%EF%BF%BD&%71=%FF").await.expect_invalid("q", "");
        }
    });
}

#[test]
fn an_empty_or_odd_filter_is_refused_by_its_name() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let mut number = 0;
        for (path, filters) in [
            ("access-keys", &["status", "kind", "expires_before", "unused_since"] as &[_]),
            ("users/me/access-keys", &["status", "expires_before", "unused_since"]),
            ("users/me/inbox", &["state"]),
            ("audit-events", &["actor", "action", "target", "since", "until"]),
        ] {
            for filter in filters {
                number += 2;
                for value in dealt(["", "=", "=+", "=%FF", "=%00", "=a&x", "=%22%3C%3E"], number, 2) {
                    let path = format!("{}/{path}?{filter}{value}", organization.path);
                    let refused = organization.owner.get(&path).await.expect_problem(400, "invalid_request");
                    let field = refused["field"].as_str().unwrap();
                    assert!(field == *filter || field == "x", "{path}: {refused}");
                    assert!(refused["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{path}");
                }
                let doubled = format!("{}/{path}?{filter}=a&{filter}=a", organization.path);
                organization.owner.get(&doubled).await.expect_invalid(filter, "given once");
            }
        }
    });
}
