//! Text of the 62 letters and digits, drawn without bias from the operating system.

use std::{fmt, str::FromStr};

use rand::{
    distr::{Alphanumeric, Distribution as _},
    rand_core::UnwrapErr,
    rngs::SysRng,
};
use serde::{Deserialize, Serialize};

/// The digits in the order of their values.
pub const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Base62 text of exactly `N` characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Base62<const N: usize>([u8; N]);

/// The text is not base62 of the expected length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {length} letters and digits")]
pub struct NotBase62 {
    length: usize,
}

impl<const N: usize> Base62<N> {
    /// Draws each character independently and without bias.
    ///
    /// # Panics
    /// When the operating system provides no random bytes: nothing safe can be made then.
    #[must_use]
    pub fn random() -> Self {
        let mut system = UnwrapErr(SysRng);
        Self(std::array::from_fn(|_| Alphanumeric.sample(&mut system)))
    }

    /// Reads text that must be base62 and `N` characters long.
    pub fn parse(text: &str) -> Result<Self, NotBase62> {
        let characters: [u8; N] = text.as_bytes().try_into().map_err(|_| NotBase62 { length: N })?;
        if characters.iter().all(u8::is_ascii_alphanumeric) {
            Ok(Self(characters))
        } else {
            Err(NotBase62 { length: N })
        }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base62 digits are ASCII")
    }
}

/// Writes `value` as `N` base62 digits, most significant first, padded with `0`.
#[must_use]
pub fn encode<const N: usize>(mut value: u32) -> Base62<N> {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(value % 62) as usize];
        value /= 62;
    }
    Base62(digits)
}

impl<const N: usize> fmt::Display for Base62<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Base62<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl<const N: usize> FromStr for Base62<N> {
    type Err = NotBase62;

    fn from_str(text: &str) -> Result<Self, NotBase62> {
        Self::parse(text)
    }
}

impl<const N: usize> TryFrom<String> for Base62<N> {
    type Error = NotBase62;

    fn try_from(text: String) -> Result<Self, NotBase62> {
        Self::parse(&text)
    }
}

impl<const N: usize> From<Base62<N>> for String {
    fn from(text: Base62<N>) -> Self {
        text.as_str().to_owned()
    }
}

#[cfg(feature = "openapi")]
impl<const N: usize> schemars::JsonSchema for Base62<N> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Base62x{N}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": format!("^[0-9A-Za-z]{{{N}}}$") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_with_padding() {
        assert_eq!(encode::<6>(0).as_str(), "000000");
        assert_eq!(encode::<6>(61).as_str(), "00000z");
        assert_eq!(encode::<6>(62).as_str(), "000010");
        assert_eq!(encode::<6>(u32::MAX).as_str(), "4gfFC3");
    }

    #[test]
    fn draws_every_digit_about_equally_often() {
        let mut counts = [0_u32; 62];
        for _ in 0..2_000 {
            for character in Base62::<31>::random().0 {
                let digit = ALPHABET.iter().position(|digit| *digit == character).unwrap();
                counts[digit] += 1;
            }
        }
        // 1,000 expected for each digit; six standard deviations are 190.
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }

    #[test]
    fn refuses_other_characters_and_lengths() {
        for text in ["", "abc", "abcde", "ab-d", "ab d", "abé"] {
            assert!(Base62::<4>::parse(text).is_err(), "{text}");
        }
    }
}
