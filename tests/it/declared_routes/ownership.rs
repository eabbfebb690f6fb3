//! Who may declare the routes of an API.

use kit::run;
use serde_json::{Value, json};

use super::{API, Deployment, answered, in_force, properties, send, stack_id};

fn routes() -> Value {
    json!({"GET /clusters": "clusters:read"})
}

#[test]
fn a_stack_declares_the_routes_of_its_own_apis_and_of_those_with_the_same_root() {
    run(async |world| {
        let cloudformation = world.stack.cloudformation();
        let orders = Deployment::new(world, "orders", API);
        // More resources than a page of their list holds.
        for number in 0..250 {
            orders.set(
                &format!("Table{number}"),
                Some(&format!("table{number}")),
                "AWS::DynamoDB::Table",
                "CREATE_COMPLETE",
            );
        }
        orders.set("Late", Some("late567890"), "AWS::ApiGateway::RestApi", "CREATE_COMPLETE");
        let _foreign = Deployment::new(world, "foreign", "foreign890");
        let nested = Deployment::new(world, "orders-Apis-1", "nested7890");
        cloudformation.change(&nested.id, |stack| stack.root_id = Some(orders.id.clone()));
        let other_nested = Deployment::new(world, "foreign-Apis-1", "other67890");
        cloudformation.change(&other_nested.id, |stack| stack.root_id = Some(stack_id("foreign")));
        for (at, (deployment, api_id, allowed)) in [
            (&orders, API, true),
            (&orders, "late567890", true),
            (&orders, "nested7890", true),
            (&nested, "nested7890", true),
            (&orders, "foreign890", false),
            (&orders, "other67890", false),
            (&nested, "foreign890", false),
            (&other_nested, API, false),
            (&orders, "unknown890", false),
            // It is there, and no API.
            (&orders, "table7", false),
        ]
        .into_iter()
        .enumerate()
        {
            let (request, logical_id) = (format!("r{at}"), format!("Routes{at}"));
            let answered =
                deployment.create(&request, &logical_id, &properties(api_id, "deny", &routes())).await;
            assert_eq!(answered.failed.is_none(), allowed, "{at} {api_id}: {answered:?}");
            assert_eq!(in_force(world, api_id).is_some(), allowed, "{at} {api_id}");
            if allowed {
                deployment
                    .delete(
                        &format!("d{at}"),
                        &logical_id,
                        &answered.physical_id,
                        &properties(api_id, "deny", &routes()),
                    )
                    .await
                    .succeeded();
            } else {
                assert!(answered.failed().contains("must be an API of this stack"));
            }
        }
    });
}

#[test]
fn a_resource_that_has_the_id_of_a_foreign_api_is_none() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let foreign = Deployment::new(world, "a-foreign-one", "z123456789");
        // A table may have any name. CloudFormation finds this stack by it.
        foreign.set("Table", Some(API), "AWS::DynamoDB::Table", "CREATE_COMPLETE");
        let refused = foreign.create("1", "Routes", &properties(API, "caller", &routes())).await;
        assert!(refused.failed().contains("must be an API of this stack"));
        orders.create("2", "Routes", &properties(API, "deny", &routes())).await.succeeded();
    });
}

#[test]
fn nobody_declares_the_routes_of_the_services_own_api() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", "local");
        let refused = orders.create("1", "Routes", &properties("local", "caller", &routes())).await.failed();
        assert!(refused.contains("the access-key service itself"), "{refused}");
        assert_eq!(in_force(world, "local"), None);
    });
}

#[test]
fn a_stack_of_another_account_or_region_is_refused() {
    run(async |world| {
        for (at, (part, by)) in [
            ("000000000000", "000000000001"),
            ("us-east-1", "eu-west-1"),
            ("arn:aws:", "arn:aws-cn:"),
            ("stack/", ""),
        ]
        .into_iter()
        .enumerate()
        {
            let mut orders = Deployment::new(world, "orders", API);
            orders.id = orders.id.replace(part, by);
            orders.set("OrdersApi", Some(API), "AWS::ApiGatewayV2::Api", "CREATE_COMPLETE");
            let refused = orders.create(&at.to_string(), "Routes", &properties(API, "deny", &routes())).await;
            let reason = refused.failed.clone().unwrap();
            assert!(
                reason.contains("account and the region") || reason.starts_with("StackId must"),
                "{reason}"
            );
            // Its deletion must not fail, or the deployment could not be taken back.
            orders
                .delete(
                    &format!("d{at}"),
                    "Routes",
                    &refused.physical_id,
                    &properties(API, "deny", &routes()),
                )
                .await
                .succeeded();
        }
        assert_eq!(in_force(world, API), None);
    });
}

#[test]
fn another_stack_neither_replaces_nor_deletes_a_declaration() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let properties = properties(API, "deny", &routes());
        let id = orders.create("1", "Routes", &properties).await.succeeded();
        // With the same root it may be that API's, and still another stack was first.
        let nested = Deployment::new(world, "orders-Apis-1", "nested7890");
        world.stack.cloudformation().change(&nested.id, |stack| stack.root_id = Some(orders.id.clone()));
        let refused = nested.create("2", "Routes", &properties).await.failed();
        assert_eq!(refused, "another stack declares the routes of this API");
        let before = world.item(&format!("ROUTES#{API}"), "ROUTES");
        nested.delete("3", "Routes", &id, &properties).await.succeeded();
        assert_eq!(world.item(&format!("ROUTES#{API}"), "ROUTES"), before);
    });
}

#[test]
fn an_event_counts_only_while_cloudformation_shows_this_very_resource_in_progress() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let closed = properties(API, "deny", &routes());
        let open = properties(API, "caller", &json!({}));
        let id = orders.create("1", "Routes", &closed).await.succeeded();
        let stored = world.item(&format!("ROUTES#{API}"), "ROUTES");
        let routes = "Custom::AccessKeyRoutes";
        for (at, (kind, logical_id, physical_id, shown, as_id, status)) in [
            ("Create", "Routes", None, routes, &*id, "CREATE_COMPLETE"),
            ("Create", "Routes", None, routes, &id, "UPDATE_IN_PROGRESS"),
            ("Create", "Routes", None, "Custom::Other", &id, "CREATE_IN_PROGRESS"),
            ("Create", "Unknown", None, routes, &id, "CREATE_IN_PROGRESS"),
            ("Update", "Routes", Some(&*id), routes, &id, "UPDATE_COMPLETE"),
            ("Update", "Routes", Some(&id), routes, &id, "CREATE_IN_PROGRESS"),
            ("Update", "Routes", Some(&id), routes, "another", "UPDATE_IN_PROGRESS"),
            ("Update", "Routes", Some(&id), "Custom::Other", &id, "UPDATE_IN_PROGRESS"),
            ("Delete", "Routes", Some(&id), routes, &id, "CREATE_COMPLETE"),
            ("Delete", "Routes", Some(&id), routes, &id, "UPDATE_IN_PROGRESS"),
            ("Delete", "Routes", Some(&id), routes, "another", "UPDATE_IN_PROGRESS"),
        ]
        .into_iter()
        .enumerate()
        {
            orders.set("Routes", Some(as_id), shown, status);
            let event = orders.event(kind, &format!("f{at}"), logical_id, physical_id, &open);
            let refused = send(world, &event).await.failed();
            assert_eq!(refused, "CloudFormation does not show this resource in progress", "{at}");
            assert_eq!(world.item(&format!("ROUTES#{API}"), "ROUTES"), stored, "{at}");
        }
        // The declaration is deleted under the logical id with which it was made, and no other.
        let event = orders.event("Delete", "g1", "Unknown", Some(&id), &closed);
        send(world, &event).await.succeeded();
        assert_eq!(world.item(&format!("ROUTES#{API}"), "ROUTES"), stored);
        for (kind, physical_id) in [("Create", None), ("Delete", Some(&*id))] {
            orders.set("Routes", Some(&id), "Custom::Other", &format!("{}_IN_PROGRESS", kind.to_uppercase()));
            let mut event = orders.event(kind, kind, "Routes", physical_id, &open);
            event["ResourceType"] = json!("Custom::Other");
            assert!(send(world, &event).await.failed().contains("Custom::AccessKeyRoutes"));
            assert_eq!(answered(world, &event).physical_id.len(), id.len());
            assert_eq!(world.item(&format!("ROUTES#{API}"), "ROUTES"), stored);
        }
    });
}
