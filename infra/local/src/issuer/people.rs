//! Who signed in on the issuer's page, and which browsers it remembers.

use std::sync::Mutex;

use crate::{random, tasks::lock};

/// The people who are offered with a button.
const MAX_RECENT: usize = 5;

/// The most browsers that are remembered. Beyond it the oldest is forgotten.
const MAX_BROWSERS: usize = 1_000;

/// Somebody as they described themselves on the sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    /// The subject, and the name.
    pub(super) name: String,
    /// `None` if they gave no address.
    pub(super) email: Option<String>,
    /// Whether the address may count as verified.
    pub(super) email_verified: bool,
}

/// People and browsers, until the stack ends.
#[derive(Debug, Default)]
pub(super) struct People(Mutex<Signed>);

#[derive(Debug, Default)]
struct Signed {
    /// The latest first.
    recent: Vec<Person>,
    /// The value of the cookie, and who signed in. The latest last.
    browsers: Vec<(String, Person)>,
}

impl People {
    /// Returns the last five people, the latest first.
    pub(super) fn recent(&self) -> Vec<Person> {
        lock(&self.0).recent.clone()
    }

    /// Remembers a person, and returns the value of the cookie that names their browser.
    pub(super) fn remember(&self, person: &Person) -> String {
        let (mut signed, browser) = (lock(&self.0), random::base62(22));
        signed.recent.retain(|known| known != person);
        signed.recent.insert(0, person.clone());
        signed.recent.truncate(MAX_RECENT);
        if signed.browsers.len() >= MAX_BROWSERS {
            signed.browsers.remove(0);
        }
        signed.browsers.push((browser.clone(), person.clone()));
        browser
    }

    /// Returns who signed in with a browser.
    pub(super) fn in_browser(&self, cookie: &str) -> Option<Person> {
        let signed = lock(&self.0);
        signed.browsers.iter().find(|(known, _)| known == cookie).map(|(_, person)| person.clone())
    }

    /// Forgets a browser.
    pub(super) fn forget(&self, cookie: &str) {
        lock(&self.0).browsers.retain(|(known, _)| known != cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Person {
        Person { name: name.to_owned(), email: None, email_verified: true }
    }

    #[test]
    fn the_last_five_people_are_offered_and_a_browser_is_remembered_until_it_signs_out() {
        let people = People::default();
        let browser = people.remember(&person("alice"));
        for name in ["bob", "carol", "dave", "erin", "alice", "frank"] {
            people.remember(&person(name));
        }
        let recent: Vec<_> = people.recent().into_iter().map(|person| person.name).collect();
        assert_eq!(recent, ["frank", "alice", "erin", "dave", "carol"]);
        assert_eq!(people.in_browser(&browser), Some(person("alice")));
        people.forget(&browser);
        assert_eq!(people.in_browser(&browser), None);
    }
}
