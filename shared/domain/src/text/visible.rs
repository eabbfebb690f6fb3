//! The rule of texts that people write and others read: visible, and on one line.
//!
//! Joiners and variation selectors are invisible, but Persian, the scripts of India and emoji need them.
//! They are accepted where they change what people see.

use super::{
    bad_text::BadText,
    character::{Character, has_emoji_form},
};

const JOINER: &str = "must hold zero-width joiners only between letters or emoji";
const SELECTOR: &str = "must hold variation selectors only after the character whose form they choose";
const NOTHING_VISIBLE: &str = "must hold a character that people can see";

/// What stands before a character: what a joiner or a variation selector there would act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing that a joiner or variation selector acts on.
    Other,
    /// A letter with its marks.
    Letter,
    /// A letter that ends in a virama.
    Virama,
    /// A number with its marks.
    Number,
    /// An emoji with its skin tone and variation selector.
    Pictograph,
}

/// Judges the characters of a text, each in its place.
struct Scan {
    before: Before,
    /// The character before, which a variation selector may follow.
    base: Option<char>,
}

impl Scan {
    const fn new() -> Self {
        Self { before: Before::Other, base: None }
    }

    /// Judges the next character; `after` is the one behind it. A character that is refused leaves no trace.
    fn step(&mut self, c: char, after: Option<char>) -> Result<Character, &'static str> {
        let character = Character::of(c);
        let before = match character {
            Character::Refused(rule) => return Err(rule),
            Character::Letter { .. } => Before::Letter,
            Character::Mark { links: true } if matches!(self.before, Before::Letter | Before::Virama) => {
                Before::Virama
            }
            Character::Mark { .. } if self.before == Before::Virama => Before::Letter,
            Character::Mark { .. } => self.before,
            Character::Number => Before::Number,
            Character::Pictograph => Before::Pictograph,
            Character::SkinTone if self.before == Before::Pictograph => Before::Pictograph,
            Character::SkinTone | Character::Sign | Character::Space | Character::Prefix => Before::Other,
            Character::VariationSelector { of_emoji } if self.may_vary(of_emoji) => self.before,
            Character::VariationSelector { .. } => return Err(SELECTOR),
            Character::Joiner { joins } if self.may_join(joins, after) => Before::Other,
            Character::Joiner { .. } => return Err(JOINER),
        };
        self.before = before;
        self.base = Some(c).filter(|_| !matches!(character, Character::VariationSelector { .. }));
        Ok(character)
    }

    /// Tells whether a joiner here stands within a word or an emoji. Behind a virama it may end the word:
    /// it then chooses the form of the last letter, as in Malayalam.
    fn may_join(&self, joins: bool, after: Option<char>) -> bool {
        use Character::{Letter, Mark, Number, Pictograph};
        let after = after.map(Character::of);
        match self.before {
            Before::Virama => true,
            Before::Letter => matches!(after, Some(Letter { .. } | Mark { .. } | Number)),
            Before::Number => matches!(after, Some(Letter { .. })),
            Before::Pictograph => joins && after == Some(Pictograph),
            Before::Other => false,
        }
    }

    fn may_vary(&self, of_emoji: bool) -> bool {
        self.base.is_some_and(|base| {
            if of_emoji {
                has_emoji_form(base)
            } else {
                Character::of(base) == Character::Letter { varies: true }
            }
        })
    }
}

/// Checks that people can see a text, and that it has 1 to `max` characters (Unicode scalar values).
/// `length` states the latter rule.
pub(super) fn check(text: &str, max: usize, length: &'static str) -> Result<(), BadText> {
    if !(1..=max).contains(&text.chars().count()) {
        return Err(BadText(length, None));
    }
    let (mut scan, mut is_visible) = (Scan::new(), false);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match scan.step(c, rest.clone().next()) {
            Ok(character) => is_visible |= character.is_visible(),
            Err(rule) => return Err(BadText(rule, Some(c))),
        }
    }
    if is_visible { Ok(()) } else { Err(BadText(NOTHING_VISIBLE, None)) }
}

/// Makes a text of others as visible as it can be, with at most `max` characters: breaks of lines, controls
/// and runs of spaces become one space, and other characters that [`check`] refuses are left out.
pub(super) fn cleaned(text: &str, max: usize) -> String {
    let spaced = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c });
    let mut rest = spaced.filter(|c| !matches!(Character::of(*c), Character::Refused(_))).peekable();
    let (mut scan, mut kept) = (Scan::new(), String::new());
    while let Some(c) = rest.next() {
        if scan.step(c, rest.peek().copied()).is_ok() {
            kept.push(c);
        }
    }
    let mut cut = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = cut.char_indices().nth(max) {
        cut.truncate(end);
        // What the last joiner joined was cut off.
        cut.truncate(cut.trim_end_matches(['\u{200c}', '\u{200d}']).len());
    }
    cut.truncate(cut.trim_end().len());
    cut
}
