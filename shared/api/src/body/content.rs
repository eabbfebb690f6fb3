//! The content of a body, before it is parsed: its content coding and its byte order mark.

use lambda_http::http::header::CONTENT_ENCODING;

use crate::{BodyError, Request};

/// The byte order mark of UTF-8, which some clients write before JSON. RFC 8259 allows to ignore it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl<C> Request<C> {
    /// Returns the body without a byte order mark and without white space around it.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        text_of(self.bytes())
    }

    /// Refuses a body that is compressed, or in another content coding than `identity`.
    pub fn check_coding(&self) -> Result<(), BodyError> {
        let codings = self.header_values(&CONTENT_ENCODING);
        if self.bytes().is_empty() || codings.into_iter().all(is_identity) {
            Ok(())
        } else {
            Err(BodyError::ContentCoding)
        }
    }
}

fn text_of(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii()
}

/// Tells whether a list of content codings changes nothing. Their names are not case-sensitive.
fn is_identity(codings: &[u8]) -> bool {
    let mut codings = codings.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    codings.all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod fuzz_target;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_order_mark_at_the_start_is_ignored() {
        assert_eq!(text_of("\u{feff} {} \n".as_bytes()), b"{}");
        assert_eq!(text_of(b" [] "), b"[]");
        assert_eq!(text_of("\u{feff}".as_bytes()), b"");
        for other in ["\u{feff}\u{feff}{}", " \u{feff}{}"] {
            assert!(!text_of(other.as_bytes()).starts_with(b"{"), "{other:?}");
        }
    }

    #[test]
    fn identity_alone_is_no_coding() {
        for codings in ["", "identity", "Identity", "IDENTITY, identity", " , identity"] {
            assert!(is_identity(codings.as_bytes()), "{codings}");
        }
        for codings in ["gzip", "GZip", "br", "identity, gzip", "x", "identity;q=1", "\u{e9}"] {
            assert!(!is_identity(codings.as_bytes()), "{codings}");
        }
    }
}
