//! The header `Accept-Encoding` (RFC 9110, section 12.5.3).

/// Tells whether a client accepts gzip. An entry for gzip takes precedence over `*`; the weight 0 means *not acceptable*.
pub fn takes_gzip<'h>(values: impl Iterator<Item = &'h str>) -> bool {
    let (mut gzip, mut any) = (None, None);
    for coding in values.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let taken = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            gzip = Some(taken);
        } else if name == "*" {
            any = Some(taken);
        }
    }
    gzip.or(any).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_the_header_allows_it() {
        for (value, taken) in [
            ("", false),
            ("gzip", true),
            ("GZIP", true),
            ("br, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*", true),
            ("*;q=0", false),
            ("identity", false),
            ("gzip;q=x", false),
        ] {
            assert_eq!(takes_gzip([value].into_iter()), taken, "{value}");
        }
    }

    /// Reads whether gzip is taken, by the last entry for it, else by the last one for all codings.
    fn expected(values: &str) -> bool {
        let lower = values.to_ascii_lowercase();
        let entries = lower.split(',').map(|entry| {
            let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
            let weight = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
            let is_taken = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
            (name.trim(), is_taken)
        });
        let entries: Vec<_> = entries.collect();
        let last = |names: &[&str]| entries.iter().rev().find(|(name, _)| names.contains(name));
        last(&["gzip", "x-gzip"]).or_else(|| last(&["*"])).is_some_and(|(_, is_taken)| *is_taken)
    }

    /// Each input is values of the header, with `|` between them.
    #[test]
    fn fuzzed_codings_take_gzip_by_the_entry_for_it_or_for_all() {
        fuzz::texts("accept_encoding").play(|text| {
            let is_taken = takes_gzip(text.split('|'));
            let joined = text.replace('|', ",");
            assert_eq!(is_taken, expected(&joined));
            assert_eq!(is_taken, takes_gzip([joined.as_str()].into_iter()), "joined by a gateway");
            let upper = text.to_ascii_uppercase();
            assert_eq!(is_taken, takes_gzip(upper.split('|')), "in upper case");
            let more = ["br;q=0, deflate"].into_iter().chain(text.split('|')).chain(["identity;q=0"]);
            assert_eq!(is_taken, takes_gzip(more), "beside other codings");
            assert!(!takes_gzip(text.split('|').chain(["gzip;q=0"])));
            is_taken
        });
    }
}
