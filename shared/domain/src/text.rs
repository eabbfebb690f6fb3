//! Short texts that people write: names, descriptions, addresses.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

mod bad_text;
mod character;
#[cfg(test)]
mod tests;
mod visible;

pub use bad_text::BadText;

/// The most characters of a name.
const MAX_NAME: usize = 64;

/// The most characters of a description.
const MAX_DESCRIPTION: usize = 500;

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

/// Tells whether a character may stand in a text wherever it is: no control or format character, such as one of the writing
/// direction, no joiner, no variation selector, nothing unassigned.
#[must_use]
pub fn is_visible(c: char) -> bool {
    use character::Character::{self, Joiner, Refused, VariationSelector};
    !matches!(Character::of(c), Joiner { .. } | Refused(_) | VariationSelector { .. })
}

/// Tells whether text in the place of a name may be a credential: an access key, a secret alone, a JWT.
///
/// Every credential holds more letters and digits in a row than the words of a name have.
pub(crate) fn may_hold_credential(text: &str) -> bool {
    const LONGEST_WORD: usize = 24;
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    holds_secret(text) || words.into_iter().any(|word| word.len() > LONGEST_WORD)
}

const SECRET_IN_TEXT: BadText = BadText("must hold no access key: it is shown to people", None);

/// A label that people see: 1–64 characters on one line, of visible characters. Never a credential.
///
/// A character is a Unicode scalar value: an emoji of a family has seven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(
        description = "A label that people see, on one line and of visible characters. It need not be unique.",
        extend("minLength" = 1, "maxLength" = 64)
    ))]
#[serde(into = "String", try_from = "String")]
pub struct Name(String);

impl Name {
    /// Makes a name of a text that others wrote, such as a claim: what a name may not hold becomes a space
    /// or is left out, and the text is cut after 64 characters. `None` if nothing visible is left.
    #[must_use]
    pub fn cleaned(text: &str) -> Option<Self> {
        Self::try_from(visible::cleaned(text, MAX_NAME)).ok()
    }
}

impl TryFrom<String> for Name {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, BadText> {
        if holds_secret(&text) {
            return Err(SECRET_IN_TEXT);
        }
        visible::check(&text, MAX_NAME, "must be 1 to 64 characters")?;
        Ok(Self(text))
    }
}

/// A free text that people see: 1–500 characters on one line, by the same rule as a [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(
        description = "A text that people see, on one line and of visible characters. It holds no access key.",
        extend("minLength" = 1, "maxLength" = 500)
    ))]
#[serde(into = "String", try_from = "String")]
pub struct Description(String);

impl TryFrom<String> for Description {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, BadText> {
        if holds_secret(&text) {
            return Err(SECRET_IN_TEXT);
        }
        visible::check(&text, MAX_DESCRIPTION, "must be 1 to 500 characters; leave it out for none")?;
        Ok(Self(text))
    }
}

/// An e-mail address: one `@`, an ASCII part before it, at most 254 characters, with a dot in the domain.
///
/// Kept as written, except that an internationalized domain is kept in ASCII (RFC 5890): both spellings of it are the
/// same. Addresses are compared by [`Email::key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(
        description = "An e-mail address, ASCII before the `@`. An internationalized domain is kept in ASCII.",
        extend("format" = "email", "maxLength" = 254)
    ))]
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

    /// Returns the address with its internationalized domain in Unicode; `None` if the domain is not internationalized.
    #[must_use]
    pub fn in_unicode(&self) -> Option<String> {
        let (local, domain) = self.0.rsplit_once('@')?;
        let (domain, letters) = (domain.to_ascii_lowercase(), AsciiDenyList::STD3);
        let (unicode, _) = Uts46::new().to_unicode(domain.as_bytes(), letters, Hyphens::CheckFirstLast);
        (unicode != domain).then(|| format!("{local}@{unicode}"))
    }
}

impl TryFrom<String> for Email {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, BadText> {
        let text = with_ascii_domain(text);
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
            let rule = "must be an e-mail address such as name@example.com, in ASCII before the @";
            Err(BadText(rule, None))
        }
    }
}

/// Writes an internationalized domain in ASCII. Text without a valid one stays as it is.
fn with_ascii_domain(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let ascii = text.split_once('@').and_then(|(local, domain)| {
        let (domain, letters) = (domain.as_bytes(), AsciiDenyList::STD3);
        let domain =
            Uts46::new().to_ascii(domain, letters, Hyphens::CheckFirstLast, DnsLength::Verify).ok()?;
        Some(format!("{local}@{domain}"))
    });
    ascii.unwrap_or(text)
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
