//! `CloudFormation`'s events: twice, late, in a rollback, and under another name.

use kit::run;
use serde_json::{Value, json};

use super::{API, Deployment, FUNCTION, in_force, properties, send};

fn declared(world: &kit::World, api_id: &str) -> Option<Value> {
    in_force(world, api_id).map(|(_, routes)| routes)
}

fn declaring(api_id: &str, route: &str) -> Value {
    properties(api_id, "deny", &json!({route: "caller"}))
}

#[test]
fn a_resource_is_created_updated_and_deleted() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let id = orders.create("1", "Routes", &declaring(API, "GET /a")).await.succeeded();
        assert_eq!(in_force(world, API), Some((json!("deny"), json!({"GET /a": "caller"}))));
        let same = orders.update("2", "Routes", &id, &declaring(API, "GET /b")).await.succeeded();
        assert_eq!((same.as_str(), declared(world, API)), (id.as_str(), Some(json!({"GET /b": "caller"}))));
        orders.delete("3", "Routes", &id, &declaring(API, "GET /b")).await.succeeded();
        assert!(world.items_of("ROUTES").is_empty());
        let again = orders.create("4", "Routes", &declaring(API, "GET /a")).await.succeeded();
        assert_ne!(again, id);
    });
}

#[test]
fn a_repeated_or_late_event_changes_nothing_and_gets_the_same_answer() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let create = orders.event("Create", "1", "Routes", None, &declaring(API, "GET /a"));
        orders.set_routes("Routes", None, "CREATE_IN_PROGRESS");
        let id = send(world, &create).await.succeeded();
        assert_eq!(send(world, &create).await.succeeded(), id);
        let update = orders.event("Update", "2", "Routes", Some(&id), &declaring(API, "GET /b"));
        orders.set_routes("Routes", Some(&id), "UPDATE_IN_PROGRESS");
        send(world, &update).await.succeeded();
        orders.update("3", "Routes", &id, &declaring(API, "GET /c")).await.succeeded();
        // Also while the next update is at work, for which CloudFormation shows this resource in progress.
        orders.set_routes("Routes", Some(&id), "UPDATE_IN_PROGRESS");
        let before = world.item(&format!("ROUTES#{API}"), "ROUTES");
        for late in [&create, &update] {
            assert_eq!(send(world, late).await.succeeded(), id);
            assert_eq!(world.item(&format!("ROUTES#{API}"), "ROUTES"), before);
        }
        let delete = orders.event("Delete", "4", "Routes", Some(&id), &declaring(API, "GET /c"));
        orders.set_routes("Routes", Some(&id), "DELETE_IN_PROGRESS");
        for _ in 0..2 {
            assert_eq!(send(world, &delete).await.succeeded(), id);
            assert_eq!(declared(world, API), None);
        }
        orders.set_routes("Routes", Some(&id), "DELETE_COMPLETE");
        send(world, &update).await.failed();
        send(world, &create).await.failed();
        assert_eq!(declared(world, API), None);
    });
}

#[test]
fn a_renamed_logical_id_is_a_create_and_then_a_delete_of_the_old_one() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let old = orders.create("1", "Old", &declaring(API, "GET /a")).await.succeeded();
        let new = orders.create("2", "New", &declaring(API, "GET /b")).await.succeeded();
        assert_eq!(declared(world, API), Some(json!({"GET /b": "caller"})));
        orders.delete("3", "Old", &old, &declaring(API, "GET /a")).await.succeeded();
        assert_eq!(declared(world, API), Some(json!({"GET /b": "caller"})));
        orders.delete("4", "New", &new, &declaring(API, "GET /b")).await.succeeded();
        assert_eq!(declared(world, API), None);
    });
}

#[test]
fn a_rollback_of_a_renamed_logical_id_leaves_the_old_declaration_in_force() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let old = orders.create("1", "Old", &declaring(API, "GET /a")).await.succeeded();
        let new = orders.create("2", "New", &declaring(API, "GET /b")).await.succeeded();
        orders.delete("3", "New", &new, &declaring(API, "GET /b")).await.succeeded();
        assert_eq!(declared(world, API), Some(json!({"GET /a": "caller"})));
        orders.update("4", "Old", &old, &declaring(API, "GET /c")).await.succeeded();
        assert_eq!(declared(world, API), Some(json!({"GET /c": "caller"})));
    });
}

#[test]
fn an_update_that_a_rollback_takes_back_is_an_update() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let id = orders.create("1", "Routes", &declaring(API, "GET /a")).await.succeeded();
        orders.update("2", "Routes", &id, &declaring(API, "GET /b")).await.succeeded();
        orders.set_routes("Routes", Some(&id), "UPDATE_ROLLBACK_IN_PROGRESS");
        let back = orders.event("Update", "3", "Routes", Some(&id), &declaring(API, "GET /a"));
        assert_eq!(send(world, &back).await.succeeded(), id);
        assert_eq!(declared(world, API), Some(json!({"GET /a": "caller"})));
    });
}

#[test]
fn an_event_waits_for_a_description_that_lags_behind_it() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let id = orders.create("1", "Routes", &declaring(API, "GET /a")).await.succeeded();
        for (kind, request_id, after) in
            [("Update", "2", Some(json!({"GET /b": "caller"}))), ("Delete", "3", None)]
        {
            orders.set_routes("Routes", Some(&id), "UPDATE_COMPLETE");
            let event = orders.event(kind, request_id, "Routes", Some(&id), &declaring(API, "GET /b"));
            let second = (FUNCTION, "DescribeStackResource", 2);
            let status = format!("{}_IN_PROGRESS", kind.to_uppercase());
            let shown = async { orders.set_routes("Routes", Some(&id), &status) };
            let (answered, ()) = world.while_held(second, send(world, &event), shown).await;
            answered.succeeded();
            assert_eq!(declared(world, API), after);
        }
    });
}

#[test]
fn a_delete_that_comes_when_the_resource_is_gone_withdraws_the_declaration() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let id = orders.create("1", "Routes", &declaring(API, "GET /a")).await.succeeded();
        let late = orders.event("Delete", "2", "Routes", Some(&id), &declaring(API, "GET /a"));
        orders.set_routes("Routes", Some(&id), "DELETE_COMPLETE");
        send(world, &late).await.succeeded();
        assert_eq!(declared(world, API), None);
    });
}

#[test]
fn another_api_is_a_replacement_and_the_old_one_is_deleted_by_its_own_id() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        orders.set("OtherApi", Some("other67890"), "AWS::ApiGateway::RestApi", "CREATE_COMPLETE");
        let old = orders.create("1", "Routes", &declaring(API, "GET /a")).await.succeeded();
        let new = orders.update("2", "Routes", &old, &declaring("other67890", "GET /a")).await.succeeded();
        assert_ne!(new, old);
        assert!(declared(world, API).is_some() && declared(world, "other67890").is_some());
        // CloudFormation shows the new resource already when it cleans up.
        let clean_up = orders.event("Delete", "3", "Routes", Some(&old), &declaring(API, "GET /a"));
        send(world, &clean_up).await.succeeded();
        assert!(declared(world, API).is_none() && declared(world, "other67890").is_some());
    });
}

#[test]
fn a_late_delete_after_the_resource_was_made_anew_leaves_the_new_one() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let old = orders.create("1", "Routes", &declaring(API, "GET /a")).await.succeeded();
        orders.delete("2", "Routes", &old, &declaring(API, "GET /a")).await.succeeded();
        orders.create("3", "Routes", &declaring(API, "GET /b")).await.succeeded();
        let new = world.item(&format!("ROUTES#{API}"), "ROUTES");
        let late = orders.event("Delete", "2", "Routes", Some(&old), &declaring(API, "GET /a"));
        send(world, &late).await.succeeded();
        assert!(new.is_some() && world.item(&format!("ROUTES#{API}"), "ROUTES") == new);
    });
}

#[test]
fn a_wrong_declaration_fails_the_deployment_and_says_which_route_and_why() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let many: serde_json::Map<_, _> =
            (0..301).map(|number| (format!("GET /{number}"), json!("caller"))).collect();
        for (at, (wrong, told)) in [
            (properties(API, "deny", &json!({"get /a": "a"})), r#"Routes: "get /a" must be `METHOD /path`"#),
            (
                properties(API, "deny", &json!({"GET /a": "A B"})),
                r#"Routes: "GET /a": "A B" must be `caller` or a permission"#,
            ),
            (properties(API, "open", &json!({})), "Default must be `caller` or `deny`"),
            (properties(API, "deny", &json!(many)), "Routes must be 300 at most, and are 301"),
            (properties(API, "deny", &json!([])), "Routes must be an object"),
            (properties("", "deny", &json!({})), "ApiId must be the id of an API"),
            (
                json!({"ApiId": API, "Default": "deny", "Routes": {}, "Route": {}}),
                r#""Route" is no property"#,
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let refused = orders.create(&at.to_string(), "Routes", &wrong).await;
            let id = refused.physical_id.clone();
            let reason = refused.failed();
            assert!(reason.contains(told), "{reason}");
            orders.delete(&format!("d{at}"), "Routes", &id, &wrong).await.succeeded();
        }
        let full =
            properties(API, "deny", &json!(many.into_iter().take(300).collect::<serde_json::Map<_, _>>()));
        orders.create("full", "Routes", &full).await.succeeded();
        assert_eq!(declared(world, API).unwrap().as_object().unwrap().len(), 300);
    });
}
