//! The headers that may hold a credential, read from an event.

use std::fmt;

use api::Credential;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The headers that may hold a credential, with repetitions, their names in lower case.
///
/// Others are skipped and not kept, for speed: the authorizer sees every request of an API.
#[derive(Default)]
pub(crate) struct Headers(pub(crate) Vec<(&'static str, String)>);

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
            let Values(values) = members.next_value()?;
            headers.0.extend(values.into_iter().map(|value| (name, value)));
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
