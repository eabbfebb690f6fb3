//! Lists of words, stored as one text with spaces between them.
//!
//! One text is read many times faster than a list of as many texts. A list is read too.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serializer,
    de::{Error, SeqAccess, Visitor},
};

/// Writes the words as one text. No word has a space.
pub(crate) fn serialize<T: fmt::Display, S: Serializer>(
    words: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let words: Vec<_> = words.iter().map(ToString::to_string).collect();
    serializer.serialize_str(&words.join(" "))
}

/// Reads the words of one text, or of a list.
pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: TryFrom<String, Error: fmt::Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Words(PhantomData))
}

struct Words<T>(PhantomData<T>);

impl<'de, T: TryFrom<String, Error: fmt::Display>> Visitor<'de> for Words<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("words, in one text or in a list")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        text.split_ascii_whitespace().map(|word| T::try_from(word.to_owned()).map_err(E::custom)).collect()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(T::try_from(word).map_err(A::Error::custom)?);
        }
        Ok(words)
    }
}
