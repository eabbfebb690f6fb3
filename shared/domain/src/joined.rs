//! Lists of words, stored as one text with spaces between them.
//!
//! One text is read many times faster than a list of as many texts. A list is read too.

use std::{fmt, iter, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serializer,
    de::{Error, SeqAccess, Visitor},
};

/// A text without spaces that keeps the rule of its type.
pub trait Word {
    /// Says which rule a text breaks.
    type Error: fmt::Display;

    /// Checks that a text is such a word.
    fn check(text: &str) -> Result<(), Self::Error>;
}

/// Words of one type in the text that holds them. It is read without a copy of each word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined<T> {
    text: String,
    word: PhantomData<fn() -> T>,
}

impl<T> Joined<T> {
    /// Returns the words with a space between each two.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the words in the order in which they are stored.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        words(&self.text)
    }

    /// Counts the words.
    #[must_use]
    pub fn count(&self) -> usize {
        let spaces = self.text.bytes().filter(|byte| *byte == b' ').count();
        if self.text.is_empty() { 0 } else { spaces + 1 }
    }
}

impl<T: Word + TryFrom<String>> Joined<T> {
    /// Copies the words, each as a value of its own.
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        self.words().filter_map(|word| T::try_from(word.to_owned()).ok()).collect()
    }
}

impl<T: fmt::Display> FromIterator<T> for Joined<T> {
    fn from_iter<I: IntoIterator<Item = T>>(words: I) -> Self {
        let words: Vec<_> = words.into_iter().map(|word| word.to_string()).collect();
        Self { text: words.join(" "), word: PhantomData }
    }
}

impl<T: Word> TryFrom<String> for Joined<T> {
    type Error = T::Error;

    fn try_from(text: String) -> Result<Self, T::Error> {
        let joined = Self { text, word: PhantomData };
        joined.words().try_for_each(T::check)?;
        Ok(joined)
    }
}

impl<'de, T: Word> Deserialize<'de> for Joined<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text)?.try_into().map_err(D::Error::custom)
    }
}

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
    let text = deserializer.deserialize_any(Text)?;
    let word = |word: &str| T::try_from(word.to_owned()).map_err(D::Error::custom);
    words(&text).map(word).collect()
}

/// Splits a text at each space. An empty text has no words; a doubled space makes an empty one, which breaks every rule.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text).filter(|text| !text.is_empty());
    iter::from_fn(move || {
        let text = rest?;
        // Most words are short. `split` prepares a search for each, which costs more than this one.
        let (word, after) = match text.bytes().position(|byte| byte == b' ') {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(word)
    })
}

/// Reads one text, or the texts of a list with spaces between them.
struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("words, in one text or in a list")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        let mut words: Vec<String> = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        Ok(words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Permission;

    #[test]
    fn words_are_counted() {
        for words in [&[] as &[&str], &["a"], &["a", "b:c", "d"]] {
            let joined: Joined<Permission> =
                words.iter().map(|word| Permission::try_from((*word).to_owned()).unwrap()).collect();
            assert_eq!((joined.count(), joined.words().count()), (words.len(), words.len()));
        }
    }
}
