//! The headers that may hold a credential, and those that tell a request of the console, read from an event.

use std::fmt;

use api::Credential;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use sign_in::ConsoleRequest;

/// The headers on which a decision depends.
///
/// Others are skipped and not kept, for speed: the authorizer sees every request of an API.
#[derive(Default)]
pub(crate) struct Headers {
    /// The headers that may hold a credential, with repetitions, their names in lower case.
    pub(crate) credentials: Vec<(&'static str, String)>,
    /// What tells a request of the console.
    pub(crate) console: ConsoleRequest,
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Headers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of headers")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Headers, M::Error> {
        let mut headers = Headers::default();
        while let Some(name) = members.next_key()? {
            match name {
                Name::Credential(name) => {
                    let Values(values) = members.next_value()?;
                    headers.credentials.extend(values.into_iter().map(|value| (name, value)));
                }
                Name::Console(name) => members.next_value_seed(Noted(&mut headers.console, name))?,
                Name::Other => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(headers)
    }
}

/// A header's value, its values, or none.
struct Values(Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrSeveral)
    }
}

struct OneOrSeveral;

impl<'de> Visitor<'de> for OneOrSeveral {
    type Value = Values;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value of a header, or a list of its values")
    }

    fn visit_str<E>(self, value: &str) -> Result<Values, E> {
        Ok(Values(vec![value.to_owned()]))
    }

    fn visit_unit<E>(self) -> Result<Values, E> {
        Ok(Values(Vec::new()))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut values: S) -> Result<Values, S::Error> {
        let mut all = Vec::new();
        while let Some(value) = values.next_element()? {
            all.push(value);
        }
        Ok(Values(all))
    }
}

/// Takes note of the value of a header, or of its values, without a copy.
struct Noted<'n>(&'n mut ConsoleRequest, &'static str);

impl<'de> DeserializeSeed<'de> for Noted<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Noted<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value of a header, or a list of its values")
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.note(self.1, value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut values: S) -> Result<(), S::Error> {
        while values.next_element_seed(Noted(self.0, self.1))?.is_some() {}
        Ok(())
    }
}

/// The name of a header.
enum Name {
    Credential(&'static str),
    Console(&'static str),
    Other,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(AnyName)
    }
}

struct AnyName;

impl Visitor<'_> for AnyName {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a header")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        let find = |names: [&'static str; 2]| names.into_iter().find(|kept| kept.eq_ignore_ascii_case(name));
        let console = || find(ConsoleRequest::HEADERS).map(Name::Console);
        Ok(find(Credential::HEADERS).map(Name::Credential).or_else(console).unwrap_or(Name::Other))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(headers: serde_json::Value) -> Vec<(&'static str, String)> {
        serde_json::from_value::<Headers>(headers).unwrap().credentials
    }

    #[test]
    fn the_headers_of_the_console_are_noted_and_not_kept() {
        let console = |headers: serde_json::Value| {
            let headers: Headers = serde_json::from_value(headers).unwrap();
            assert_eq!(headers.credentials, []);
            headers.console
        };
        let mut expected = ConsoleRequest::default();
        assert_eq!(console(json!({"cookie": "a=b", "x-console-request": null})), expected);
        expected.note("x-console-request", "1");
        assert_eq!(console(json!({"X-Console-Request": "1"})), expected);
        assert_eq!(console(json!({"x-console-request": ["1"]})), expected);
        expected.note("x-console-request", "1");
        assert_eq!(console(json!({"x-console-request": "1", "X-CONSOLE-REQUEST": "1"})), expected);
        assert_eq!(console(json!({"x-console-request": ["1", "1"]})), expected);
    }

    #[test]
    fn each_header_that_may_hold_a_credential_is_kept_with_its_repetitions() {
        let single =
            json!({"Accept": "*/*", "X-Access-Key": "a", "x-access-key": "b", "authorization": null});
        assert_eq!(read(single), [("x-access-key", "a".to_owned()), ("x-access-key", "b".to_owned())]);
        let several = json!({"AUTHORIZATION": ["a", "b"], "accept": ["c"]});
        assert_eq!(read(several), [("authorization", "a".to_owned()), ("authorization", "b".to_owned())]);
    }
}
