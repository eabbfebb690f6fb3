//! The schemas of bodies and answers, each named one once.

use std::fmt::Write as _;

use schemars::{
    Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value};

use api::openapi::MakeSchema;

use crate::gateway;

/// Makes schemas, and keeps those that others refer to.
pub(crate) struct Schemas {
    of_bodies: SchemaGenerator,
    of_answers: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            of_bodies: settings().for_deserialize().into_generator(),
            of_answers: settings().for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    /// Returns the schema of what a client sends.
    pub(crate) fn of_body(&mut self, make: MakeSchema) -> Value {
        plain(make(&mut self.of_bodies))
    }

    /// Returns the schema of what a function answers.
    pub(crate) fn of_answer(&mut self, make: MakeSchema) -> Value {
        plain(make(&mut self.of_answers))
    }

    /// Returns the schemas with names.
    ///
    /// # Panics
    /// When a name stands for two schemas.
    pub(crate) fn into_components(mut self) -> Value {
        let mut all = Map::new();
        let named = self.of_bodies.take_definitions(true).into_iter();
        for (name, schema) in named.chain(self.of_answers.take_definitions(true)) {
            let schema = Schema::try_from(schema).expect("a definition is a schema");
            let schema = plain(schema);
            let before = all.insert(name.clone(), schema.clone());
            assert!(before.is_none_or(|before| before == schema), "{name} stands for two schemas");
        }
        all.insert("GatewayMessage".to_owned(), gateway::message_schema());
        Value::Object(all)
    }
}

/// Returns a schema in words that every OpenAPI tool knows.
fn plain(mut schema: Schema) -> Value {
    Plain.transform(&mut schema);
    schema.to_value()
}

struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.as_bool() == Some(true) {
            // Some generators of clients read objects alone.
            schema.ensure_object();
        }
        bound_numbers(schema);
        list_words(schema);
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
        transform_subschemas(self, schema);
    }
}

/// Writes the formats of Rust's unsigned numbers as bounds.
fn bound_numbers(schema: &mut Schema) {
    let largest = match schema.get("format").and_then(Value::as_str) {
        Some("uint8") => Some(u64::from(u8::MAX)),
        Some("uint16") => Some(u64::from(u16::MAX)),
        Some("uint32") => Some(u64::from(u32::MAX)),
        Some("uint64" | "uint") => None,
        _ => return,
    };
    schema.remove("format");
    if let Some(largest) = largest {
        schema.ensure_object().entry("maximum").or_insert(largest.into());
    }
}

/// Writes a choice of constant words as an `enum`, with their descriptions in one text.
fn list_words(schema: &mut Schema) {
    let Some(choices) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let words: Option<Vec<(String, Option<String>)>> = choices
        .iter()
        .map(|choice| {
            let word = choice.get("const")?.as_str()?.to_owned();
            Some((word, choice.get("description").and_then(Value::as_str).map(str::to_owned)))
        })
        .collect();
    let Some(words) = words else { return };
    let mut description = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (word, meaning) in &words {
        if let Some(meaning) = meaning {
            write!(description, "\n- `{word}`: {meaning}").expect("a text takes more text");
        }
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), words.into_iter().map(|(word, _)| word).collect());
    schema.insert("description".to_owned(), description.trim().into());
}
