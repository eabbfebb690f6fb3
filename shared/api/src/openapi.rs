//! Descriptions of operations for the OpenAPI document. A function describes its own operations, beside its types.
//!
//! `infra/openapi` makes the document of them.

mod operation;
mod parameter;

use schemars::{JsonSchema, Schema, SchemaGenerator};

pub use crate::paging::CURSOR_PATTERN;

pub use self::{
    operation::{Caller, Operation, RequestBody, Success},
    parameter::{Parameter, search, ulid},
};

/// Makes the schema of a type.
pub type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// Returns the schema of a type, by reference where it has a name.
#[must_use]
pub const fn schema_of<T: JsonSchema>() -> MakeSchema {
    SchemaGenerator::subschema_for::<T>
}

/// Returns the schema of a problem document.
#[must_use]
pub const fn problem_schema() -> MakeSchema {
    schema_of::<crate::problem::Document<'static>>()
}
