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
}
