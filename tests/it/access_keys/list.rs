//! Lists of keys: order, pages, cursors and cost.

use kit::{Organization, run};
use serde_json::{Value, json};

async fn pages(organization: &Organization, path: &str, limit: usize) -> Vec<Value> {
    organization.owner.pages(&format!("{path}?limit={limit}")).await
}

#[test]
fn keys_are_listed_by_expiry_page_by_page_and_masked() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let mut made = vec![];
        for number in 1..=3 {
            let machine = organization.machine(&format!("m{number}")).await;
            for days in [40 - number, 400 + number] {
                made.push((days, organization.key(&machine, days).await["key_id"].clone()));
            }
        }
        let lasting = json!({"name": "k", "never_expires": true});
        let lasting = organization.owner.post(&organization.keys_of("me"), lasting).await.expect(201);
        made.sort_by_key(|(days, _)| *days);
        let expected: Vec<_> =
            made.into_iter().map(|(_, id)| id).chain([lasting["key_id"].clone()]).collect();
        let all = format!("{}/access-keys", organization.path);
        for limit in [1, 2, 100] {
            let listed = pages(&organization, &all, limit).await;
            assert_eq!(listed.iter().map(|key| key["key_id"].clone()).collect::<Vec<_>>(), expected);
        }
        for key in pages(&organization, &all, 100).await {
            assert_eq!(organization.owner.get(&organization.key_path(&key)).await.expect(200), key);
        }
    });
}

#[test]
fn the_keys_of_one_user_are_listed_by_key_id() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let (machine, other) = (organization.machine("ci").await, organization.machine("cd").await);
        organization.key(&other, 5).await;
        let made = [organization.key(&machine, 300).await, organization.key(&machine, 30).await];
        let mut expected = made.map(|key| key["key_id"].as_str().unwrap().to_owned());
        expected.sort();
        for limit in [1, 2, 50] {
            let listed = pages(&organization, &organization.keys_of(&machine), limit).await;
            let ids: Vec<_> = listed.iter().map(|key| key["key_id"].as_str().unwrap()).collect();
            assert_eq!(ids, expected);
        }
        // A page that holds the last key says so.
        let path = format!("{}?limit=2", organization.keys_of(&machine));
        assert_eq!(organization.owner.get(&path).await.expect(200)["next_cursor"], Value::Null);
    });
}

#[test]
fn a_page_of_one_users_keys_costs_what_it_shows_however_many_were_revoked() {
    use kit::{Effect, Fault, Service};
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("ci").await;
        let revoked = organization.key(&machine, 300).await;
        let path = organization.key_path(&revoked);
        organization.owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        world.copy_key(revoked["key_id"].as_str().unwrap(), 300);
        let active = organization.key(&machine, 30).await;
        let unlimited = Effect::PartitionReads { units_per_second: u32::MAX };
        let fault = Fault::on(Service::DynamoDb, unlimited).operation("Query").function("list-access-keys");
        world.stack.faults().add(fault);
        let keys = organization.keys_of(&machine);
        let page = organization.owner.get(&format!("{keys}?limit=1")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert!(world.stack.faults().read_units() <= 1.0, "{}", world.stack.faults().read_units());
        world.stack.faults().clear();
        for limit in [7, 100] {
            let listed = pages(&organization, &keys, limit).await;
            let ids: std::collections::BTreeSet<_> =
                listed.iter().map(|key| key["key_id"].to_string()).collect();
            assert_eq!((listed.len(), ids.len()), (302, 302));
        }
        // A filtered page does bounded work too.
        world.stack.calls().clear();
        let found = organization.owner.pages(&format!("{keys}?status=active&limit=1")).await;
        assert_eq!(found.iter().map(|key| &key["key_id"]).collect::<Vec<_>>(), [&active["key_id"]]);
        let calls = world.stack.calls().by_function("list-access-keys");
        let queries = calls.iter().filter(|call| call.operation == "Query").count();
        assert!(queries <= 5, "{queries}");
    });
}

#[test]
fn a_revoked_key_is_gone_after_the_retention_and_an_expired_one_is_not() {
    let parameters = [("AuditRetentionDays".to_owned(), "30".to_owned())].into();
    kit::run_with(kit::Options { parameters, ..kit::Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let (revoked, expired) = (organization.key(&machine, 300).await, organization.key(&machine, 1).await);
        let path = organization.key_path(&revoked);
        let answer = organization.owner.post(&format!("{path}/revoke"), Value::Null).await.expect(200);
        let stored = |key: &Value| {
            let id = key["key_id"].as_str().unwrap();
            world.item(&format!("USER#{}", &id[..12]), &format!("KEY#{}", &id[12..])).unwrap()
        };
        let (item, day) = (stored(&revoked), kit::DAY);
        let (revoked_at, ttl) = (item["revoked_at"].as_i64().unwrap(), item["ttl"].as_i64().unwrap());
        assert_eq!((ttl - revoked_at, stored(&expired).get("ttl")), (30 * day, None));
        assert_eq!(answer["status"], "revoked");

        let lists = [organization.keys_of(&machine), format!("{}/access-keys", organization.path)];
        for (days, shown) in [(29, 2), (31, 1)] {
            world.travel(days * day);
            let owner = world.person("alice");
            for list in &lists {
                let listed = owner.get(list).await.expect(200);
                assert_eq!(listed["items"].as_array().unwrap().len(), shown, "{days} days, {list}");
            }
            owner.get(&path).await.expect(if shown == 2 { 200 } else { 404 });
        }
        let owner = world.person("alice");
        owner.post(&format!("{path}/revoke"), Value::Null).await.expect_problem(404, "not_found");
        owner.delete(&path).await.expect_problem(404, "not_found");
        let extended = owner.patch(&organization.key_path(&expired), json!({"expires_in_days": 5})).await;
        assert_eq!(extended.expect(200)["status"], "active");
    });
}

#[test]
fn a_page_costs_one_query_and_one_batch_read() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for number in 0..6 {
            organization.machine_key().await;
            organization.machine(&format!("bare{number}")).await;
        }
        let path = format!("{}/access-keys?limit=3", organization.path);
        let first = organization.owner.get(&path).await.expect(200);
        world.stack.calls().clear();
        let next = format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap());
        organization.owner.get(&next).await.expect(200);
        let calls = world.stack.calls().by_function("list-access-keys");
        let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
        assert_eq!(operations, ["Query", "BatchGetItem"]);
    });
}

#[test]
fn unprocessed_keys_are_asked_for_again_and_the_order_holds() {
    use kit::{Effect, Fault, Service, When};
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for _ in 0..4 {
            organization.machine_key().await;
        }
        let path = format!("{}/access-keys", organization.path);
        let whole = organization.owner.get(&path).await.expect(200);
        let fault = Fault::on(Service::DynamoDb, Effect::Unprocessed { count: 3 });
        world
            .stack
            .faults()
            .add(fault.operation("BatchGetItem").function("list-access-keys").when(When::First(2)));
        assert_eq!(organization.owner.get(&path).await.expect(200), whole);
        assert_eq!(world.stack.faults().struck(), 2);
    });
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    run(async |world| {
        let (first, second) =
            (world.organization("alice", "strict").await, world.organization("bob", "strict").await);
        for _ in 0..2 {
            first.machine_key().await;
        }
        let page = first.owner.get(&format!("{}/access-keys?limit=1", first.path)).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        for (client, path) in [
            (&second.owner, format!("{}/access-keys", second.path)),
            (&first.owner, first.keys_of("me")),
            (&first.owner, format!("{}/users", first.path)),
        ] {
            client.get(&format!("{path}?cursor={cursor}")).await.expect_invalid("cursor", "next_cursor");
        }
    });
}

#[test]
fn a_page_ends_where_the_next_key_and_its_user_do_not_fit_one_read() {
    run(async |world| {
        // 48 machines with one key each, and two keys of another: 99 items. A third key of `many` fits, and a key of a new user
        // does not.
        for (owner, third, new, pages) in [("alice", 40, 50, [51, 1]), ("bob", 50, 40, [50, 2])] {
            let organization = world.organization(owner, "flexible").await;
            let policy = json!({"policy": {"quota": {"machine": 3}}});
            organization.owner.patch(&organization.path, policy).await.expect(200);
            let (many, one) = (organization.machine("many").await, organization.machine("one").await);
            for days in [20, 21, third] {
                organization.key(&many, days).await;
            }
            organization.key(&one, 30).await;
            world.copy_user(&one, 47);
            organization.key(&organization.machine("new").await, new).await;
            let list = format!("{}/access-keys?limit=100", organization.path);
            let found = organization.owner.page_by_page(&list).await;
            assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), pages, "{owner}");
        }
    });
}
