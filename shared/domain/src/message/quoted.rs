//! Quotes the words of people within sentences of ours.

use icu_properties::props::{BidiClass, EnumeratedProperty as _};

/// The quotation marks, the usual ones first.
const MARKS: [[&str; 2]; 3] = [["\"", "\""], ["“", "”"], ["«", "»"]];

/// Quotes a text that somebody wrote, and changes nothing in it.
///
/// Readers see where the text begins and ends, whatever it says: the quotation marks are some that it does not
/// hold. A text with letters that are written from right to left stands in an isolate (U+2068, U+2069), or the
/// words around it would change their order.
#[must_use]
pub fn quoted(text: &str) -> String {
    let unused = MARKS.into_iter().find(|marks| !marks.iter().any(|mark| text.contains(mark)));
    // More marks in a row than the text holds anywhere, as Markdown fences code.
    let fence = || text.split(|c| c != '"').map(str::len).max().map_or(1, |longest| longest + 1);
    let [open, close] =
        unused.map_or_else(|| [(); 2].map(|()| "\"".repeat(fence())), |marks| marks.map(str::to_owned));
    if text.chars().any(is_right_to_left) {
        format!("{open}\u{2068}{text}\u{2069}{close}")
    } else {
        format!("{open}{text}{close}")
    }
}

/// Tells whether a character makes the text around it run from right to left.
fn is_right_to_left(c: char) -> bool {
    let class = BidiClass::for_char(c);
    [BidiClass::RightToLeft, BidiClass::ArabicLetter, BidiClass::ArabicNumber].contains(&class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_between_marks_that_it_does_not_hold() {
        for (text, expected) in [
            ("deploy", "\"deploy\""),
            (" a  b ", "\" a  b \""),
            ("x\" has expired. Access key \"y", "“x\" has expired. Access key \"y”"),
            ("\"a” b", "«\"a” b»"),
            ("\"a” «b\"\"c", "\"\"\"\"a” «b\"\"c\"\"\""),
            ("דן 7", "\"\u{2068}דן 7\u{2069}\""),
            ("\"محمد\"", "“\u{2068}\"محمد\"\u{2069}”"),
            ("٢", "\"\u{2068}٢\u{2069}\""),
            ("李 Ω 👩🏽‍🚀", "\"李 Ω 👩🏽‍🚀\""),
        ] {
            assert_eq!(quoted(text), expected, "{text}");
        }
    }
}
