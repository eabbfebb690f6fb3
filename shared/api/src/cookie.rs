//! Finds a cookie by its name.

/// Returns the value of the only cookie with this name; `None` if there is none, or more than one. Each cookie is `name=value`.
///
/// Only spaces and tabs may stand around a cookie. To a browser any other white space is a part of the name, which then lacks a
/// prefix such as `__Host-`: another host may set such a cookie.
pub fn only_cookie<'c>(cookies: impl Iterator<Item = &'c str>, name: &str) -> Option<&'c str> {
    let pairs = cookies.filter_map(|cookie| cookie.trim_matches([' ', '\t']).split_once('='));
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name_if_there_is_no_other_of_it() {
        for (cookies, value) in [
            (&["a=1"] as &[&str], Some("1")),
            (&["b=2", " \ta=1 \t", "c"], Some("1")),
            (&["a=1=2"], Some("1=2")),
            (&["a="], Some("")),
            (&[], None),
            (&["a"], None),
            (&["a =1"], None),
            (&["aa=1", "A=1"], None),
            (&["\u{2003}a=1"], None),
            (&["\u{c}a=1"], None),
            (&["a=1", "a=1"], None),
            (&["a=1", " a="], None),
        ] {
            assert_eq!(only_cookie(cookies.iter().copied(), "a"), value, "{cookies:?}");
        }
    }

    #[test]
    fn fuzzed_cookies_give_the_only_one_of_a_name() {
        const WHITE: [char; 2] = [' ', '\t'];
        fuzz::texts("cookies").play(|text| {
            let named =
                text.split(';').filter_map(|cookie| cookie.trim_start_matches(WHITE).strip_prefix("a="));
            let expected = match named.collect::<Vec<_>>()[..] {
                [value] => Some(value.trim_end_matches(WHITE)),
                _ => None,
            };
            assert_eq!(only_cookie(text.split(';'), "a"), expected);
            expected.is_some()
        });
    }
}
