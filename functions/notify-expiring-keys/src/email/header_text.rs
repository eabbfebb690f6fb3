//! Writes texts in headers, so that each mail program reads exactly these texts.
//!
//! `mail-builder` leaves ASCII as it is, also ASCII that a mail program takes for an encoded word (RFC 2047),
//! and does not keep spaces in a row.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::text::Name;

/// The most bytes of a text in one encoded word. With `Subject: ` it then fits the 76 characters of a line.
const WORD_BYTES: usize = 39;

/// The most bytes between the quotes of a name. With `From: ` it then fits a line of 78 characters (RFC 5322). One with more,
/// because of escapes, is encoded: it may have no space at which a line can end.
const MAX_QUOTED_BYTES: usize = 64;

/// Writes a text as the value of a header: as it is if nothing in it can be misread, and else in encoded words.
pub(super) fn encoded(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.trim() == text
        && !["  ", "=?"].iter().any(|mistakable| text.contains(mistakable));
    if is_plain { text.to_owned() } else { encoded_words(text) }
}

/// Writes an address with the name that mail programs show beside it. They show no spaces around it.
pub(super) fn mailbox(name: Option<&Name>, address: &str) -> String {
    let Some(name) = name.map(|name| name.as_str().trim()) else { return format!("<{address}>") };
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    let is_quotable = encoded(name) == name && escaped.len() <= MAX_QUOTED_BYTES;
    let shown = if is_quotable { format!("\"{escaped}\"") } else { encoded_words(name) };
    format!("{shown} <{address}>")
}

/// Encodes a text in as many words as it needs. Readers leave out the spaces between encoded words.
fn encoded_words(text: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= WORD_BYTES => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let words = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join(" ")
}
