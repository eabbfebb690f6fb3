//! E-mail addresses.

use crate::text::Email;

#[test]
fn addresses_have_a_local_part_and_a_domain() {
    for text in ["a@b.co", "first.last+tag@sub.example.com", "O'Neil@example.ie"] {
        assert!(Email::try_from(text.to_owned()).is_ok(), "{text}");
    }
    for text in [
        "",
        "a",
        "a@b",
        "@b.co",
        "a@@b.co",
        "a b@c.de",
        "a@-b.co",
        "a.@b.co",
        ".a@b.co",
        "a..b@b.co",
        "a@b.co\r\nBcc: x@y.zz",
        "é@b.co",
        "é@bücher.example",
        "a@bücher",
        "a@.bücher.example",
        "a@-bücher.example",
        "a@bü cher.example",
        "a@bü_cher.example",
        "a@bücher.example\u{2028}",
        "a@bücher.example@b.co",
        "a@\u{200d}ü.example",
    ] {
        assert!(Email::try_from(text.to_owned()).is_err(), "{text:?}");
    }
}

#[test]
fn an_address_has_254_characters_at_most() {
    let with_length = |length: usize| {
        let domain = format!("{0}.{0}.{0}.", "d".repeat(61));
        let local = "a".repeat(60);
        let last = "e".repeat(length - local.len() - 1 - domain.len());
        Email::try_from(format!("{local}@{domain}{last}")).is_ok()
    };
    assert!(with_length(254) && !with_length(255));
}

#[test]
fn a_local_part_has_1_to_64_characters_and_a_label_1_to_63() {
    for (local, label, is_taken) in
        [(0, 1, false), (1, 0, false), (1, 1, true), (64, 63, true), (65, 63, false), (64, 64, false)]
    {
        let address = format!("{}@{}.example", "a".repeat(local), "b".repeat(label));
        assert_eq!(Email::try_from(address).is_ok(), is_taken, "{local} {label}");
    }
}

#[test]
fn addresses_differ_by_more_than_case() {
    let email = |text: &str| Email::try_from(text.to_owned()).unwrap();
    assert_eq!(email("Ann@Example.com").key(), email("ann@example.COM").key());
}

#[test]
fn both_spellings_of_an_internationalized_domain_are_the_same() {
    let email = |text: &str| Email::try_from(text.to_owned()).unwrap();
    for (unicode, ascii) in [
        ("Ann@bücher.example", "Ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.Example", "ann@xn--bcher-kva.example"),
        ("ann@bu\u{308}cher.example", "ann@xn--bcher-kva.example"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
        ("ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah"),
        ("ann@例え。テスト", "ann@xn--r8jz45g.xn--zckzah"),
        ("ann@mail.пример.example", "ann@mail.xn--e1afmkfd.example"),
    ] {
        let (one, other) = (email(unicode), email(ascii));
        assert_eq!(one.as_str(), ascii, "{unicode}");
        assert!(one.is(&other) && one.key() == other.key() && one.domain() == other.domain());
        assert_eq!(one.key(), email(&ascii.to_uppercase()).key());
    }
    assert_ne!(email("ann@exаmple.com").key(), email("ann@example.com").key(), "a Cyrillic letter");
    let long = format!("ann@{}.example", "ü".repeat(60));
    assert!(Email::try_from(long).is_err(), "a label has at most 63 characters in ASCII");
}
