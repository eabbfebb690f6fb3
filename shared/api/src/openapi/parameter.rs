//! Parameters in the path and in the query.

use domain::{
    id::{KeyId, OrganizationId, UserId},
    role::Label,
};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{CURSOR_PATTERN, MakeSchema, schema_of};

/// A parameter of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its meaning.
    pub description: &'static str,
    /// Its schema.
    pub schema: MakeSchema,
}

impl Parameter {
    pub(super) const LIMIT: Self = Self {
        name: "limit",
        description: "The most items of the page.",
        schema: |_| json_schema!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 }),
    };

    pub(super) const CURSOR: Self = Self {
        name: "cursor",
        description: "The `next_cursor` of the page before. It is valid with the same filters alone.",
        schema: |_| json_schema!({ "type": "string", "pattern": CURSOR_PATTERN }),
    };

    /// Returns the path parameter of this name, which has the same meaning in every path; `None` for an unknown name.
    #[must_use]
    pub fn in_path(name: &str) -> Option<Self> {
        let (name, description, schema): (_, _, MakeSchema) = match name {
            "organization_id" => {
                ("organization_id", "The id of the caller's organization.", schema_of::<OrganizationId>())
            }
            "user_id" => ("user_id", "The id of a user, or `me` for the caller.", user_id),
            "key_id" => ("key_id", "The id of a key, or `current` for the key of this request.", key_id),
            "message_id" => ("message_id", "The id of a message.", ulid),
            "role" => ("role", "The name of a role.", schema_of::<Label>()),
            "group" => ("group", "The name of a group.", schema_of::<Label>()),
            _ => return None,
        };
        Some(Self { name, description, schema })
    }
}

fn user_id(generator: &mut SchemaGenerator) -> Schema {
    or_word::<UserId>(generator, "me")
}

fn key_id(generator: &mut SchemaGenerator) -> Schema {
    or_word::<KeyId>(generator, "current")
}

fn or_word<T: schemars::JsonSchema>(generator: &mut SchemaGenerator, word: &str) -> Schema {
    let id = generator.subschema_for::<T>();
    json_schema!({ "anyOf": [id, { "type": "string", "const": word }] })
}

/// Returns the schema of a ULID, which ids of messages and audit events are.
#[must_use]
pub fn ulid(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$" })
}

/// Returns the schema of `q`, the search text of lists: 1–100 characters.
#[must_use]
pub fn search(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 100 })
}
