//! Expressions of DynamoDB: conditions, updates and filters, with the names and values that they mention.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::item::{Item, number};

/// An expression with the names and values that it mentions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expression {
    pub(crate) text: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

impl Expression {
    /// Starts an expression with its text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Holds where no item is stored.
    pub(crate) fn absent() -> Self {
        Self::new("attribute_not_exists(PK)")
    }

    /// Holds where an item is stored.
    pub(crate) fn exists() -> Self {
        Self::new("attribute_exists(PK)")
    }

    /// Holds where the stored item has this version.
    pub(crate) fn version(seen: u64) -> Self {
        Self::new("version = :seen").value(":seen", number(seen))
    }

    /// Appends to the text.
    pub(crate) fn and(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Explains a `#name`; needed for reserved words and for parts of keys.
    pub(crate) fn name(mut self, name: &str, attribute: impl Into<String>) -> Self {
        self.names.insert(name.to_owned(), attribute.into());
        self
    }

    /// Explains a `:value`.
    pub(crate) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }
}
