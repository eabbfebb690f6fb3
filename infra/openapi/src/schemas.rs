//! The schemas of request bodies and responses. Each named schema stands once in the document.

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
    of_responses: SchemaGenerator,
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
            of_responses: settings().for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    /// Returns the schema of a request body.
    pub(crate) fn of_body(&mut self, make: MakeSchema) -> Value {
        in_common_keywords(make(&mut self.of_bodies))
    }

    /// Returns the schema of a response.
    pub(crate) fn of_response(&mut self, make: MakeSchema) -> Value {
        in_common_keywords(make(&mut self.of_responses))
    }

    /// Returns the schemas with names.
    ///
    /// # Panics
    /// When a name stands for two schemas.
    pub(crate) fn into_components(mut self) -> Value {
        let mut all = Map::new();
        let named = self.of_bodies.take_definitions(true).into_iter();
        for (name, schema) in named.chain(self.of_responses.take_definitions(true)) {
            let schema = Schema::try_from(schema).expect("a definition is a schema");
            let schema = in_common_keywords(schema);
            let before = all.insert(name.clone(), schema.clone());
            assert!(before.is_none_or(|before| before == schema), "{name} stands for two schemas");
        }
        all.insert("GatewayMessage".to_owned(), gateway::message_schema());
        Value::Object(all)
    }
}

fn in_common_keywords(mut schema: Schema) -> Value {
    SimplifySchema.transform(&mut schema);
    schema.to_value()
}

/// Rewrites a schema in keywords that every OpenAPI tool supports.
struct SimplifySchema;

impl Transform for SimplifySchema {
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

/// Replaces the formats of Rust's unsigned integers by bounds.
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

/// Replaces a `oneOf` of constant strings by an `enum`, and merges their descriptions.
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

#[cfg(test)]
mod tests {
    use domain::cidr::Cidr;
    use jsonschema::{Draft, options};

    #[test]
    fn a_text_fits_the_pattern_of_networks_if_it_is_one() {
        let schema = &crate::document()["components"]["schemas"]["Cidr"];
        let validator = options().with_draft(Draft::Draft202012).build(schema).unwrap();
        let addresses = [
            "0.0.0.0",
            "255.255.255.255",
            "192.0.2.1",
            "256.0.2.1",
            "192.0.02.1",
            "192.0.2",
            "::",
            "::1",
            "1::",
            "1::2",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1:2:3::5:6:7:8",
            "1:2:3:4:5:6:7",
            "1::3::5",
            "1:2:3:4::5:6:7:8",
            "::ffff:192.0.2.1",
            "1:2:3:4:5:6:192.0.2.1",
            "1:2:3:4:5:192.0.2.1",
            "192.0.2.1::",
            "1::192.0.2.1:2",
            "2001:DB8::1",
            "12345::",
            "g::",
            "fe80::1%eth0",
            "",
            " ::1",
            "::1 ",
            "a",
            "[::1]",
            ":::",
            ":",
            "1:2:3:4:5::192.0.2.1",
            "1:2:3:4:5:6::192.0.2.1",
            "1:2:3:4:5:6::8",
            "\u{661}.0.0.0",
        ];
        let ends = [
            "", "/", "/0", "/8", "/08", "/32", "/33", "/99", "/100", "/128", "/129", "/256", "/-1", "/+1",
            "/8/8", "\n",
        ];
        let mut networks = 0;
        for text in addresses.iter().flat_map(|address| ends.map(|end| format!("{address}{end}"))) {
            let is_network = text.parse::<Cidr>().is_ok();
            assert_eq!(validator.is_valid(&text.as_str().into()), is_network, "{text:?}");
            networks += usize::from(is_network);
        }
        assert!(networks > 100, "{networks}");
    }
}
