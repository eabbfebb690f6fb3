//! Bodies of requests: JSON of a known shape, refused by field and rule.
//!
//! Over 300 lines: half of them are tests.

mod content;
mod decode_error;
mod json;

use domain::{Error, Time};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use self::json::Json;
use crate::{BodyError, HandlerError, Instant, Request};

/// The most bytes of a body. Valid JSON objects of this API are much smaller.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

impl<C> Request<C> {
    /// Reads the body as a JSON object of a known shape. The refusal names the field and the rule that it breaks.
    pub fn body<T: de::DeserializeOwned>(&self) -> Result<T, HandlerError> {
        self.body_of_types(&[JSON], MAX_BODY_BYTES)
    }

    /// Reads the body as [`Request::body`] does, up to `limit` bytes of it.
    pub fn body_within<T: de::DeserializeOwned>(&self, limit: usize) -> Result<T, HandlerError> {
        self.body_of_types(&[JSON], limit)
    }

    /// Tells whether the body begins as a JSON array does.
    #[must_use]
    pub fn holds_list(&self) -> bool {
        self.text().starts_with(b"[")
    }

    /// Reads the body as a JSON array of up to `limit` bytes, and each element by itself.
    ///
    /// An element that is no `T` is passed over, whatever it holds. Only what is no array at all is refused.
    pub fn list_of_readable<T: de::DeserializeOwned>(&self, limit: usize) -> Result<Vec<T>, HandlerError> {
        self.check_size(limit)?;
        self.check_coding()?;
        self.check_type(&[JSON])?;
        let text = String::from_utf8_lossy(self.text());
        let elements: Vec<&RawValue> =
            serde_json::from_str(&text).map_err(|_| Error::invalid("body", "must be a JSON array"))?;
        Ok(elements.into_iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect())
    }

    /// Refuses a body of more than `limit` bytes.
    pub fn check_size(&self, limit: usize) -> Result<(), BodyError> {
        if self.bytes().len() > limit { Err(BodyError::TooLarge { limit }) } else { Ok(()) }
    }

    /// Reads the body as a merge patch of a known shape (RFC 7396).
    pub fn patch<T: de::DeserializeOwned>(&self) -> Result<T, HandlerError> {
        self.body_of_types(&[JSON, MERGE_PATCH], MAX_BODY_BYTES)
    }

    /// Reads the body as [`Request::body`] does, on a route that needs none. `null` is none.
    pub fn optional_body<T: de::DeserializeOwned>(&self) -> Result<Option<T>, HandlerError> {
        if matches!(self.text(), b"" | b"null") { Ok(None) } else { self.body().map(Some) }
    }

    /// Refuses a body on a route that takes none. `null` and an empty object are none.
    pub fn no_body(&self) -> Result<(), HandlerError> {
        let text = self.text();
        let inside = text.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
        if matches!(text, b"" | b"null") || inside.is_some_and(|inside| inside.trim_ascii().is_empty()) {
            return Ok(());
        }
        self.check_coding()?;
        Err(Error::invalid("body", "must be empty on this route").into())
    }

    fn body_of_types<T: de::DeserializeOwned>(
        &self,
        types: &[&str],
        limit: usize,
    ) -> Result<T, HandlerError> {
        self.check_size(limit)?;
        self.check_coding()?;
        let bytes = self.text();
        if !bytes.starts_with(b"{") {
            return Err(Error::invalid("body", "must be a JSON object").into());
        }
        self.check_type(types)?;
        Ok(parse(bytes)?)
    }

    fn check_type(&self, types: &[&str]) -> Result<(), BodyError> {
        if self.content_type().is_some_and(|given| !types.contains(&given.as_str())) {
            return Err(BodyError::UnsupportedMediaType { expected: types.join(" or ") });
        }
        Ok(())
    }
}

fn parse<T: de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let json: Json = serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid("body", format!("must be well-formed JSON: {error}")))?;
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().clone();
        error.into_inner().at(&path)
    })
}

/// Deserializes a member that may be absent but not `null`.
pub fn non_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Deserializes a member of a merge patch that `null` removes: `None` if absent, `Some(None)` if `null`.
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Returns the expiry that a body asks for: `None` if the body names none, `Some(None)` for a key that never
/// expires.
///
/// `expires_in_days`, `expires_at` and `never_expires` exclude one another.
pub fn chosen_expiry(
    days: Option<u32>,
    at: Option<Instant>,
    never: Option<bool>,
    now: Time,
) -> Result<Option<Option<Time>>, Error> {
    const DAY: i64 = 86_400;
    match (days, at, never) {
        (None, None, None) => Ok(None),
        (Some(0), None, None) => Err(Error::invalid("expires_in_days", "must be 1 or more")),
        (Some(days), None, None) => Ok(Some(Some(now.plus(i64::from(days) * DAY)))),
        (None, Some(Instant(at)), None) if at <= now => {
            Err(Error::invalid("expires_at", "must be in the future"))
        }
        (None, Some(Instant(at)), None) => Ok(Some(Some(at))),
        (None, None, Some(true)) => Ok(Some(None)),
        (None, None, Some(false)) => Err(Error::invalid("never_expires", "must be true or left out")),
        _ => Err(Error::invalid(
            "expires_at",
            "exclude one another: expires_in_days, expires_at, never_expires",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use domain::{text::Name, user::Kind};
    use serde_json::{Map, Value};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused matters here")]
    struct Sample {
        name: Name,
        at: Option<Instant>,
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<Inner>,
        kind: Option<Kind>,
        least: Option<NonZeroU32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused matters here")]
    struct Inner {
        count: u32,
        on: Option<bool>,
    }

    fn refused(json: &str) -> (String, String) {
        match parse::<Sample>(json.as_bytes()) {
            Err(Error::Invalid { field, rule }) => (field, rule),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_expiry_is_later_than_now() {
        let now = Time::from_seconds(1_790_000_000);
        let chosen = |seconds| chosen_expiry(None, Some(Instant(now.plus(seconds))), None, now);
        assert_eq!(chosen(1).unwrap(), Some(Some(now.plus(1))));
        assert_eq!(chosen(0).unwrap_err(), Error::invalid("expires_at", "must be in the future"));
    }

    #[test]
    fn a_value_that_breaks_a_rule_is_named() {
        for (json, field, rule) in [
            (r#"{"name": ""}"#, "name", "must be 1 to 64 characters"),
            (r#"{"name": 5}"#, "name", "must be a string"),
            (r#"{"name": null}"#, "name", "must be a string"),
            (r#"{"nam": "a"}"#, "nam", "unknown field; known here are name, at, inner"),
            ("{}", "name", "must be given"),
            (r#"{"name": "a", "inner": {}}"#, "inner.count", "must be given"),
            (r#"{"name": "a", "list": [{"count": 1}, {}]}"#, "list[1].count", "must be given"),
            (r#"{"name": "a", "inner": {"count": -1}}"#, "inner.count", "must not be negative"),
            (r#"{"name": "a", "inner": {"count": 4294967296}}"#, "inner.count", "is too large"),
            (r#"{"name": "a", "inner": {"count": 1.5}}"#, "inner.count", "must be a whole number"),
            (r#"{"name": "a", "inner": {"count": "1"}}"#, "inner.count", "must be a whole number"),
            (r#"{"name": "a", "inner": {"count": 1, "on": 1}}"#, "inner.on", "must be true or false"),
            (r#"{"name": "a", "least": 0}"#, "least", "must be a whole number, 1 or more"),
            (r#"{"name": "a", "least": -1}"#, "least", "must be a whole number, 1 or more"),
            (r#"{"name": "a", "list": {}}"#, "list", "must be a list"),
            (r#"{"name": "a", "kind": "robot"}"#, "kind", "must be owner, normal or machine"),
            (r#"{"name": "a", "kind": 1}"#, "kind", "must be owner, normal or machine"),
            (r#"{"name": "a", "at": "2027-01-31"}"#, "at", "must be an RFC 3339"),
            (r#"{"name": "a", "at": 1}"#, "at", "must be an RFC 3339"),
            (
                r#"{"name": "a", "at": "9999-12-31T00:00:00Z"}"#,
                "at",
                "must be 9999-12-30T22:00:00Z or earlier",
            ),
            (r#"{"name": "a", "name": "b"}"#, "body", "names a member twice"),
            (r#"{"name": "a", "inner": {"count": 1, "count": 1}}"#, "body", "names a member twice"),
            (r#"{"name": "a"} {}"#, "body", "well-formed JSON: trailing characters"),
            (r#"{"name": "a""#, "body", "well-formed JSON: EOF"),
            ("\u{1}", "body", "well-formed JSON: expected value"),
            (r#"{"": 1}"#, "body", "unknown field"),
        ] {
            let (named, said) = refused(json);
            assert!(named == field && said.contains(rule), "{json}: {named}: {said}");
        }
    }

    #[test]
    fn a_list_is_not_taken_for_an_object() {
        for (json, field) in [
            (r#"["a", null, null]"#, "body"),
            (r#"{"name": "a", "inner": [1, true]}"#, "inner"),
            (r#"{"name": "a", "list": [{"count": 1}, [1, true]]}"#, "list[1]"),
            (r#"{"name": "a", "inner": "1"}"#, "inner"),
        ] {
            assert_eq!(refused(json), (field.to_owned(), "must be an object".to_owned()), "{json}");
        }
    }

    #[test]
    fn long_input_is_shortened_in_the_refusal() {
        let long = "é".repeat(5_000);
        for json in [
            format!(r#"{{"{long}": 1}}"#),
            format!(r#"{{"name": "{long}"}}"#),
            format!(r#"{{"name": "a", "kind": "{long}"}}"#),
            format!(r#"{{"name": "a", "at": "{long}"}}"#),
            format!(r#"{{"name": "a", "inner": "{long}"}}"#),
            format!(r#"{{"{long}": 1, "{long}": 1}}"#),
        ] {
            let (field, rule) = refused(&json);
            assert!(field.chars().count() <= 61 && rule.chars().count() <= 160, "{field}: {rule}");
        }
    }

    #[test]
    fn fuzzed_bodies_are_read_as_json_but_for_repeated_members() {
        fuzz::documents("body").play(|text| {
            let (strict, plain) = (parse::<Value>(text.as_bytes()), serde_json::from_str::<Value>(text));
            match (strict, plain) {
                (Ok(strict), Ok(plain)) => {
                    assert_eq!(count_members(&plain), count_colons(text), "no member is lost");
                    assert_eq!(parse::<Value>(strict.to_string().as_bytes()).unwrap(), strict);
                    assert_eq!(in_whole_numbers(plain), strict);
                    true
                }
                (Err(Error::Invalid { field, rule }), Ok(plain)) => {
                    assert!(field == "body" && rule.contains("names a member twice"), "{field} {rule}");
                    assert!(count_members(&plain) < count_colons(text));
                    false
                }
                (Err(Error::Invalid { field, .. }), Err(_)) if field == "body" => false,
                other => panic!("{other:?}"),
            }
        });
    }

    fn count_members(value: &Value) -> usize {
        let items = value.as_array().into_iter().flatten();
        let members = value.as_object().into_iter().flat_map(|members| members.values());
        value.as_object().map_or(0, Map::len) + items.chain(members).map(count_members).sum::<usize>()
    }

    /// Counts the colons outside of texts: one for each member that is written.
    fn count_colons(json: &str) -> usize {
        let (mut colons, mut is_text, mut characters) = (0, false, json.chars());
        while let Some(character) = characters.next() {
            match character {
                '"' => is_text = !is_text,
                '\\' => drop(characters.next()),
                ':' if !is_text => colons += 1,
                _ => {}
            }
        }
        colons
    }

    /// Writes `90.0` and `9e1` as `90`.
    fn in_whole_numbers(value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(in_whole_numbers).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (name, in_whole_numbers(value))).collect()
            }
            Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
                Some(number)
                    if number.fract() == 0.0 && number.abs() < 1e15 && number.to_string() != "-0" =>
                {
                    number.to_string().parse::<i64>().unwrap().into()
                }
                _ => Value::Number(number),
            },
            other => other,
        }
    }

    #[test]
    fn a_valid_body_is_read_whole() {
        let json =
            r#"{"name": "a", "inner": {"count": 7, "on": null}, "list": [], "kind": "owner", "least": 1}"#;
        let sample: Sample = parse(json.as_bytes()).unwrap();
        assert_eq!((sample.name.as_str(), sample.inner.unwrap().count), ("a", 7));
        assert_eq!((sample.kind, sample.least.unwrap().get(), sample.list.len()), (Some(Kind::Owner), 1, 0));
    }
}
