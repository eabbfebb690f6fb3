use kit::{Effect, Fault, Service, When, run};
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
        owner
            .post(&users, machine(json!([key(0)])))
            .await
            .expect_invalid("access_keys[0].expires_in_days", "1 or more");
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
            (json!({"kind": "machine"}), "name", "must be given"),
            (json!({"kind": "robot", "name": "a"}), "kind", "must be owner, normal or machine"),
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
            (
                json!({"kind": "machine", "name": "a", "access_keys": [["k", 1]]}),
                "access_keys[0]",
                "must be an object",
            ),
            (
                json!({"kind": "machine", "name": "a", "notifications": [{"email": false}]}),
                "notifications",
                "must be an object",
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
fn an_owner_who_never_signed_in_is_not_the_one_to_leave_an_organization_to() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (alice, me) = (&organization.owner, organization.user_path("me"));
        let (normal, owner) = (|| json!({"kind": "normal"}), || json!({"kind": "owner"}));
        let suspended = || json!({"status": "suspended"});
        let stays = async || {
            alice.patch(&me, normal()).await.expect_problem(409, "last_owner");
            alice.patch(&me, suspended()).await.expect_problem(409, "last_owner");
            alice.delete(&me).await.expect_problem(409, "last_owner");
        };
        let mistyped = organization.invite_as("bbo", "owner").await;
        stays().await;
        alice.delete(&organization.user_path(&mistyped)).await.expect(204);

        let bobs = organization.user_path(&organization.invite_as("bob", "owner").await);
        for body in [normal(), owner(), suspended(), json!({"status": "active"})] {
            alice.patch(&bobs, body).await.expect(200);
            stays().await;
        }
        let bob = world.person("bob");
        bob.get(&organization.path).await.expect(200);
        for (away, back) in [(normal(), owner()), (suspended(), json!({"status": "active"}))] {
            alice.patch(&bobs, away).await.expect(200);
            stays().await;
            alice.patch(&bobs, back).await.expect(200);
        }
        alice.patch(&me, normal()).await.expect(200);
        bob.patch(&me, normal()).await.expect_problem(409, "last_owner");
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

#[test]
fn the_keys_of_a_deleted_user_are_refused_at_once_and_its_address_is_free() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let carol = organization.invite("carol").await;
        let body = || json!({"name": "mine", "expires_in_days": 30});
        let key = world.person("carol").post(&organization.keys_of("me"), body()).await.expect(201);
        let client = world.key(key["secret"]["token"].as_str().unwrap());
        world.stack.warm_up("authorize-request", 3).await.unwrap();
        for _ in 0..4 {
            client.get("/v1/whoami").await.expect(200);
        }
        let path = organization.user_path(&carol);
        assert_eq!(organization.owner.delete(&path).await.expect(204), Value::Null);
        for _ in 0..4 {
            client.get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        world.person("carol").get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        organization.owner.get(&path).await.expect_problem(404, "not_found");
        organization.owner.get(&organization.key_path(&key)).await.expect_problem(404, "not_found");
        assert_eq!((world.items_of("KEY#").len(), world.audit("user.deleted").len()), (0, 1));
        let again = organization.invite("carol").await;
        assert_ne!(again, carol);
        assert_eq!(
            world.person("carol").get(&organization.user_path("me")).await.expect(200)["user_id"],
            again.as_str()
        );
        client.get("/v1/whoami").await.expect_forbidden_by_gateway();
    });
}

#[test]
fn a_deletion_that_is_cut_off_anywhere_refuses_the_keys_and_is_finished_by_repeating_it() {
    for call in 1..=8 {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let machine = organization.machine("ci").await;
            let keys = [organization.key(&machine, 30).await, organization.key(&machine, 30).await];
            let clients: Vec<_> =
                keys.iter().map(|key| world.key(key["secret"]["token"].as_str().unwrap())).collect();
            world.stack.warm_up("manage-users", 1).await.unwrap();
            let fault = Fault::anywhere(Effect::KillAfter).function("manage-users").when(When::Nth(call));
            world.stack.faults().add(fault);
            let path = organization.user_path(&machine);
            let cut_off = organization.owner.delete(&path).await.status;
            world.stack.faults().clear();
            let marked = !world.audit("user.deleted").is_empty();
            assert!(cut_off == 500 || marked, "call {call}: {cut_off}");
            for client in &clients {
                let answer = client.get("/v1/whoami").await;
                assert_eq!(answer.status, if marked { 403 } else { 200 }, "call {call}");
            }
            let again = organization.owner.delete(&path).await.status;
            assert!(matches!(again, 204 | 404), "call {call}: {again} after {cut_off}");
            organization.owner.get(&path).await.expect_problem(404, "not_found");
            let left =
                world.items().into_iter().filter(|item| item["PK"] == format!("USER#{machine}").as_str());
            assert_eq!(left.filter(|item| item["SK"] != "USER").count(), 0, "call {call}");
            assert_eq!(world.audit("user.deleted").len(), 1, "call {call}");
        });
    }
}

#[test]
fn owners_who_demote_delete_or_suspend_each_other_at_once_leave_one() {
    let rounds = ["kind", "delete", "status"].into_iter().flat_map(|round| [(round, false), (round, true)]);
    for (round, lost) in rounds {
        run(async |world| {
            let organization = world.organization("alice", "strict").await;
            let bob = organization.invite_as("bob", "owner").await;
            let bob_client = world.person("bob");
            bob_client.get(&organization.path).await.expect(200);
            let me = organization.owner.get(&organization.user_path("me")).await.expect(200);
            let alice = me["user_id"].as_str().unwrap();
            if lost {
                let fault = Fault::on(Service::DynamoDb, Effect::LoseReply).operation("TransactWriteItems");
                world.stack.faults().add(fault.function("manage-users").when(When::First(2)));
            }
            let (bobs, alices) = (organization.user_path(&bob), organization.user_path(alice));
            let end = async |client: &kit::Client, path: &str| match round {
                "kind" => client.patch(path, json!({"kind": "normal"})).await.status,
                "status" => client.patch(path, json!({"status": "suspended"})).await.status,
                _ => client.delete(path).await.status,
            };
            let answers = tokio::join!(end(&organization.owner, &bobs), end(&bob_client, &alices));
            world.stack.faults().clear();
            let of_organization =
                world.items_of("ORG").into_iter().find(|item| item.contains_key("owner_ids")).unwrap();
            assert_eq!(of_organization["owner_ids"].as_array().unwrap().len(), 1, "{round}: {answers:?}");
            let active = |user: &&kit::Item| user["kind"] == "owner" && user["status"] == "active";
            assert_eq!(world.items_of("USER").iter().filter(active).count(), 1, "{round}: {answers:?}");
            let event = if round == "delete" { "user.deleted" } else { "user.updated" };
            assert_eq!(world.audit(event).len(), 1, "{round}: {answers:?}");
        });
    }
}

#[test]
fn a_user_is_changed_by_those_who_may_and_told_of_it() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        organization.role("reader", &["clusters:read"]).await;
        let (client, me) = (world.person("carol"), organization.user_path("me"));
        let switches = json!({"key_expiring": {"email": false}});
        let mine =
            client.patch(&me, json!({"name": "Carol C.", "notifications": switches})).await.expect(200);
        assert_eq!(
            (&mine["name"], &mine["notifications"]["key_expiring"]),
            (&json!("Carol C."), &json!({"email": false, "inbox": true}))
        );
        for body in [
            json!({"kind": "owner"}),
            json!({"roles": ["reader"]}),
            json!({"groups": []}),
            json!({"email": "else@example.com"}),
            json!({"status": "suspended"}),
        ] {
            client.patch(&me, body).await.expect_problem(403, "forbidden");
        }
        let inbox = format!("{me}/inbox");
        assert_eq!(client.get(&inbox).await.expect(200)["items"], json!([]));
        let path = organization.user_path(&carol);
        organization.owner.patch(&path, json!({"roles": ["reader"]})).await.expect(200);
        let told = client.get(&inbox).await.expect(200);
        assert_eq!(
            (told["items"].as_array().unwrap().len(), &told["items"][0]["event"]),
            (1, &json!("access_changed"))
        );
        let quiet = json!({"notifications": {"access_changed": {"inbox": false}}});
        client.patch(&me, quiet).await.expect(200);
        organization.owner.patch(&path, json!({"roles": []})).await.expect(200);
        assert_eq!(client.get(&inbox).await.expect(200), told);

        let taken = json!({"email": "alice@example.com"});
        organization.owner.patch(&path, taken).await.expect_problem(409, "email_taken");
        organization
            .owner
            .patch(&path, json!({"email": null}))
            .await
            .expect_invalid("email", "must be given");
        organization.owner.patch(&path, json!({"email": "new@example.com"})).await.expect(200);
        organization.invite("carol").await;
    });
}
