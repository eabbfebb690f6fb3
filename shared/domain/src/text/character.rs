//! What the Unicode properties say of one character of a text that people read.

use icu_properties::props::{
    BidiControl, BinaryProperty as _, DefaultIgnorableCodePoint, Emoji, EmojiModifier,
    EnumeratedProperty as _, ExtendedPictographic, GeneralCategory, GraphemeLink, PrependedConcatenationMark,
    VariationSelector,
};

/// A character by its part in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Character {
    /// A letter; `varies` if variation selectors choose its form, as for ideographs.
    Letter { varies: bool },
    /// A combining mark; `links` if it is a virama, which forms conjuncts.
    Mark { links: bool },
    /// A digit or another number.
    Number,
    /// An emoji, or another character that emoji are composed of.
    Pictograph,
    /// The skin tone of an emoji. It is visible alone, too.
    SkinTone,
    /// Punctuation, or a symbol.
    Sign,
    /// A space.
    Space,
    /// A visible sign that belongs to the letters or digits after it, as the Arabic sign of a year.
    Prefix,
    /// The zero-width joiner; `false` is the zero-width non-joiner.
    Joiner { joins: bool },
    /// A variation selector; `of_emoji` if it chooses between text and emoji.
    VariationSelector { of_emoji: bool },
    /// A character that no text may hold.
    Refused(&'static str),
}

pub(super) const CONTROL: &str = "must hold no control characters";
pub(super) const LINE_BREAK: &str = "must hold no line or paragraph separators";
const DIRECTION: &str = "must hold no characters that control the writing direction";
const TAG: &str = "must hold no tag characters";
const INVISIBLE: &str = "must hold no invisible characters";
const PRIVATE: &str = "must hold no private-use characters";
const UNASSIGNED: &str = "must hold no unassigned characters";

/// Characters without a visible form that the properties count as visible: braille's empty cell, the
/// placeholder of an object, a filler, a note without a head, and empty hieroglyphs.
const BLANK: [char; 6] = ['\u{2800}', '\u{fffc}', '\u{16fe4}', '\u{1d159}', '\u{13441}', '\u{13442}'];

impl Character {
    /// Looks up a character.
    pub(super) fn of(c: char) -> Self {
        if c.is_ascii() {
            return Self::of_ascii(c);
        }
        match c {
            '\u{200c}' => return Self::Joiner { joins: false },
            '\u{200d}' => return Self::Joiner { joins: true },
            '\u{fe0e}' | '\u{fe0f}' => return Self::VariationSelector { of_emoji: true },
            '\u{e0000}'..='\u{e007f}' => return Self::Refused(TAG),
            _ if VariationSelector::for_char(c) => return Self::VariationSelector { of_emoji: false },
            _ if BidiControl::for_char(c) => return Self::Refused(DIRECTION),
            _ if BLANK.contains(&c) => return Self::Refused(INVISIBLE),
            _ => {}
        }
        match GeneralCategory::for_char(c) {
            GeneralCategory::Control => Self::Refused(CONTROL),
            GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => Self::Refused(LINE_BREAK),
            GeneralCategory::PrivateUse | GeneralCategory::Surrogate => Self::Refused(PRIVATE),
            // Unicode keeps some places for the emoji of later versions.
            _ if ExtendedPictographic::for_char(c) => Self::Pictograph,
            GeneralCategory::Unassigned => Self::Refused(UNASSIGNED),
            GeneralCategory::Format if PrependedConcatenationMark::for_char(c) => Self::Prefix,
            GeneralCategory::Format => Self::Refused(INVISIBLE),
            // The fillers of Hangul and Khmer are letters and marks.
            _ if DefaultIgnorableCodePoint::for_char(c) => Self::Refused(INVISIBLE),
            GeneralCategory::SpaceSeparator => Self::Space,
            GeneralCategory::UppercaseLetter
            | GeneralCategory::LowercaseLetter
            | GeneralCategory::TitlecaseLetter => Self::Letter { varies: false },
            GeneralCategory::ModifierLetter | GeneralCategory::OtherLetter => Self::Letter { varies: true },
            GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
            | GeneralCategory::EnclosingMark => Self::Mark { links: GraphemeLink::for_char(c) },
            GeneralCategory::DecimalNumber | GeneralCategory::LetterNumber | GeneralCategory::OtherNumber => {
                Self::Number
            }
            _ if EmojiModifier::for_char(c) => Self::SkinTone,
            _ => Self::Sign,
        }
    }

    const fn of_ascii(c: char) -> Self {
        match c {
            'a'..='z' | 'A'..='Z' => Self::Letter { varies: false },
            '0'..='9' => Self::Number,
            ' ' => Self::Space,
            c if c.is_ascii_control() => Self::Refused(CONTROL),
            _ => Self::Sign,
        }
    }

    /// Tells whether people see the character when it stands alone.
    pub(super) const fn is_visible(self) -> bool {
        use Character::{Letter, Number, Pictograph, Sign, SkinTone};
        matches!(self, Letter { .. } | Number | Pictograph | SkinTone | Sign)
    }
}

/// Tells whether a character has a form as text and one as emoji: digits and `#` do, for keycaps.
pub(super) fn has_emoji_form(c: char) -> bool {
    Emoji::for_char(c) || ExtendedPictographic::for_char(c)
}
