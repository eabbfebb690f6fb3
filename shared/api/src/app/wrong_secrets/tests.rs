//! What is refused from memory, and for how long.

use domain::{
    Time,
    id::OrganizationId,
    secret::{Peppers, StoredSecret},
    token::{SecretToken, Token},
    user::Kind,
};

use super::*;

struct Fixture {
    peppers: Peppers,
    memory: WrongSecrets,
    user: User,
    key: AccessKey,
    token: SecretToken,
}

fn token(key_id: KeyId) -> SecretToken {
    SecretToken::generate(&"ak".parse().unwrap(), key_id)
}

impl Fixture {
    fn new() -> Self {
        let document = r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#;
        let (peppers, now) = (Peppers::parse(document).unwrap(), Time::from_seconds(0));
        let name = || "a".to_owned().try_into().unwrap();
        let mut user = User::new(OrganizationId::random(), Kind::Machine, name(), None, now);
        let token = token(KeyId::new(user.user_id, KeySuffix::random()));
        let secret = peppers.hash_secret(token.token());
        let key = AccessKey::new(&token, secret, user.organization_id, name(), None, user.user_id, now);
        user.live_keys.insert(key.key_id.suffix(), None);
        Self { peppers, memory: WrongSecrets::default(), user, key, token }
    }

    fn another_id(&self) -> KeyId {
        KeyId::new(self.user.user_id, KeySuffix::random())
    }

    fn known(&self, token: Token<'_>, now: Moment) -> Option<KnownWrong> {
        self.memory.known(token.key_id(), now, |tag| self.peppers.retired_tag_matches(tag, token))
    }

    /// Lets wrong secrets of ids that do not exist be read.
    fn flood(&self, times: usize, now: Moment) {
        for _ in 0..times {
            self.memory.remember(self.another_id(), now, Some(&self.user), None);
        }
    }

    fn stored(&self) -> (StoredSecret, SecretToken) {
        let token = token(self.key.key_id);
        (self.peppers.hash_secret(token.token()), token)
    }
}

#[test]
fn the_sixth_wrong_secret_within_a_second_is_not_read() {
    let (fixture, now) = (Fixture::new(), Moment::of_gateway(1_790_000_000_000).unwrap());
    let wrong = token(fixture.another_id());
    fixture.flood(4, now);
    assert_eq!(fixture.known(wrong.token(), now), None);
    fixture.flood(1, now);
    assert_eq!(fixture.known(wrong.token(), now), Some(KnownWrong::UnknownKey));
    let second = Duration::from_secs(1);
    for later in [now.plus(second, 0), now.plus(Duration::ZERO, 1_000), now.plus(Duration::ZERO, -2_001)] {
        assert_eq!(fixture.known(wrong.token(), later), None, "{later:?}");
    }
    let stranger = token(KeyId::random());
    assert_eq!(fixture.known(stranger.token(), now), None, "another user is no part of the flood");
}

#[test]
fn a_live_key_is_read_unless_it_was_read_within_the_second() {
    let (mut fixture, now) = (Fixture::new(), Moment::of_gateway(1_790_000_000_000).unwrap());
    let (previous, before) = fixture.stored();
    fixture.key.previous = Some(domain::access_key::PreviousSecret {
        secret: previous,
        issued_at: Time::from_seconds(0),
        works_until: Time::from_seconds(9),
    });
    let (retired, old) = fixture.stored();
    fixture.key.retired.push(retired.to_retired());
    let wrong = token(fixture.key.key_id);
    fixture.flood(5, now);
    assert_eq!(fixture.known(wrong.token(), now), None, "it was not read yet");
    fixture.memory.remember(fixture.key.key_id, now, Some(&fixture.user), Some(&fixture.key));
    assert_eq!(fixture.known(wrong.token(), now), Some(KnownWrong::WrongSecret));
    for own in [&fixture.token, &before, &old] {
        assert_eq!(fixture.known(own.token(), now), None, "what matches is read");
    }
    // The flood goes on, and the user is read again, but not the key.
    let later = now.plus(Duration::from_millis(600), 600);
    fixture.flood(5, later);
    let end = now.plus(Duration::from_millis(1_100), 1_100);
    assert_eq!(fixture.known(wrong.token(), end), None, "the key was read too long ago");
    let ended = token(fixture.another_id());
    assert_eq!(fixture.known(ended.token(), end), Some(KnownWrong::UnknownKey));
}

#[test]
fn each_read_replaces_what_was_known_of_the_user() {
    let (mut fixture, now) = (Fixture::new(), Moment::of_gateway(1_790_000_000_000).unwrap());
    let keys = |fixture: &Fixture| {
        let memory = fixture.memory.0.lock().unwrap();
        memory.suspects.peek(&fixture.user.user_id).unwrap().keys.len()
    };
    fixture.memory.remember(fixture.key.key_id, now, Some(&fixture.user), Some(&fixture.key));
    fixture.flood(5, now);
    let made = token(fixture.another_id());
    assert_eq!(fixture.known(made.token(), now), Some(KnownWrong::UnknownKey));
    fixture.user.live_keys.insert(made.token().key_id().suffix(), None);
    fixture.flood(1, now);
    assert_eq!(fixture.known(made.token(), now), None, "it lives since then");
    assert_eq!(keys(&fixture), 1);
    fixture.user.live_keys.remove(&fixture.key.key_id.suffix());
    fixture.flood(1, now);
    assert_eq!(fixture.known(fixture.token.token(), now), Some(KnownWrong::UnknownKey), "it was revoked");
    assert_eq!(keys(&fixture), 0);
    fixture.memory.remember(fixture.key.key_id, now, Some(&fixture.user), Some(&fixture.key));
    assert_eq!(keys(&fixture), 0, "nothing is kept of a key that does not live");
}

#[test]
fn each_read_replaces_what_was_known_of_the_key() {
    let (mut fixture, now) = (Fixture::new(), Moment::of_gateway(1_790_000_000_000).unwrap());
    fixture.flood(5, now);
    fixture.memory.remember(fixture.key.key_id, now, Some(&fixture.user), Some(&fixture.key));
    let (stored, rotated) = fixture.stored();
    assert_eq!(fixture.known(rotated.token(), now), Some(KnownWrong::WrongSecret));
    fixture.key.secret = stored;
    let later = now.plus(Duration::from_millis(600), 600);
    fixture.memory.remember(fixture.key.key_id, later, Some(&fixture.user), Some(&fixture.key));
    assert_eq!(fixture.known(rotated.token(), later), None, "it is the key's secret since then");
    fixture.flood(5, later);
    let end = now.plus(Duration::from_millis(1_100), 1_100);
    let wrong = token(fixture.key.key_id);
    assert_eq!(fixture.known(wrong.token(), end), Some(KnownWrong::WrongSecret), "it was read at 600 ms");
    fixture.flood(5, end);
    let memory = fixture.memory.0.lock().unwrap();
    let suspect = memory.suspects.peek(&fixture.user.user_id).unwrap();
    assert_eq!(suspect.keys.len(), 1);
}

#[test]
fn refusals_from_memory_keep_a_flood_going_and_its_user_is_read_again_each_second() {
    let (fixture, start) = (Fixture::new(), Moment::of_gateway(1_790_000_000_000).unwrap());
    let wrong = token(fixture.another_id());
    fixture.flood(5, start);
    let mut read = 0;
    for step in 0..100 {
        let now = start.plus(Duration::from_millis(step * 100), i64::try_from(step).unwrap() * 100);
        if fixture.known(wrong.token(), now).is_none() {
            read += 1;
            fixture.memory.remember(wrong.token().key_id(), now, None, None);
        }
    }
    assert_eq!(read, 9, "once in each of the seconds after the first");
}

#[test]
fn the_memory_is_bounded_in_bytes() {
    let (mut fixture, now) = (Fixture::new(), Moment::of_gateway(1_790_000_000_000).unwrap());
    for _ in 0..100 {
        fixture.user.live_keys.insert(KeySuffix::random(), None);
        fixture.key.retired.push(fixture.key.secret.to_retired());
    }
    let bytes = || {
        let memory = fixture.memory.0.lock().unwrap();
        let counted: usize = memory.suspects.iter().map(|(_, suspect)| suspect.bytes()).sum();
        assert_eq!(memory.bytes, counted);
        (memory.bytes, memory.suspects.len())
    };
    let users: Vec<_> = (0..20_000).map(|_| KeyId::random()).collect();
    for key_id in &users {
        fixture.memory.remember(*key_id, now, Some(&fixture.user), None);
    }
    let is_held = |key_id: &KeyId| fixture.memory.0.lock().unwrap().suspects.contains(&key_id.user_id());
    assert!(is_held(&users[19_999]) && !is_held(&users[0]), "the oldest gives way");
    let (held, users) = bytes();
    assert!(held <= MAX_BYTES && users > 500 && users < 20_000, "{held} bytes for {users} users");
    for _ in 0..3 {
        fixture.memory.remember(fixture.key.key_id, now, Some(&fixture.user), Some(&fixture.key));
    }
    assert!(bytes().0 <= MAX_BYTES);
}
