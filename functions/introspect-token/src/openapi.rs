//! What the OpenAPI document says of this function.

use api::openapi::{Operation, schema_of};

use crate::{body::Body, introspection::Introspection};

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let types = ["application/x-www-form-urlencoded", "application/json"];
    let introspect =
        Operation::open("POST /v1/introspect", "introspect_token", "Tells whether a token works (RFC 7662)")
            .says("The token is the proof: without a right secret the answer is `{\"active\": false}` alone.")
            .takes_body(&types, true, schema_of::<Body>())
            .answers::<Introspection>(200);
    vec![introspect]
}
