//! Tests of the wording: what each message says, word for word.

use super::*;
use crate::{
    id::{KeyId, KeySuffix, OrganizationId},
    secret::Peppers,
    token::SecretToken,
    user::Kind,
};

const NOW: Time = Time::from_seconds(1_790_000_000);

fn user(kind: Kind) -> User {
    let email = "ann@example.com".to_owned().try_into().unwrap();
    User::new(OrganizationId::random(), kind, "Ann".to_owned().try_into().unwrap(), Some(email), NOW)
}

/// Makes a key of a user, and returns it with what people see of it.
fn key(user: &User, expires_at: Option<Time>) -> (AccessKey, KeyPrefix, String) {
    let prefix: KeyPrefix = "ak".parse().unwrap();
    let token = SecretToken::generate(&prefix, KeyId::new(user.user_id, KeySuffix::random()));
    let peppers = Peppers::parse(r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#).unwrap();
    let name = "deploy".to_owned().try_into().unwrap();
    let secret = peppers.hash_secret(token.token());
    let key = AccessKey::new(&token, secret, user.organization_id, name, expires_at, user.user_id, NOW);
    let masked_key = key.masked_key(&prefix);
    (key, prefix, masked_key)
}

#[test]
fn a_changed_key_is_named_with_its_expiry_and_the_author() {
    let user = user(Kind::Normal);
    let author = Author { name: "Bob", user_id: user.user_id, source_ip: "192.0.2.1" };
    for (change, expires_at, title, expiry, kind) in [
        (
            AccessKeyChange::Revoked,
            None,
            "\"Bob\" revoked your access key \"deploy\"",
            "never expires",
            MessageKind::KeyChanged,
        ),
        (
            AccessKeyChange::AccessChanged,
            Some(NOW),
            "\"Bob\" changed the roles or groups of your access key \"deploy\"",
            "expires at 2026-09-21T14:13:20Z",
            MessageKind::AccessChanged,
        ),
    ] {
        let (key, prefix, masked_key) = key(&user, expires_at);
        let message = Message::key_changed(NOW, change, &key, &prefix, &author);
        assert_eq!((message.title.as_str(), message.kind, message.key_id), (title, kind, Some(key.key_id)));
        let text = format!(
            "Key {masked_key}, which {expiry}. Done by \"Bob\" ({}) from 192.0.2.1. If you did not expect this, \
             ask them, or an owner of your organization.",
            user.user_id
        );
        assert_eq!(message.text, text);
    }
}

#[test]
fn changed_roles_and_groups_are_listed() {
    let mut user = user(Kind::Normal);
    user.roles = ["reader", "writer"].map(|name| name.to_owned().try_into().unwrap()).to_vec();
    let message = Message::access_changed(NOW, &user, "Bob");
    assert_eq!(message.title, "\"Bob\" changed your roles or groups");
    assert_eq!(message.text, "Your roles are now: reader, writer. Your groups are now: none.");
    assert_eq!((message.kind, message.key_id), (MessageKind::AccessChanged, None));
}

#[test]
fn a_retired_secret_is_named_with_its_user_because_owners_read_of_it_too() {
    let title = "A retired secret of the access key \"deploy\" of \"Ann\" was used";
    for kind in [Kind::Owner, Kind::Machine] {
        let user = user(kind);
        let (key, prefix, masked_key) = key(&user, None);
        let message = Message::retired_secret_used(NOW, &key, &user, &prefix, "192.0.2.1");
        assert_eq!((message.title.as_str(), message.kind), (title, MessageKind::RetiredSecretUsed));
        let text = format!(
            "Somebody at 192.0.2.1 came with a secret of key {masked_key} that a rotation had ended, and was \
             refused. Either a program still holds the old secret, or it leaked. If you know of no such \
             program, revoke the key."
        );
        assert_eq!(message.text, text);
    }
}

#[test]
fn a_leak_names_the_source_and_note_of_its_reporter() {
    let user = user(Kind::Normal);
    let (key, prefix, masked_key) = key(&user, None);
    let text = format!(
        "Somebody at 192.0.2.1 reported key {masked_key} as leaked at 2026-09-21T14:13:20Z, and had its \
         secret. It was revoked at once, for ever. Find where it leaked and remove it there, then make a new \
         key for what used it."
    );
    for (source, note, more) in [
        (None, None, ""),
        (
            Some("GitHub secret scanning"),
            Some("https://example.com/x"),
            " The reporter's name: GitHub secret scanning. The reporter's note: https://example.com/x",
        ),
    ] {
        let report = LeakReport { source_ip: "192.0.2.1", source, note };
        let message = Message::leak_reported(NOW, &key, &user, &prefix, &report);
        assert_eq!(message.title, "The access key \"deploy\" of \"Ann\" was reported as leaked, and revoked");
        assert_eq!(message.text, format!("{text}{more}"));
        assert_eq!((message.kind, message.key_id), (MessageKind::LeakReported, Some(key.key_id)));
    }
}

#[test]
fn a_reported_retired_secret_leaves_the_key_as_it_is() {
    let user = user(Kind::Normal);
    let (key, prefix, masked_key) = key(&user, None);
    let report = LeakReport { source_ip: "192.0.2.1", source: Some("\"a\" (not verified)"), note: None };
    let message = Message::retired_secret_reported(NOW, &key, &user, &prefix, &report);
    assert_eq!(
        message.title,
        "A retired secret of the access key \"deploy\" of \"Ann\" was reported as leaked"
    );
    let text = format!(
        "Somebody at 192.0.2.1 reported at 2026-09-21T14:13:20Z a secret of key {masked_key} that a rotation \
         had ended. The key was not revoked, and its present secret works on. If you do not know who rotated \
         the key, somebody who had the leaked secret may have done it: revoke the key. Find where the secret \
         leaked and remove it there. The reporter's name: \"a\" (not verified)."
    );
    assert_eq!(message.text, text);
    assert_eq!((message.kind, message.key_id), (MessageKind::LeakReported, Some(key.key_id)));
}

#[test]
fn an_expiry_is_soon_or_past() {
    let mut expiring = ExpiringKey {
        key_id: KeyId::random(),
        key_name: "deploy".to_owned(),
        masked_key: "ak_7HcX2mPq9LwZtR4bK1nV_…1cDe".to_owned(),
        user_name: "ci".to_owned(),
        organization_name: "Works".to_owned(),
        expires_at: NOW.plus(7_200),
    };
    let message = Message::key_expires(NOW, &expiring);
    assert_eq!(message.title, "Access key \"deploy\" expires in 2 hours");
    let text = format!(
        "Key ak_7HcX2mPq9LwZtR4bK1nV_…1cDe of \"ci\" in \"Works\". Expiry: 2026-09-21 16:13:20 UTC. {EXPIRY_ADVICE}"
    );
    assert_eq!((message.text, message.kind), (text, MessageKind::KeyExpiring));
    assert_eq!(message.key_id, Some(expiring.key_id));
    expiring.expires_at = NOW;
    assert_eq!(Message::key_expires(NOW, &expiring).kind, MessageKind::KeyExpired);
}

#[test]
fn an_undeliverable_mail_names_twenty_items_and_counts_the_others() {
    let items: Vec<_> = (1..=22).map(|number| format!("item {number}")).collect();
    let refused = Undeliverable::Refused { code: "MessageRejected".to_owned() };
    let message = Message::mail_undeliverable(NOW, &user(Kind::Normal), &refused, &items[..1]);
    assert_eq!(message.title, "Mails to \"Ann\" cannot be delivered");
    assert_eq!(
        message.text,
        "The mail service refuses the address ann@example.com of \"Ann\" for good (MessageRejected). Not \
         delivered: item 1. Tell \"Ann\", and correct the address."
    );
    let message = Message::mail_undeliverable(NOW, &user(Kind::Normal), &refused, &items);
    assert!(message.text.contains("; item 20; and 2 more. Tell \"Ann\""), "{}", message.text);
    assert_eq!((message.kind, message.key_id), (MessageKind::MailUndeliverable, None));
}

#[test]
fn an_address_that_nobody_proved_is_not_called_refused() {
    let message =
        Message::mail_undeliverable(NOW, &user(Kind::Normal), &Undeliverable::NotProven, &["a".to_owned()]);
    let text = "The address of \"Ann\" changed, and no sign-in proved the new one yet. Not delivered: a. Ask \"Ann\" to \
                sign in with it.";
    assert_eq!(message.text, text);
}

#[test]
fn a_changed_account_is_described_to_the_address_that_it_had() {
    let (before, works) = (user(Kind::Owner), Name::try_from("Works".to_owned()).unwrap());
    let author = Author { name: "Bob", user_id: before.user_id, source_ip: "192.0.2.1" };
    let done = format!(
        "Done by \"Bob\" ({}) from 192.0.2.1. If you did not expect this, ask an owner of the organization.",
        before.user_id
    );
    let worded = |change: fn(&mut User)| {
        let mut after = before.clone();
        change(&mut after);
        let message = Message::account_changed(NOW, &works, &before, &after, &author);
        assert_eq!((message.kind, message.key_id), (MessageKind::AccountChanged, None));
        (message.title, message.text)
    };
    let spelled = |user: &mut User| {
        user.kind = Kind::Normal;
        user.set_email(Some("Ann@Example.com".to_owned().try_into().unwrap()));
    };
    assert_eq!(worded(spelled).1, format!("Its kind is now normal. {done}"), "the address is the same");
    for (change, title, facts) in [
        (
            (|user| user.status = Status::Suspended) as fn(&mut User),
            "suspended",
            "Its status is now suspended. ",
        ),
        (|user| user.status = Status::Deleted, "deleted", ""),
        (|user| user.kind = Kind::Normal, "changed", "Its kind is now normal. "),
        (
            |user| user.set_email(Some("eve@example.org".to_owned().try_into().unwrap())),
            "changed",
            "Its address is now eve@example.org. Mails go there after a sign-in with it, and no longer to this \
             address. ",
        ),
    ] {
        assert_eq!(
            worded(change),
            (format!("\"Bob\" {title} your account in \"Works\""), format!("{facts}{done}"))
        );
    }
}
