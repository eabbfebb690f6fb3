//! Changes of a text.

use std::ops::Range;

use arbtest::arbitrary::{Result, Unstructured};

/// The most characters of an input: longer ones cost time, and limits are tested where they stand.
const MAX_CHARACTERS: usize = 8_000;

/// Pieces that mean something to a parser, a URL, a mail program or a terminal.
const PIECES: &[&str] = &[
    "",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\u{7f}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffd}",
    "\u{e0041}",
    "e\u{301}",
    "é",
    "ß",
    "ſ",
    "İ",
    "٣",
    "👩🏽‍🚀",
    "=?utf-8?q?=41?=",
    "_",
    "-",
    "+",
    "/",
    "//",
    "\\",
    "\"",
    "'",
    "`",
    ":",
    ";",
    ",",
    ".",
    "..",
    "*",
    "%",
    "%00",
    "%2B",
    "%C3%28",
    "%zz",
    "&",
    "=",
    "==",
    "?",
    "#",
    "@",
    "{",
    "}",
    "[",
    "]",
    "[[[[",
    "<",
    ">",
    "$",
    "~",
    "|",
    "0",
    "00",
    "7",
    "-1",
    "1e400",
    "0x10",
    "18446744073709551616",
    "-9223372036854775809",
    "null",
    "true",
    "NaN",
    "Bearer ",
    "Basic ",
    "token=",
    "ak_",
    "::",
    "::ffff:",
    "/0",
    "/33",
    "/129",
    "Z",
    "T",
    "\\u0000",
    "\\ud800",
];

/// Changes a text of the corpus in a few places, or in none.
pub(crate) fn changed(corpus: &[String], choices: &mut Unstructured<'_>) -> Result<String> {
    let mut text: Vec<char> = choices.choose(corpus)?.chars().collect();
    for _ in 0..choices.int_in_range(0..=4)? {
        let place = range(&text, choices)?;
        let part = text[place.clone()].to_vec();
        let new: Vec<char> = match choices.int_in_range(0..=6)? {
            0 => Vec::new(),
            1 => part.into_iter().chain(choices.choose(PIECES)?.chars()).collect(),
            2 => choices.choose(PIECES)?.chars().collect(),
            3 => {
                let other: Vec<char> = choices.choose(corpus)?.chars().collect();
                other[range(&other, choices)?].to_vec()
            }
            4 => part.repeat(choices.int_in_range(2..=40)?),
            5 => vec![choices.arbitrary()?],
            _ => part.into_iter().map(neighbour).collect(),
        };
        text.splice(place, new);
        text.truncate(MAX_CHARACTERS);
    }
    Ok(text.into_iter().collect())
}

/// Chooses a part of a text: mostly a short one, sometimes all that follows.
fn range(text: &[char], choices: &mut Unstructured<'_>) -> Result<Range<usize>> {
    let start = choices.int_in_range(0..=text.len())?;
    let length = if choices.ratio(1, 8)? { text.len() } else { choices.int_in_range(0..=6)? };
    Ok(start..text.len().min(start + length))
}

/// Returns the letter in the other case, and the next of any other character.
fn neighbour(character: char) -> char {
    match character {
        'a'..='z' => character.to_ascii_uppercase(),
        'A'..='Z' => character.to_ascii_lowercase(),
        _ => char::from_u32(u32::from(character) + 1).unwrap_or('\u{10ffff}'),
    }
}
