//! The routes that an API declares for itself.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use domain::declared_routes::DeclaredRoutes;

use crate::{
    Error, Table,
    expression::Expression,
    item::{Item, encode, primary},
    item_key,
};

impl Table {
    /// Reads what an API declares of its routes, strongly.
    pub async fn declared_routes(&self, api_id: &str) -> Result<Option<DeclaredRoutes>, Error> {
        self.get("declaration of routes", item_key::routes(api_id)).await
    }

    /// Stores what an API declares of its routes, from the state in which it was read.
    ///
    /// Fails with [`Error::Conflict`] if it changed meanwhile: read it and decide again.
    pub async fn set_declared_routes(
        &self,
        api_id: &str,
        before: Option<&DeclaredRoutes>,
        after: &DeclaredRoutes,
    ) -> Result<(), Error> {
        let Expression { text, values, .. } = as_read(before);
        let request =
            self.client.put_item().table_name(&self.name).set_item(Some(routes_item(api_id, after)));
        let request = request.condition_expression(text).set_expression_attribute_values(some(values));
        request.send().await.map(|_| ()).map_err(|error| conflict_or("PutItem", error))
    }

    /// Removes what an API declares of its routes, from the state in which it was read.
    ///
    /// Fails with [`Error::Conflict`] if it changed meanwhile: read it and decide again.
    pub async fn remove_declared_routes(&self, api_id: &str, before: &DeclaredRoutes) -> Result<(), Error> {
        let Expression { text, values, .. } = as_read(Some(before));
        let request = self.client.delete_item().table_name(&self.name);
        let request = request.set_key(Some(primary(item_key::routes(api_id)))).condition_expression(text);
        let request = request.set_expression_attribute_values(some(values));
        request.send().await.map(|_| ()).map_err(|error| conflict_or("DeleteItem", error))
    }
}

fn routes_item(api_id: &str, routes: &DeclaredRoutes) -> Item {
    encode(item_key::routes(api_id), routes)
}

/// Holds where the item is as it was read.
fn as_read(before: Option<&DeclaredRoutes>) -> Expression {
    before.map_or_else(Expression::absent, |before| Expression::version(before.version))
}

/// `DynamoDB` refuses an empty map of values.
fn some(values: Item) -> Option<std::collections::HashMap<String, AttributeValue>> {
    Some(values).filter(|values| !values.is_empty())
}

fn conflict_or<E, R>(operation: &'static str, error: SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.code() {
        Some("ConditionalCheckFailedException" | "TransactionConflictException") => Error::Conflict,
        _ => Error::failed(operation, error),
    }
}

#[cfg(test)]
mod tests {
    use domain::{declared_routes::Declared, route_declaration::RouteDeclaration};

    use super::*;
    use crate::item::{decode, tests::attributes};

    #[test]
    fn declared_routes_are_read_as_they_were_stored() {
        let routes = [("GET /clusters/{id}", "clusters:read"), ("ANY /health", "caller"), ("$default", "*")];
        let declared = |logical_id: &str, undeclared| Declared {
            physical_id: format!("routes-{logical_id}"),
            logical_id: logical_id.to_owned(),
            declaration: RouteDeclaration::parse(undeclared, routes.into_iter()).unwrap(),
        };
        let routes = DeclaredRoutes {
            stack_id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/1".to_owned(),
            declarations: vec![declared("New", "deny"), declared("Old", "caller")],
            requests: vec!["1".to_owned(), "2".to_owned()],
            version: 2,
        };
        let item = routes_item("a1b2c3d4e5", &routes);
        assert_eq!(attributes(&item), ["PK", "SK", "declarations", "requests", "stack_id", "version"]);
        assert_eq!(item["PK"].as_s().unwrap(), "ROUTES#a1b2c3d4e5");
        assert_eq!(item["SK"].as_s().unwrap(), "ROUTES");
        let first = item["declarations"].as_l().unwrap()[0].as_m().unwrap();
        assert_eq!(attributes(first), ["default", "logical_id", "physical_id", "routes"]);
        assert_eq!(decode::<DeclaredRoutes>("routes", item.clone()).unwrap(), routes);
        // What another version stored and this one cannot judge is an error, and never open.
        let mut unknown = item;
        unknown.remove("declarations");
        assert!(decode::<DeclaredRoutes>("routes", unknown).is_err());
    }
}
