//! The patterns by which IAM policies name resources.

/// Tells whether a pattern matches a text: `*` is any characters, `?` is one.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return text.is_empty();
    };
    let rest = &pattern[first.len_utf8()..];
    let mut after_one = text.chars();
    let next = after_one.next();
    match first {
        '*' => matches(rest, text) || (next.is_some() && matches(pattern, after_one.as_str())),
        '?' => next.is_some() && matches(rest, after_one.as_str()),
        literal => next == Some(literal) && matches(rest, after_one.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_characters_and_a_question_mark_is_one() {
        assert!(matches("arn:*:table/t/index/?SI*", "arn:aws:dynamodb:r:0:table/t/index/GSI1"));
        assert!(matches("*", ""));
        assert!(!matches("a?", "a"));
        assert!(!matches("table/t", "table/t/index/due"));
    }
}
