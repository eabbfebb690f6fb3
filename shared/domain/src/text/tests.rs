//! Tests of texts: names in many scripts, emoji, and what no text may hold.

use proptest::prelude::*;

use super::*;

mod addresses;

/// Real names and words, and emoji of all kinds.
const ACCEPTED: &[&str] = &[
    "a",
    "CI – Zürich",
    " deploy  2 ",
    "O’Brien & Sons <ops> \"x\"",
    "=?utf-8?Q?=41?=",
    "Αλέξανδρος",
    "Дмитрий Ёлкин",
    "Նարեկ",
    "ნინო",
    "דָּוִד בֶּן־גּוּרִיּוֹן",
    "محمد عليّ",
    "؀۱۴۰۲",
    "می‌خواهم",
    "۲۰‌ام",
    "کتاب‌های ۲",
    "क्षत्रिय क्‍ष क्‌ष",
    "ক্ষ র‍্যাব",
    "தமிழ்",
    "ക്‍ഷ അവന്‍",
    "ශ්‍රී ලංකා",
    "ක්‍ෂ",
    "สมชาย",
    "မြန်မာ",
    "ភាសាខ្មែរ",
    "ᠮᠣᠩᠭᠣᠯ",
    "ᠠ\u{180b}",
    "李小龍",
    "葛\u{e0100}城",
    "﨑\u{fe00}",
    "さくら　株式会社",
    "김민준",
    "ኢትዮጵያ",
    "Ngũgĩ wa Thiong’o",
    "e\u{301}te\u{301}",
    "Nguye\u{302}\u{303}n",
    "𐌰𐌱𐌲",
    "𞤀𞤣𞤤𞤢𞤥",
    "Auf\u{200c}lage",
    "👩‍👩‍👧‍👦",
    "👩🏽‍🚀",
    "🏳️‍🌈 🏴‍☠️",
    "👁️‍🗨️",
    "❤️‍🔥",
    "🕵🏿‍♀️",
    "🙂‍↔️",
    "1️⃣ #️⃣ *️⃣",
    "🇩🇪🇱🇰",
    "☎︎ ☎️",
    "👍🏾",
    "🏽",
    "🤷🏼‍♂️!",
    "\u{1faff}",
    "¯\\_(ツ)_/¯",
    "®™",
    "½ Ⅷ ①",
    "a\u{a0}b",
    "\u{fffd}",
];

/// Texts that are refused, each with words of the rule.
const REFUSED: &[(&str, &str)] = &[
    ("", "1 to 64 characters"),
    (" ", "that people can see"),
    ("\u{a0}\u{3000}", "that people can see"),
    ("\u{301}", "that people can see"),
    (" \u{20e3} \u{93e}", "that people can see"),
    ("\u{1680}", "that people can see"),
    ("a\nb", "control characters (U+000A)"),
    ("a\r\nBcc: x", "control characters (U+000D)"),
    ("a\tb", "control characters"),
    ("a\0", "control characters"),
    ("a\u{7f}", "control characters"),
    ("a\u{85}b", "control characters (U+0085)"),
    ("a\u{2028}b", "line or paragraph separators (U+2028)"),
    ("a\u{2029}b", "line or paragraph separators"),
    ("a\u{200e}b", "writing direction (U+200E)"),
    ("a\u{200f}b", "writing direction"),
    ("a\u{61c}b", "writing direction"),
    ("a\u{202a}b", "writing direction"),
    ("a\u{202e}b", "writing direction"),
    ("a\u{2066}b\u{2069}", "writing direction"),
    ("a\u{ad}b", "invisible characters (U+00AD)"),
    ("a\u{200b}b", "invisible characters"),
    ("a\u{2060}b", "invisible characters"),
    ("a\u{2063}b", "invisible characters"),
    ("a\u{206a}b", "invisible characters"),
    ("\u{feff}a", "invisible characters"),
    ("a\u{34f}b", "invisible characters"),
    ("\u{115f}", "invisible characters"),
    ("\u{1160}", "invisible characters"),
    ("\u{3164}", "invisible characters (U+3164)"),
    ("\u{ffa0}", "invisible characters"),
    ("\u{17b4}", "invisible characters"),
    ("\u{180e}", "invisible characters"),
    ("\u{2800}", "invisible characters (U+2800)"),
    ("\u{fffc}", "invisible characters"),
    ("\u{fff9}a\u{fffa}b\u{fffb}", "invisible characters"),
    ("\u{1d159}", "invisible characters"),
    ("\u{13441}", "invisible characters"),
    ("a\u{e0041}", "tag characters (U+E0041)"),
    ("\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "tag characters"),
    ("\u{e000}", "private-use characters"),
    ("\u{10fffd}", "private-use characters"),
    ("\u{378}", "unassigned characters"),
    ("\u{ffff}", "unassigned characters"),
    ("\u{fdd0}", "unassigned characters"),
    ("\u{e0fff}", "unassigned characters"),
    ("\u{200d}", "joiners only between"),
    ("a\u{200d}", "joiners only between letters or emoji (U+200D)"),
    ("क\u{94d}\u{301}\u{200d}", "joiners only between"),
    ("\u{200c}a", "joiners only between"),
    ("می\u{200c}\u{200c}خواهم", "joiners only between"),
    ("می\u{200c} خواهم", "joiners only between"),
    ("1\u{200d}2", "joiners only between"),
    ("👩\u{200d}", "joiners only between"),
    ("👩\u{200c}🚀", "joiners only between"),
    ("👩\u{200d}a", "joiners only between"),
    ("🇩\u{200d}🇪", "joiners only between"),
    ("\u{fe0f}", "variation selectors only after"),
    ("a\u{fe0f}", "variation selectors only after the character whose form they choose (U+FE0F)"),
    ("☎\u{fe0f}\u{fe0f}", "variation selectors only after"),
    ("a\u{fe00}", "variation selectors only after"),
    ("a\u{e0100}", "variation selectors only after"),
    ("葛\u{e0100}\u{e0101}", "variation selectors only after"),
    ("😀\u{e0100}", "variation selectors only after"),
];

#[test]
fn names_that_people_can_see_are_accepted() {
    for text in ACCEPTED {
        let name = Name::try_from((*text).to_owned());
        assert_eq!(name.as_ref().map(Name::as_str), Ok(*text), "{}", text.escape_unicode());
        assert!(Description::try_from((*text).to_owned()).is_ok());
    }
}

#[test]
fn what_people_cannot_see_is_refused_with_its_rule() {
    for (text, rule) in REFUSED {
        let error = Name::try_from((*text).to_owned()).unwrap_err().to_string();
        assert!(error.contains(rule), "{}: {error}", text.escape_unicode());
        assert!(error.starts_with("must "), "{error}");
        assert!(Description::try_from((*text).to_owned()).is_err());
    }
}

#[test]
fn joiners_variation_selectors_and_refused_characters_are_not_visible() {
    for c in ['a', 'é', '李', '😀', '\u{301}', ' '] {
        assert!(is_visible(c), "{}", c.escape_unicode());
    }
    for c in ['\n', '\u{200d}', '\u{202e}', '\u{fe0f}', '\u{feff}', '\u{378}'] {
        assert!(!is_visible(c), "{}", c.escape_unicode());
    }
}

#[test]
fn the_length_counts_scalar_values() {
    for text in ["a", "é", "李", "😀"] {
        assert!(Name::try_from(text.repeat(64)).is_ok());
        assert_eq!(Name::try_from(text.repeat(65)).unwrap_err().to_string(), "must be 1 to 64 characters");
        assert!(Description::try_from(text.repeat(500)).is_ok());
        assert!(Description::try_from(text.repeat(501)).is_err());
    }
    // A family of four has seven.
    assert!(Name::try_from("👩‍👩‍👧‍👦".repeat(9)).is_ok());
    assert!(Name::try_from("👩‍👩‍👧‍👦".repeat(10)).is_err());
}

#[test]
fn a_text_of_others_becomes_a_visible_name_or_none() {
    let cleaned = |text: &str| Name::cleaned(text).map(String::from);
    for (text, name) in [
        ("Ann", "Ann"),
        (" Ann\r\nB.\0 ", "Ann B."),
        ("Ann\u{2028}B.", "Ann B."),
        ("a\u{202e}b\u{200b}", "ab"),
        ("Mül\u{ad}ler", "Müller"),
        ("\u{feff}Ann\u{e0041}", "Ann"),
        ("می‌خواهم", "می‌خواهم"),
        ("می\u{200c}\u{200b}خواهم", "می‌خواهم"),
        ("Ann\u{200d}\u{200d}", "Ann"),
        ("A\u{fe0f}👩🏽\u{200b}‍🚀", "A👩🏽‍🚀"),
        (&"é".repeat(200), &"é".repeat(64)),
        (&format!("{} b", "a".repeat(63)), &"a".repeat(63)),
        (&format!("{}\u{200d}👧", "👩".repeat(63)), &"👩".repeat(63)),
        (&format!("{}\u{200d}👧", "👩".repeat(62)), &format!("{}\u{200d}👧", "👩".repeat(62))),
    ] {
        assert_eq!(cleaned(text).as_deref(), Some(name), "{}", text.escape_unicode());
    }
    for text in ["", " \t", "\0\n", "\u{200b}\u{feff}", "\u{3164}", "\u{301}", "\u{200d}"] {
        assert_eq!(cleaned(text), None, "{}", text.escape_unicode());
    }
}

#[test]
fn a_text_holds_no_secret() {
    let token = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
    for text in [token.to_owned(), format!("é {token}."), token[..40].to_owned(), token[3..].to_owned()] {
        assert_eq!(Description::try_from(text.clone()), Err(SECRET_IN_TEXT), "{text}");
    }
    assert_eq!(Name::try_from(token[..64].to_owned()), Err(SECRET_IN_TEXT));
    for text in [&token[..23], &token[..24], "ak_7HcX2mPq9LwZtR4bK1nV_…", "a_b_c", "_", "é_"] {
        assert!(Name::try_from(text.to_owned()).is_ok(), "{text}");
    }
}

#[test]
fn a_name_of_a_field_is_no_credential() {
    let token = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
    let jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0.c2ln";
    for text in [token, &token[..32], &token[24..], jwt, &format!("policy.{token}")] {
        assert!(may_hold_credential(text), "{text}");
    }
    for text in
        ["policy.rotation.max_overlap_seconds", "access_keys[0].expires_in_days", "Idempotency-Key", ""]
    {
        assert!(!may_hold_credential(text), "{text}");
    }
    assert!(!may_hold_credential(&"a".repeat(24)) && may_hold_credential(&"a".repeat(25)));
}

/// Any text, with many characters that act on others.
fn any_text() -> impl Strategy<Value = String> {
    let acting = "[a1 \u{301}\u{94d}कम👩🏽❤葛\u{200b}-\u{200f}\u{2028}\u{fe0f}\u{e0100}\u{2800}#🇩]";
    prop_oneof![
        any::<String>(),
        acting.prop_map(|c| c),
        proptest::collection::vec(acting, 0..80).prop_map(|c| c.concat())
    ]
}

proptest! {
    #[test]
    fn any_text_is_judged_and_what_is_accepted_is_one_visible_line(text in any_text()) {
        if let Ok(name) = Name::try_from(text.clone()) {
            prop_assert_eq!(name.as_str(), &text);
            prop_assert_eq!(text.lines().count(), 1);
            prop_assert!(!text.chars().any(char::is_control) && !text.trim().is_empty());
        }
    }

    #[test]
    fn whatever_others_wrote_becomes_an_acceptable_name_or_none(text in any_text()) {
        let cleaned = visible::cleaned(&text, MAX_NAME);
        prop_assert_eq!(&visible::cleaned(&cleaned, MAX_NAME), &cleaned);
        prop_assert_eq!(Name::cleaned(&text).is_some(), Name::try_from(cleaned).is_ok());
    }

    #[test]
    fn a_text_of_others_that_is_acceptable_keeps_its_words(text in any_text()) {
        if let Ok(name) = Name::try_from(text) {
            let words = name.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(Name::cleaned(name.as_str()).map(String::from), Some(words));
        }
    }
}

#[test]
fn every_assigned_character_is_judged_by_itself() {
    let mut accepted = 0;
    // No version of Unicode has assigned a character between these planes, or in the 15th and 16th.
    for c in ('\0'..='\u{3ffff}').chain('\u{e0000}'..='\u{e0fff}') {
        let mut text = [0; 6];
        text[0] = b'a';
        let length = 1 + c.encode_utf8(&mut text[1..]).len();
        let is_accepted = visible::check(str::from_utf8(&text[..length]).unwrap(), 2, "").is_ok();
        accepted += u32::from(is_accepted);
    }
    assert!(accepted > 150_000, "{accepted}");
}
