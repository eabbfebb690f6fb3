//! Searches of lists: a text in names, descriptions and addresses, or the start of an id.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use crate::{
    access_key::AccessKey,
    id::{KeyId, UserId},
    text::Email,
    token::KeyPrefix,
    user::User,
};

/// The most characters of a search.
const MAX_LENGTH: usize = 100;

/// What a list is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    folded: String,
    named: Option<NamedId>,
}

/// A whole user id, with none or more of the characters that follow in the id of one of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedId {
    /// The user.
    pub user_id: UserId,
    /// The start of the suffix of a key: 0–8 letters and digits.
    pub suffix_start: String,
}

/// The text is no search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_LENGTH} characters")]
pub struct BadSearch;

impl Search {
    /// Reads the text of a search: 1–100 characters.
    ///
    /// A text of 12–20 letters and digits, also behind the prefix of keys, is the start of an id too.
    pub fn parse(text: &str, prefix: &KeyPrefix) -> Result<Self, BadSearch> {
        if !(1..=MAX_LENGTH).contains(&text.chars().count()) {
            return Err(BadSearch);
        }
        Ok(Self { folded: folded(text), named: NamedId::parse(prefix.stripped_from(text)) })
    }

    /// Returns the id that the text starts or is.
    #[must_use]
    pub const fn named(&self) -> Option<&NamedId> {
        self.named.as_ref()
    }

    /// Tells whether the text is the start of a key id of this user.
    #[must_use]
    pub fn names_user(&self, user_id: UserId) -> bool {
        self.named.as_ref().is_some_and(|named| named.user_id == user_id)
    }

    /// Tells whether the text is the start of this key id.
    #[must_use]
    pub fn names_key(&self, key_id: KeyId) -> bool {
        self.names_user(key_id.user_id())
            && self.named.as_ref().is_some_and(|named| key_id.as_str()[12..].starts_with(&named.suffix_start))
    }

    /// Tells whether the text names the user by its id, or is in its name or e-mail address.
    #[must_use]
    pub fn finds_user(&self, user: &User) -> bool {
        let email = user.email.as_ref();
        self.names_user(user.user_id)
            || self.is_in(user.name.as_str())
            || email.is_some_and(|email| self.is_in(email.as_str()))
            || email.and_then(Email::in_unicode).is_some_and(|email| self.is_in(&email))
    }

    /// Tells whether the text names the key by its id, or is in its name or description.
    #[must_use]
    pub fn finds_key(&self, key: &AccessKey) -> bool {
        let description = key.description.as_ref();
        self.names_key(key.key_id)
            || self.is_in(key.name.as_str())
            || description.is_some_and(|description| self.is_in(description.as_str()))
    }

    fn is_in(&self, text: &str) -> bool {
        folded(text).contains(&self.folded)
    }
}

impl NamedId {
    fn parse(text: &str) -> Option<Self> {
        let (user_id, suffix_start) = text.split_at_checked(12)?;
        let starts_suffix =
            suffix_start.len() <= 8 && suffix_start.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let user_id = UserId::parse(user_id).ok().filter(|_| starts_suffix)?;
        Some(Self { user_id, suffix_start: suffix_start.to_owned() })
    }
}

/// Folds a text, so that texts that differ in case, or in how their accents are encoded, become the same.
///
/// Each character goes to lower, upper and lower case again: one step alone keeps `ß` and `SS`, or `ς` and `Σ`, apart.
/// The result is in the composed form (NFC), so that `e` is not a part of `é`.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(text.chars());
    let lower =
        decomposed.flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    ComposingNormalizerBorrowed::new_nfc().normalize_iter(lower).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Time, id::OrganizationId, user::Kind};

    fn search(text: &str) -> Search {
        Search::parse(text, &"ak".parse().unwrap()).unwrap()
    }

    fn user(name: &str, email: Option<&str>) -> User {
        let email = email.map(|email| email.to_owned().try_into().unwrap());
        let name = name.to_owned().try_into().unwrap();
        User::new(OrganizationId::random(), Kind::Normal, name, email, Time::from_seconds(0))
    }

    #[test]
    fn a_search_has_1_to_100_characters() {
        let parse = |text: &str| Search::parse(text, &"ak".parse().unwrap());
        assert_eq!((parse(""), parse(&"é".repeat(101))), (Err(BadSearch), Err(BadSearch)));
        assert!(parse(" ").is_ok() && parse(&"𝄞".repeat(100)).is_ok());
        assert_eq!(BadSearch.to_string(), "must be 1 to 100 characters");
    }

    #[test]
    fn case_and_encoding_do_not_count_and_accents_do() {
        for (text, name) in [
            ("DEPLOY", "my deployer"),
            ("éTÉ", "ÉtÉ 2027"),
            ("E\u{301}", "caf\u{e9}"),
            ("\u{e9}", "CAFE\u{301}"),
            ("strasse", "Große Straße"),
            ("STRAẞE", "Große Straße"),
            ("ß", "STRASSE"),
            ("οδος", "ΟΔΟΣ"),
            ("ΟΔΟΣ", "οδος"),
            ("ФЁДОР", "Фёдор"),
            ("ﬁ", "FILE"),
            ("\u{212b}", "\u{e5}ngstr\u{f6}m"),
            ("istanbul", "ISTANBUL"),
            ("한", "\u{1112}\u{1161}\u{11ab}글"),
        ] {
            assert!(search(text).finds_user(&user(name, None)), "{text} {name}");
        }
        for (text, name) in
            [("cafe", "caf\u{e9}"), ("cafe", "cafe\u{301}"), ("e\u{301}", "e"), ("a b", "ab"), ("ё", "е")]
        {
            assert!(!search(text).finds_user(&user(name, None)), "{text} {name}");
        }
    }

    #[test]
    fn an_address_is_found_in_both_spellings_of_its_domain() {
        let ann = user("x", Some("Ann@b\u{fc}cher.example"));
        for text in
            ["ann@", "XN--BCHER", "B\u{dc}CHER", "ann@bu\u{308}cher.example", "@xn--bcher-kva.example"]
        {
            assert!(search(text).finds_user(&ann), "{text}");
        }
        assert!(!search("b\u{fc}cher").finds_user(&user("x", Some("ann@bucher.example"))));
        assert!(!search("x@").finds_user(&user("x", None)));
    }

    #[test]
    fn a_text_of_12_to_20_letters_and_digits_is_the_start_of_an_id() {
        let key_id = KeyId::parse("7HcX2mPq9LwZtR4bK1nV").unwrap();
        let (user_id, other) = (key_id.user_id(), KeyId::parse("7HcX2mPq9LwZtR4bK1nW").unwrap());
        for length in 12..=20 {
            for prefix in ["", "ak_"] {
                let text = format!("{prefix}{}", &key_id.as_str()[..length]);
                let search = search(&text);
                assert!(search.names_user(user_id) && search.names_key(key_id), "{text}");
                assert_eq!(search.names_key(other), length < 20, "{text}");
            }
        }
        for text in [
            "7HcX2mPq9Lw",
            "7HcX2mPq9LwZtR4bK1nVx",
            "7HcX2mPq9Lw-",
            "7HcX2mPq9LwZ tR",
            "7HcX2mPq9LwZé",
            "ak-7HcX2mPq9LwZ",
            "AK_7HcX2mPq9LwZ",
            "xk_7HcX2mPq9LwZ",
            "ak_ak_7HcX2mPq9LwZ",
            "7HcX2mPq9LwZtR4bK1nV_",
            "ééééééééééééé",
            " 7HcX2mPq9LwZ",
        ] {
            assert_eq!(search(text).named(), None, "{text}");
        }
        assert!(!search("7hcx2mpq9lwz").names_user(user_id), "the case of an id counts");
        let of_another =
            |text: &str| Search::parse(text, &"key7".parse().unwrap()).unwrap().names_key(key_id);
        assert!(of_another(&format!("key7_{key_id}")) && !of_another(&format!("ak_{key_id}")));
    }

    #[test]
    fn a_name_that_looks_like_an_id_is_found_by_its_text() {
        let search = search("deployservice");
        assert!(search.named().is_some() && search.finds_user(&user("the DeployService", None)));
    }

    proptest! {
        #[test]
        fn every_part_of_a_name_finds_it_in_any_case(name in "[a-zA-Z0-9 àÉßőΣЖ]{3,20}x", start in 0_usize..10, length in 1_usize..10) {
            let part: String = name.chars().skip(start).take(length).collect();
            prop_assume!(!part.is_empty());
            for text in [part.to_lowercase(), part.to_uppercase(), part] {
                prop_assert!(search(&text).is_in(&name), "{text:?} {name:?}");
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            prop_assert_eq!(folded(&folded(&text)), folded(&text));
        }
    }
}
