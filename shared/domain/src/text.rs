//! Short texts that people write: names, descriptions, addresses.

use serde::{Deserialize, Serialize};

/// A text broke the rule that the message states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadText(&'static str);

/// The most characters of a name.
const MAX_NAME: usize = 64;

fn is_visible(c: char) -> bool {
    // Characters without width, and those that turn the writing direction, make one text look like another.
    let deceives =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    !c.is_control() && !deceives
}

fn visible_within(text: &str, longest: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= longest && text.chars().all(is_visible)
}

/// Tells whether text holds a key id and the start of a secret behind it, whatever the prefix.
///
/// Names and descriptions are shown to people and kept in the audit log.
fn holds_secret(text: &str) -> bool {
    const KEY_ID: usize = 20;
    const SECRET_START: usize = 8;
    let base62 = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.match_indices('_').any(|(end, _)| {
        let key_id = end.checked_sub(KEY_ID).and_then(|start| text.get(start..end));
        let secret = text.get(end + 1..end + 1 + SECRET_START);
        key_id.is_some_and(base62) && secret.is_some_and(base62)
    })
}

/// Tells whether text in the place of a name may be a credential: an access key, a secret alone, a JWT.
///
/// Every credential holds more letters and digits in a row than the words of a name have.
pub(crate) fn may_hold_credential(text: &str) -> bool {
    const LONGEST_WORD: usize = 24;
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    holds_secret(text) || words.into_iter().any(|word| word.len() > LONGEST_WORD)
}

const SECRET_IN_TEXT: BadText = BadText("must hold no access key: it is shown to people");

/// A label: 1–64 characters, not blank, without control characters. Never a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Name(String);

impl Name {
    /// Makes a name of a text that others wrote, such as a claim: invisible characters become spaces, and
    /// the text is cut after 64 characters. `None` if nothing visible is left.
    #[must_use]
    pub fn cleaned(text: &str) -> Option<Self> {
        let shown: String = text.chars().map(|c| if is_visible(c) { c } else { ' ' }).collect();
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut: String = words.chars().take(MAX_NAME).collect();
        Self::try_from(cut.trim_end().to_owned()).ok()
    }
}

impl TryFrom<String> for Name {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, BadText> {
        if holds_secret(&text) {
            Err(SECRET_IN_TEXT)
        } else if visible_within(&text, MAX_NAME) {
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
        if holds_secret(&text) {
            Err(SECRET_IN_TEXT)
        } else if visible_within(&text, 500) {
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

    /// Tells whether two addresses are the same. Case does not count.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Returns the domain, as written.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
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
    fn a_text_of_others_becomes_a_visible_name_or_none() {
        let cleaned = |text: &str| Name::cleaned(text).map(String::from);
        for (text, name) in [
            ("Ann", "Ann"),
            (" Ann\r\nB.\0 ", "Ann B."),
            ("a\u{202e}b\u{200b}", "a b"),
            (&"é".repeat(200), &"é".repeat(64)),
            (&format!("{} b", "a".repeat(63)), &"a".repeat(63)),
        ] {
            assert_eq!(cleaned(text).as_deref(), Some(name), "{text:?}");
        }
        for text in ["", " \t", "\0\n", "\u{200b}\u{feff}"] {
            assert_eq!(cleaned(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_holds_no_secret() {
        let token = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
        for text in [token.to_owned(), format!("é {token}."), token[..40].to_owned(), token[3..].to_owned()]
        {
            assert_eq!(Description::try_from(text.clone()), Err(SECRET_IN_TEXT), "{text}");
        }
        assert_eq!(Name::try_from(token[..64].to_owned()), Err(SECRET_IN_TEXT));
        for text in [&token[..23], &token[..24], "ak_7HcX2mPq9LwZtR4bK1nV_…", "a_b_c", "_", "é_"] {
            assert!(Name::try_from(text.to_owned()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_name_of_a_field_is_no_credential() {
        let token = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
        let jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0.c2ln";
        for text in [token, &token[..32], &token[24..], jwt, &format!("policy.{token}")] {
            assert!(may_hold_credential(text), "{text}");
        }
        for text in
            ["policy.rotation.max_overlap_seconds", "access_keys[0].expires_in_days", "Idempotency-Key", ""]
        {
            assert!(!may_hold_credential(text), "{text}");
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
