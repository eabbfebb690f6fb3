//! The headers that may hold a credential, read from an event.

use std::fmt;

use api::Credential;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

/// The headers that may hold a credential, with repetitions, their names in lower case.
///
/// Others are skipped and not kept, for speed: the authorizer sees every request of an API.
#[derive(Default)]
pub(crate) struct Headers(pub(crate) Vec<(&'static str, String)>);

/// A header's value, or its values.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
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
        while let Some(Name(name)) = members.next_key()? {
            let Some(name) = name else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            match members.next_value()? {
                Some(Values::One(value)) => headers.0.push((name, value)),
                Some(Values::Several(values)) => {
                    headers.0.extend(values.into_iter().map(|value| (name, value)));
                }
                None => {}
            }
        }
        Ok(headers)
    }
}

/// The name of a header, if that header is kept.
struct Name(Option<&'static str>);

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
        Ok(Name(Credential::HEADERS.into_iter().find(|kept| kept.eq_ignore_ascii_case(name))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(headers: serde_json::Value) -> Vec<(&'static str, String)> {
        serde_json::from_value::<Headers>(headers).unwrap().0
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
