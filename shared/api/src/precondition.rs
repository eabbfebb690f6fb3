//! Conditional requests (RFC 9110, section 13): `If-Match` and `If-None-Match`.
//!
//! The entity tag of an object is its version in quotes. It is strong, so `If-Match` never matches a weak tag.

use domain::Error;
use lambda_http::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use serde::Serialize;

use crate::{
    HandlerResult, Request,
    response::{self, Cacheable},
};

const RULE: &str = r#"must be * or a list of entity tags such as "7""#;

/// The entity tags in the values of one header.
#[derive(Debug, PartialEq, Eq)]
enum EntityTags<'h> {
    /// `*`: whatever is there.
    Any,
    Listed(Vec<EntityTag<'h>>),
}

#[derive(Debug, PartialEq, Eq)]
struct EntityTag<'h> {
    is_weak: bool,
    /// The text between the quotes.
    opaque: &'h [u8],
}

impl<'h> EntityTags<'h> {
    /// Parses the values of a header. Empty elements of a list are ignored, as RFC 9110 demands.
    fn parse(values: impl Iterator<Item = &'h [u8]>) -> Option<Self> {
        let values: Vec<_> = values.map(<[u8]>::trim_ascii).collect();
        if values == [b"*"] {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        for value in values {
            parse_list(value, &mut tags)?;
        }
        if tags.is_empty() { None } else { Some(Self::Listed(tags)) }
    }

    /// Tells whether a tag names the version of what is there; 0 if nothing is.
    fn contain(&self, version: u64, weak_tags_match: bool) -> bool {
        let current = version.to_string();
        let matches =
            |tag: &EntityTag<'_>| tag.opaque == current.as_bytes() && (weak_tags_match || !tag.is_weak);
        version != 0
            && match self {
                Self::Any => true,
                Self::Listed(tags) => tags.iter().any(matches),
            }
    }
}

fn parse_list<'h>(value: &'h [u8], tags: &mut Vec<EntityTag<'h>>) -> Option<()> {
    let mut rest = value;
    loop {
        rest = rest.trim_ascii_start();
        match rest {
            [] => return Some(()),
            [b',', after @ ..] => rest = after,
            _ => {
                let (tag, after) = parse_tag(rest)?;
                tags.push(tag);
                rest = after.trim_ascii_start();
                if !matches!(rest, [] | [b',', ..]) {
                    return None;
                }
            }
        }
    }
}

fn parse_tag(text: &[u8]) -> Option<(EntityTag<'_>, &[u8])> {
    let (is_weak, quoted) = text.strip_prefix(b"W/").map_or((false, text), |quoted| (true, quoted));
    let inside = quoted.strip_prefix(b"\"")?;
    let end = inside.iter().position(|byte| *byte == b'"')?;
    let opaque = &inside[..end];
    let allowed = opaque.iter().all(|byte| *byte > b' ' && *byte != 0x7f);
    allowed.then_some((EntityTag { is_weak, opaque }, &inside[end + 1..]))
}

impl<C> Request<C> {
    /// Checks `If-Match` and `If-None-Match` against the version of what is there; 0 if nothing is.
    ///
    /// `*` means any version: `If-Match: *` only changes, and `If-None-Match: *` only creates.
    pub fn check_precondition(&self, version: u64) -> Result<(), Error> {
        self.check_if_match(version)?;
        if self.is_known(version)? { Err(Error::PreconditionFailed) } else { Ok(()) }
    }

    /// Responds with an object as it is now, or says that the client has this version (304).
    pub fn show(&self, object: &impl Serialize, version: u64) -> HandlerResult {
        self.check_if_match(version)?;
        if self.is_known(version)? {
            return Ok(response::not_modified(version));
        }
        Ok(response::ok(object, Some(version)))
    }

    /// Responds with a document, or says that the client has it (304).
    pub fn show_cacheable(&self, document: &Cacheable) -> HandlerResult {
        self.check_if_match(document.version)?;
        Ok(document.to_response(self.is_known(document.version)?))
    }

    fn check_if_match(&self, version: u64) -> Result<(), Error> {
        match self.entity_tags(&IF_MATCH, "If-Match")? {
            Some(wanted) if !wanted.contain(version, false) => Err(Error::PreconditionFailed),
            _ => Ok(()),
        }
    }

    /// Tells whether `If-None-Match` names the version of what is there.
    fn is_known(&self, version: u64) -> Result<bool, Error> {
        let known = self.entity_tags(&IF_NONE_MATCH, "If-None-Match")?;
        Ok(known.is_some_and(|known| known.contain(version, true)))
    }

    fn entity_tags(&self, header: &HeaderName, name: &'static str) -> Result<Option<EntityTags<'_>>, Error> {
        let mut values = self.header_values(header).peekable();
        if values.peek().is_none() {
            return Ok(None);
        }
        EntityTags::parse(values).map(Some).ok_or_else(|| Error::invalid(name, RULE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(values: &[&'static str]) -> Option<EntityTags<'static>> {
        EntityTags::parse(values.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn a_list_names_each_of_its_tags_and_an_asterisk_every_version() {
        for (values, weak, strong) in [
            (&[r#""7""#] as &[_], true, true),
            (&[r#"W/"7""#], true, false),
            (&[r#" "1" , W/"2","7" "#], true, true),
            (&[r#""1""#, r#""7""#], true, true),
            (&[r#",,"7",, "#], true, true),
            (&[r#""7,8""#], false, false),
            (&[r#""a,b", "7""#], true, true),
            (&[r#""""#], false, false),
            (&[r#""é""#], false, false),
            (&[r#""07""#], false, false),
            (&["*"], true, true),
            (&[" * "], true, true),
        ] {
            let tags = parsed(values).unwrap();
            assert_eq!((tags.contain(7, true), tags.contain(7, false)), (weak, strong), "{values:?}");
            assert!(!tags.contain(0, true), "{values:?}");
        }
    }

    #[test]
    fn values_that_list_no_tags_are_refused() {
        for values in [
            &[""] as &[_],
            &[","],
            &["7"],
            &["'7'"],
            &[r#""7"#],
            &[r#"7""#],
            &[r#""7"8""#],
            &[r#""7" "8""#],
            &[r#"w/"7""#],
            &["W/7"],
            &[r#""a b""#],
            &[r#"*, "7""#],
            &["*", r#""7""#],
            &["*", "*"],
            &["**"],
            &["null"],
        ] {
            assert_eq!(parsed(values), None, "{values:?}");
        }
    }

    /// Makes a request with these values of a header. `None` if no header has such values.
    fn request(header: &HeaderName, values: &[&str]) -> Option<Request<()>> {
        let event = include_str!("../../../tests/events/describe-caller.json");
        let mut request = lambda_http::request::from_str(event).unwrap();
        for value in values {
            request.headers_mut().append(header, value.as_bytes().try_into().ok()?);
        }
        Some(Request::read_open(request).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Reads the tags of a value as what stands between its quotes, each with whether it is weak.
    fn tags_between_quotes(value: &str) -> Option<Vec<(bool, &str)>> {
        let (mut tags, mut is_weak) = (Vec::new(), false);
        let parts: Vec<_> = value.split('"').collect();
        let last = parts.len() - 1;
        for (index, part) in parts.into_iter().enumerate() {
            if index % 2 == 1 {
                tags.push((is_weak, part));
                if index == last || part.contains([' ', '\t']) {
                    return None;
                }
            } else {
                let before = part.strip_suffix("W/").filter(|_| index != last);
                is_weak = before.is_some();
                let between = before.unwrap_or(part);
                let is_end = index == 0 || index == last;
                if !between.chars().all(|c| [' ', '\t', ','].contains(&c))
                    || !is_end && !between.contains(',')
                {
                    return None;
                }
            }
        }
        Some(tags)
    }

    /// Tells in simpler code whether the values of a header name a version. `None` if they list no tags.
    fn names(values: &[&str], version: u64, weak_tags_match: bool) -> Option<bool> {
        if matches!(values, [value] if value.trim_matches([' ', '\t']) == "*") {
            return Some(version != 0);
        }
        let tags: Vec<_> = values.iter().map(|value| tags_between_quotes(value)).collect::<Option<_>>()?;
        let mut tags = tags.into_iter().flatten().peekable();
        tags.peek()?;
        let current = version.to_string();
        Some(version != 0 && tags.any(|(is_weak, tag)| tag == current && (weak_tags_match || !is_weak)))
    }

    /// Each input is the values of a header, with `|` between them.
    #[test]
    fn fuzzed_entity_tags_are_what_stands_between_quotes() {
        fuzz::texts("entity_tags").play(|text| {
            let values: Vec<_> = text.split('|').collect();
            // A gateway joins them.
            for sent in [&values[..], &[&values.join(", ")]] {
                let Some(if_match) = request(&IF_MATCH, sent) else { return false };
                let Some(if_none_match) = request(&IF_NONE_MATCH, sent) else { return false };
                for version in [0, 1, 7, 8, u64::MAX] {
                    let expected = match names(&values, version, false) {
                        Some(true) => Ok(()),
                        Some(false) => Err(Error::PreconditionFailed),
                        None => Err(Error::invalid("If-Match", RULE)),
                    };
                    assert_eq!(if_match.check_precondition(version), expected, "{sent:?} {version}");
                    let expected = names(&values, version, true);
                    let expected = expected.ok_or_else(|| Error::invalid("If-None-Match", RULE));
                    assert_eq!(if_none_match.is_known(version), expected, "{sent:?} {version}");
                }
            }
            names(&values, 1, true).is_some()
        });
    }
}
