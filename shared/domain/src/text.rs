//! Short texts that people write: names, descriptions, addresses.

use serde::{Deserialize, Serialize};

/// A text broke the rule that the message states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadText(&'static str);

fn visible_within(text: &str, longest: usize) -> bool {
    // Characters without width, and those that turn the writing direction, make one text look like another.
    let deceives = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let visible = |c: char| !c.is_control() && !deceives(c);
    !text.trim().is_empty() && text.chars().count() <= longest && text.chars().all(visible)
}

/// A label: 1–64 characters, not blank, without control characters. Never a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Name(String);

impl TryFrom<String> for Name {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, BadText> {
        if visible_within(&text, 64) {
            Ok(Self(text))
        } else {
            Err(BadText("must be 1 to 64 characters, not blank and without control characters"))
        }
    }
}

/// A free text: 1–500 characters, not blank, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Description(String);

impl TryFrom<String> for Description {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, BadText> {
        if visible_within(&text, 500) {
            Ok(Self(text))
        } else {
            Err(BadText(
                "must be 1 to 500 characters, not blank and without control characters; leave it out for none",
            ))
        }
    }
}

/// An e-mail address: ASCII, one `@`, at most 254 characters, with a dot in the domain.
///
/// Kept as written; addresses are compared by [`Email::key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Email(String);

impl Email {
    /// Returns the lower-case address, for comparisons.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl TryFrom<String> for Email {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, BadText> {
        let local_ok = |local: &str| {
            let atom = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&c);
            (1..=64).contains(&local.len())
                && local.bytes().all(atom)
                && !local.starts_with('.')
                && !local.ends_with('.')
                && !local.contains("..")
        };
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let valid = text.len() <= 254
            && text.split_once('@').is_some_and(|(local, domain)| {
                local_ok(local) && domain.contains('.') && domain.split('.').all(label_ok)
            });
        if valid {
            Ok(Self(text))
        } else {
            Err(BadText("must be an e-mail address such as name@example.com, in ASCII"))
        }
    }
}

macro_rules! text {
    ($($type:ty),*) => {$(
        impl $type {
            /// Returns the text as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$type> for String {
            fn from(text: $type) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

text!(Name, Description, Email);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_1_to_64_visible_characters() {
        for text in ["a", "CI – Zürich", &"é".repeat(64)] {
            assert!(Name::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["", "   ", "a\nb", "a\0", "\u{200b}", "a\u{202e}b", &"a".repeat(65)] {
            assert!(Name::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn addresses_have_a_local_part_and_a_domain() {
        for text in ["a@b.co", "first.last+tag@sub.example.com", "O'Neil@example.ie"] {
            assert!(Email::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in [
            "",
            "a",
            "a@b",
            "@b.co",
            "a@@b.co",
            "a b@c.de",
            "a@-b.co",
            "a.@b.co",
            "a@b.co\r\nBcc: x@y.zz",
            "é@b.co",
        ] {
            assert!(Email::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn addresses_differ_by_more_than_case() {
        let email = |text: &str| Email::try_from(text.to_owned()).unwrap();
        assert_eq!(email("Ann@Example.com").key(), email("ann@example.COM").key());
    }
}
