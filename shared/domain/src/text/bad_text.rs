//! Why a text is refused.

use std::fmt::{Display, Formatter, Result};

/// A text broke the rule that the message states, because of this character if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadText(pub(super) &'static str, pub(super) Option<char>);

impl std::error::Error for BadText {}

impl Display for BadText {
    /// Writes the rule, and the character as `U+200B`: many characters that are refused cannot be seen.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str(self.0)?;
        self.1.map_or(Ok(()), |c| write!(formatter, " (U+{:04X})", u32::from(c)))
    }
}
