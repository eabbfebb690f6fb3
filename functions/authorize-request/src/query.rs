//! The query of a request, as the gateway passes it on: raw, or as parameters.

use std::{borrow::Cow, collections::HashMap};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::failure::Failure;

/// Parses query parameters.
pub(crate) fn parameters<T: DeserializeOwned>(raw: Option<&RawValue>) -> Result<Option<T>, Failure> {
    raw.map(|raw| serde_json::from_str(raw.get()).map_err(|error| Failure::unreadable(&error))).transpose()
}

/// Prefers the form that keeps repeated values apart.
pub(crate) fn all_values(
    several: Option<HashMap<String, Option<Vec<String>>>>,
    single: Option<HashMap<String, Option<String>>>,
) -> Vec<(String, String)> {
    let several: Vec<_> = several
        .into_iter()
        .flatten()
        .flat_map(|(name, values)| values.into_iter().flatten().map(move |value| (name.clone(), value)))
        .collect();
    if several.is_empty() {
        single.into_iter().flatten().filter_map(|(name, value)| Some((name, value?))).collect()
    } else {
        several
    }
}

/// Decodes a part of a URL.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

/// Splits a raw query and decodes its names and values.
pub(crate) fn pairs_of(raw: &str) -> Vec<(String, String)> {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name).into_owned(), decoded(value).into_owned()))
        .collect()
}
