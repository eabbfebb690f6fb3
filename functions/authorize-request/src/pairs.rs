use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// The members of a JSON object in their order: read once, so not worth a map.
pub(crate) struct Pairs<T>(Vec<(String, T)>);

impl<T> Pairs<T> {
    /// Takes a member; the last one of its name, as a map would hold.
    pub(crate) fn take(self, name: &str) -> Option<T> {
        self.0.into_iter().rev().find(|(found, _)| found == name).map(|(_, value)| value)
    }
}

impl<T> IntoIterator for Pairs<T> {
    type Item = (String, T);
    type IntoIter = std::vec::IntoIter<(String, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Pairs<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = members.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_the_last_of_a_name_is_taken() {
        let pairs = || serde_json::from_str::<Pairs<u8>>(r#"{"b": 1, "a": 2, "b": 3}"#).unwrap();
        let names: Vec<_> = pairs().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a", "b"]);
        assert_eq!((pairs().take("b"), pairs().take("c")), (Some(3), None));
    }
}
