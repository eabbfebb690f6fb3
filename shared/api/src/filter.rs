//! Filters of lists: points in time, words of a set, and texts to search for.

use domain::{Error, Time, search::Search, token::KeyPrefix};
use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error as NoSuchWord},
};

/// Reads a filter that is a point in time; `given` is its value, as the client sent it.
pub fn time_filter(name: &str, given: Option<&str>) -> Result<Option<Time>, Error> {
    let read = |text| Time::parse(text).map_err(|bad| Error::invalid(name, bad.to_string()));
    given.map(read).transpose()
}

/// Reads a filter that is one of some words; `rule` names them.
pub fn word_filter<'a, T: Deserialize<'a>>(
    name: &str,
    rule: &'static str,
    given: Option<&'a str>,
) -> Result<Option<T>, Error> {
    let read = |text: &'a str| T::deserialize(IntoDeserializer::<NoSuchWord>::into_deserializer(text));
    given.map(read).transpose().map_err(|_| Error::invalid(name, rule))
}

/// Reads a filter that is a text to search for, or the start of an id, also behind the prefix of keys.
pub fn search_filter(name: &str, given: Option<&str>, prefix: &KeyPrefix) -> Result<Option<Search>, Error> {
    let read = |text| Search::parse(text, prefix).map_err(|bad| Error::invalid(name, bad.to_string()));
    given.map(read).transpose()
}
