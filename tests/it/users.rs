use kit::run;
use serde_json::{Value, json};

#[test]
fn a_machine_user_is_made_with_two_keys_at_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let keys =
            json!([{"name": "blue", "expires_in_days": 30}, {"name": "green", "expires_in_days": 365}]);
        let body = json!({"kind": "machine", "name": "ci", "access_keys": keys});
        let made = organization.owner.post(&format!("{}/users", organization.path), body).await.expect(201);
        assert_eq!(
            (&made["kind"], &made["email"], &made["status"]),
            (&json!("machine"), &Value::Null, &json!("active"))
        );
        let keys = made["access_keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        for key in keys {
            let token = key["secret"]["token"].as_str().unwrap();
            let me = world.key(token).get("/v1/whoami").await.expect(200);
            assert_eq!((&me["user_id"], &me["key_id"]), (&made["user_id"], &key["key_id"]));
        }
        let path = organization.user_path(made["user_id"].as_str().unwrap());
        let shown = organization.owner.get(&path).await.expect(200);
        assert_eq!(shown.get("access_keys"), None);
        assert_eq!(world.audit("access_key.created").len(), 2);
    });
}

#[test]
fn a_machine_with_keys_is_made_whole_or_not_at_all() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let before = world.items().len();
        let users = format!("{}/users", organization.path);
        let key = |days: i64| json!({"name": "k", "expires_in_days": days});
        let machine = |keys: Value| json!({"kind": "machine", "name": "ci", "access_keys": keys});
        let owner = &organization.owner;
        owner
            .post(&users, machine(json!([key(1), key(1), key(1)])))
            .await
            .expect_problem(409, "quota_exceeded");
        let refused = owner
            .post(&users, machine(json!([key(1), key(366)])))
            .await
            .expect_problem(422, "policy_violation");
        assert_eq!(
            (&refused["rule"], &refused["value"]),
            (&json!("lifetime.max_seconds"), &json!("31536000"))
        );
        owner.post(&users, machine(json!([key(0)]))).await.expect_invalid("expires_in_days", "1 or more");
        owner
            .post(&users, machine(json!(vec![key(1); 21])))
            .await
            .expect_invalid("access_keys", "20 at most");
        assert_eq!(world.items().len(), before);
    });
}

#[test]
fn bad_bodies_are_named_by_field_and_rule() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let users = format!("{}/users", organization.path);
        for (body, field, rule) in [
            (json!({"kind": "machine"}), "body", "missing field `name`"),
            (json!({"kind": "robot", "name": "a"}), "kind", "unknown variant"),
            (json!({"kind": "normal", "name": "a"}), "email", "must be given"),
            (json!({"kind": "normal", "name": "a", "email": "a"}), "email", "e-mail address"),
            (json!({"kind": "machine", "name": "a", "user_id": "x"}), "user_id", "unknown field"),
            (
                json!({"kind": "normal", "name": "a", "email": "a@b.co", "access_keys": [{"name": "k", "expires_in_days": 1}]}),
                "access_keys",
                "machine",
            ),
            (
                json!({"kind": "machine", "name": "a", "access_keys": [{"name": "", "expires_in_days": 1}]}),
                "access_keys[0].name",
                "1 to 64",
            ),
        ] {
            organization.owner.post(&users, body).await.expect_invalid(field, rule);
        }
    });
}

#[test]
fn an_address_belongs_to_one_user_of_an_organization() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        first.invite("carol").await;
        let again = json!({"kind": "normal", "name": "c", "email": "Carol@Example.COM"});
        first
            .owner
            .post(&format!("{}/users", first.path), again.clone())
            .await
            .expect_problem(409, "email_taken");
        second.owner.post(&format!("{}/users", second.path), again).await.expect(201);
    });
}

#[test]
fn an_invited_person_is_linked_at_the_first_sign_in_and_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let path = organization.user_path("me");
        let people: Vec<_> = (0..8).map(|_| world.person("carol")).collect();
        let answers = futures_util::future::join_all(people.iter().map(|person| person.get(&path))).await;
        for answer in answers {
            assert_eq!(answer.expect(200)["user_id"], json!(carol));
        }
        assert_eq!(world.audit("user.linked").len(), 1);
        assert_eq!(world.items_of("SUBJECT#").len(), 2);

        let issuer = world.stack.issuer();
        let token = issuer.token("another-subject", "carol@example.com", "carol");
        let other = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        other.get(&path).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn an_unverified_address_links_nobody() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let issuer = world.stack.issuer();
        let mut claims = issuer.claims("mallory", "carol@example.com", "carol");
        claims["email_verified"] = json!(false);
        let token = issuer.sign(&issuer.header(), &claims);
        let mallory = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        mallory.get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        assert_eq!(world.audit("user.linked").len(), 0);
    });
}

#[test]
fn users_are_listed_page_by_page() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let mut expected = vec![];
        for number in 0..5 {
            expected.push(organization.machine(&format!("m{number}")).await);
        }
        let (mut seen, mut cursor) = (vec![], String::new());
        loop {
            let path = format!("{}/users?limit=2{cursor}", organization.path);
            let page = organization.owner.get(&path).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            seen.extend(items.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert!(
            seen.is_sorted() && seen.len() == 6 && expected.iter().all(|id| seen.contains(id)),
            "{seen:?}"
        );
    });
}

#[test]
fn list_parameters_are_checked() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for (query, field, rule) in [
            ("limit=0", "limit", "1 to 100"),
            ("limit=101", "limit", "1 to 100"),
            ("limit=ten", "limit", "1 to 100"),
            ("cursor=x", "cursor", "next_cursor"),
            ("status=active", "status", "not a parameter"),
        ] {
            organization
                .owner
                .get(&format!("{}/users?{query}", organization.path))
                .await
                .expect_invalid(field, rule);
        }
    });
}

#[test]
fn a_suspended_user_and_its_keys_are_refused_until_it_is_lifted() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 30).await;
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        client.get("/v1/whoami").await.expect(200);
        let path = organization.user_path(&machine);
        let suspended = organization.owner.patch(&path, json!({"status": "suspended"})).await;
        let version = suspended.header("etag").to_owned();
        assert_eq!(suspended.expect(200)["status"], "suspended");
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        let body = json!({"name": "k", "expires_in_days": 1});
        organization.owner.post(&organization.keys_of(&machine), body).await.expect_problem(409, "conflict");

        organization.owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(world.audit("user.updated").len(), 1);
        let late = organization.owner.clone().with_header("if-match", "\"1\"");
        late.patch(&path, json!({"status": "active"})).await.expect_problem(412, "precondition_failed");
        let current = organization.owner.clone().with_header("if-match", &version);
        current.patch(&path, json!({"status": "active"})).await.expect(200);
        client.get("/v1/whoami").await.expect(200);
    });
}

#[test]
fn the_last_active_owner_stays() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let me = organization.user_path("me");
        organization.owner.patch(&me, json!({"status": "suspended"})).await.expect_problem(409, "last_owner");
        let bob = organization.invite_as("bob", "owner").await;
        let bob_client = world.person("bob");
        bob_client.get(&organization.path).await.expect(200);

        let alice = organization.owner.get(&me).await.expect(200)["user_id"].as_str().unwrap().to_owned();
        let (alices, bobs) = (organization.user_path(&bob), organization.user_path(&alice));
        let suspend = || json!({"status": "suspended"});
        let (by_alice, by_bob) =
            tokio::join!(organization.owner.patch(&alices, suspend()), bob_client.patch(&bobs, suspend()));
        let mut statuses = [by_alice.status, by_bob.status];
        statuses.sort_unstable();
        assert!(statuses[0] == 200 && matches!(statuses[1], 403 | 409), "{statuses:?}");
        let owners = world.items_of("ORG").into_iter().find(|item| item.contains_key("owner_ids")).unwrap();
        assert_eq!(owners["owner_ids"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn users_of_another_organization_do_not_exist() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        let machine = second.machine("ci").await;
        for named in [machine.as_str(), "000000000000", "x"] {
            let path = first.user_path(named);
            first.owner.get(&path).await.expect_problem(404, "not_found");
            first.owner.patch(&path, json!({"status": "suspended"})).await.expect_problem(404, "not_found");
            first.owner.get(&first.keys_of(named)).await.expect_problem(404, "not_found");
        }
        second.owner.get(&second.user_path(&machine)).await.expect(200);
        first.owner.get(&second.user_path(&machine)).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn normal_users_see_themselves_alone() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let machine = organization.machine("ci").await;
        let carol = world.person("carol");
        carol.get(&organization.user_path("me")).await.expect(200);
        carol.get(&organization.path).await.expect_problem(403, "forbidden");
        carol.get(&format!("{}/users", organization.path)).await.expect_problem(403, "forbidden");
        carol.get(&organization.user_path(&machine)).await.expect_problem(403, "forbidden");
        carol
            .patch(&organization.user_path("me"), json!({"status": "active"}))
            .await
            .expect_problem(403, "forbidden");
        let body = json!({"kind": "machine", "name": "m"});
        carol.post(&format!("{}/users", organization.path), body).await.expect_problem(403, "forbidden");
    });
}
