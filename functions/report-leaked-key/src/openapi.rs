//! The operations of this function in the OpenAPI document.

use api::{
    ProblemCode::{Forbidden, NotFound},
    openapi::Operation,
};
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{Accepted, report::Body};

/// Describes the operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let report = Operation::open("POST /v1/leaked-keys", "report_leaked_keys", "Revokes keys that leaked")
        .says("The tokens are the proof. Every report is answered alike, whether a token was right or not.")
        .takes_body(true, &[("application/json", report)])
        .answers::<Accepted>(202);
    let github = Operation::open(
        "POST /v1/leaked-keys/github",
        "report_leaked_keys_by_github",
        "Takes GitHub's secret scanning alerts",
    )
    .says("404 unless the deployment knows GitHub's keys.")
    .header("Github-Public-Key-Identifier", text, "The key that signed the message.")
    .header("Github-Public-Key-Signature", text, "The signature of the body.")
    .takes_body(true, &[("application/json", matches)])
    .answers::<Accepted>(202)
    .refuses([Forbidden, NotFound]);
    vec![report, github]
}

fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string" })
}

/// Returns the schema of GitHub's list of matches. It allows any entry, because the handler skips an entry that it cannot read.
fn matches(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": {} })
}

fn report(generator: &mut SchemaGenerator) -> Schema {
    let (own, list) = (generator.subschema_for::<Body>(), matches(generator));
    json_schema!({ "anyOf": [own, list] })
}
