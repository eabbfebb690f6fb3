//! The operations of this function in the OpenAPI document.

use api::openapi::{Operation, schema_of};
use schemars::JsonSchema;

use crate::{body::Body, introspection::Introspection};

/// A token to judge, as a form. Unknown parameters are ignored, as OAuth demands.
#[derive(JsonSchema)]
#[schemars(rename = "TokenForm")]
#[expect(dead_code, reason = "the schema is made of it; the handler reads a form pair by pair")]
struct Form {
    #[schemars(length(min = 1))]
    token: String,
    /// Accepted and ignored: there is only one type of token.
    #[schemars(with = "String", default)]
    token_type_hint: Option<String>,
}

/// Describes the operation.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let content = [
        ("application/x-www-form-urlencoded", schema_of::<Form>()),
        ("application/json", schema_of::<Body>()),
    ];
    let introspect =
        Operation::open("POST /v1/introspect", "introspect_token", "Tells whether a token works (RFC 7662)")
            .says("The token is the proof: without a right secret the answer is `{\"active\": false}` alone.")
            .takes_body(true, &content)
            .answers::<Introspection>(200);
    vec![introspect]
}
