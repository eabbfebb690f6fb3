//! Errors of decoding a body, worded for the client.

use std::fmt;

use domain::Error;
use serde::de::{self, Expected, Unexpected};

/// A decoding error, worded for the API's client.
#[derive(Debug)]
pub(super) struct DecodeError {
    rule: String,
    /// The missing member, if the error is a missing member.
    missing: Option<&'static str>,
}

impl DecodeError {
    /// Adds the path of the value in the body.
    pub(super) fn at(self, path: &serde_path_to_error::Path) -> Error {
        let path = path.to_string();
        let whole = matches!(path.as_str(), "." | "?" | "");
        let field = match self.missing {
            Some(member) if whole => member.to_owned(),
            Some(member) => format!("{path}.{member}"),
            None if whole => "body".to_owned(),
            None => path,
        };
        Error::invalid(field, self.rule)
    }
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(rule: T) -> Self {
        Self { rule: rule.to_string(), missing: None }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("must be {}", in_words(&expected.to_string())))
    }

    fn invalid_value(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match (given, in_words(&expected.to_string())) {
            (Unexpected::Signed(_), WHOLE) => Self::custom("must not be negative"),
            (Unexpected::Unsigned(_), WHOLE) => Self::custom("is too large"),
            (_, words) => Self::custom(format_args!("must be {words}")),
        }
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        let variants = match expected {
            [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
            all => all.concat(),
        };
        Self::custom(format_args!("must be {variants}"))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("unknown field; known here are {}", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { rule: "must be given".to_owned(), missing: Some(field) }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.rule)
    }
}

impl std::error::Error for DecodeError {}

const WHOLE: &str = "a whole number";

/// Replaces serde's names of Rust types by JSON's.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => WHOLE,
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        nonzero if nonzero.starts_with("a nonzero u") => "a whole number, 1 or more",
        structure if structure.starts_with("struct ") => "an object",
        words => words,
    }
}
