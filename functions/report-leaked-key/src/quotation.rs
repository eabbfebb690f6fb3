//! Texts of strangers, quoted so that they pass for nothing else.

use domain::message::quoted;

/// Quotes a text that anybody may have written, so that it passes for nothing else.
pub(crate) fn unverified(text: &str) -> String {
    format!("{} (not verified)", quoted(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unverified_text_cannot_end_its_quotation() {
        assert_eq!(unverified("CI"), "\"CI\" (not verified)");
        assert_eq!(unverified(r#"GitHub" (verified) “x"#), r#"«GitHub" (verified) “x» (not verified)"#);
    }
}
