//! Texts of strangers, quoted so that they pass for nothing else.

/// Quotation marks, with one of which a text could seem to end before it does.
const QUOTATION_MARKS: [char; 8] = ['"', '“', '”', '„', '‟', '«', '»', '″'];

/// Quotes a text that anybody may have written, so that it passes for nothing else.
pub(crate) fn unverified(text: &str) -> String {
    format!("\"{}\" (not verified)", text.replace(QUOTATION_MARKS, "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unverified_text_cannot_end_its_quotation() {
        assert_eq!(unverified(r#"GitHub" (verified) “x"#), r#""GitHub' (verified) 'x" (not verified)"#);
    }
}
