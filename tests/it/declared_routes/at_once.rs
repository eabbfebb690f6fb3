//! Declarations that are made and deleted at once, in chosen orders.

use kit::{World, run};
use serde_json::{Value, json};

use super::{API, Deployment, FUNCTION, answered, properties, send};

/// Returns the physical ids of an API's declarations.
fn declarations(world: &World) -> Vec<String> {
    let item = world.item(&format!("ROUTES#{API}"), "ROUTES").unwrap();
    let id = |declared: &Value| declared["physical_id"].as_str().unwrap().to_owned();
    item["declarations"].as_array().unwrap().iter().map(id).collect()
}

#[test]
fn two_changes_at_once_are_both_made() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let old = orders.create("1", "Old", &properties(API, "deny", &json!({}))).await.succeeded();
        orders.set_routes("New", None, "CREATE_IN_PROGRESS");
        let create = orders.event("Create", "2", "New", None, &properties(API, "caller", &json!({})));
        // Between the first change's read and its write, the second one is made.
        let deleting =
            async { orders.delete("3", "Old", &old, &properties(API, "deny", &json!({}))).await.succeeded() };
        let invoking = world.stack.invoke(FUNCTION, &create);
        let (_, _) = world.while_held((FUNCTION, "PutItem", 1), invoking, deleting).await;
        let new = answered(world, &create).succeeded();
        assert_eq!(declarations(world), [new]);
    });
}

#[test]
fn two_first_declarations_at_once_are_both_made() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        orders.set_routes("One", None, "CREATE_IN_PROGRESS");
        let create = orders.event("Create", "1", "One", None, &properties(API, "deny", &json!({})));
        let creating =
            async { orders.create("2", "Two", &properties(API, "caller", &json!({}))).await.succeeded() };
        let (one, two) = world.while_held((FUNCTION, "PutItem", 1), send(world, &create), creating).await;
        let mut expected = [one.succeeded(), two];
        expected.sort();
        let mut made = declarations(world);
        made.sort();
        assert_eq!(made, expected);
    });
}

#[test]
fn a_declaration_that_is_made_while_the_only_other_one_is_deleted_stays() {
    run(async |world| {
        let orders = Deployment::new(world, "orders", API);
        let old = orders.create("1", "Old", &properties(API, "deny", &json!({}))).await.succeeded();
        orders.set_routes("Old", Some(&old), "DELETE_IN_PROGRESS");
        let delete = orders.event("Delete", "2", "Old", Some(&old), &properties(API, "deny", &json!({})));
        let creating =
            async { orders.create("3", "New", &properties(API, "caller", &json!({}))).await.succeeded() };
        let (deleted, new) =
            world.while_held((FUNCTION, "DeleteItem", 1), send(world, &delete), creating).await;
        deleted.succeeded();
        assert_eq!(declarations(world), [new]);
    });
}
