//! `GET …/users` and `GET …/users/{user_id}`.

use kit::run;
use serde_json::json;

#[test]
fn users_are_listed_page_by_page() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let mut expected = vec![];
        for number in 0..5 {
            expected.push(organization.machine(&format!("m{number}")).await);
        }
        let users = organization.owner.pages(&format!("{}/users?limit=2", organization.path)).await;
        let seen: Vec<_> = users.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()).collect();
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
            ("state=active", "state", "not a parameter"),
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
