use std::collections::BTreeMap;

use kit::DAY;

use super::cast::{CAST, Person, Who};

/// What has been done to a schedule's keys, what was told of it, and what must hold between the two.
///
/// What happens is numbered: a run, with all that happens during it, has one number.
#[derive(Debug)]
pub(super) struct Model {
    /// Whether owners, creators and modifiers hear of every key.
    pub(super) tells_all: bool,
    pub(super) keys: Vec<Key>,
    pub(super) told: Vec<Told>,
    pub(super) news: Vec<News>,
    /// How often SES took a mail that was then not marked, by its reader.
    pub(super) unmarked: BTreeMap<Reader, usize>,
}

/// A way of telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Way {
    Mail,
    Inbox,
}

/// Somebody, by one of the ways.
pub(super) type Reader = (Way, Who);

#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) user: Who,
    pub(super) creator: Who,
    /// What it was, in order: the last is what it is.
    pub(super) states: Vec<State>,
}

/// What a key was for a while.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// During this number it began; what was before may still be seen.
    pub(super) from: usize,
    /// During this number it ended; what follows may already be seen.
    pub(super) until: usize,
    pub(super) name: String,
    pub(super) version: u64,
    /// `None` once it was revoked or deleted.
    pub(super) expires_at: Option<i64>,
    pub(super) set_at: i64,
    pub(super) modifier: Who,
}

/// A mail that SES took, or a message in an inbox.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) number: usize,
    /// The time of the run, or of the change.
    pub(super) at: i64,
    pub(super) to: Reader,
    /// The keys that it names with their expiries.
    pub(super) keys: Vec<(String, i64)>,
    /// What it says that others did.
    pub(super) titles: Vec<String>,
}

/// What somebody is to be told that another did.
#[derive(Debug)]
pub(super) struct News {
    pub(super) number: usize,
    pub(super) to: Reader,
    pub(super) title: String,
}

/// Returns the instants at which a key's expiry is to be told, from the widest lead to the expiry.
fn stages(expires_at: i64, set_at: i64) -> impl Iterator<Item = i64> {
    let all = [30, 7, 2, 0].into_iter().map(move |days| expires_at - days * DAY);
    all.filter(move |at| *at > set_at)
}

/// Returns the ways by which somebody is reached: mail needs an address, and machines read no inbox.
pub(super) fn ways(who: Who) -> impl Iterator<Item = Way> {
    let Person { kind, has_address, .. } = CAST[who];
    has_address.then_some(Way::Mail).into_iter().chain((kind != "machine").then_some(Way::Inbox))
}

impl Key {
    pub(super) fn new(id: String, (user, creator): (Who, Who), first: State) -> Self {
        Self { id, user, creator, states: vec![first] }
    }

    pub(super) fn state(&self) -> &State {
        self.states.last().expect("a key has a state")
    }

    /// Returns when the next stage after an instant is due.
    pub(super) fn next_stage(&self, after: i64) -> Option<i64> {
        let State { expires_at, set_at, .. } = *self.state();
        stages(expires_at?, set_at).find(|at| *at > after)
    }

    /// Returns the instant of the narrowest stage that is due.
    pub(super) fn due_since(&self, expires_at: i64, now: i64) -> Option<i64> {
        let state = self.states.iter().find(|state| state.expires_at == Some(expires_at))?;
        stages(expires_at, state.set_at).filter(|at| *at <= now).last()
    }
}

impl State {
    pub(super) fn first(name: String, expires_at: i64, set_at: i64, modifier: Who) -> Self {
        let expires_at = Some(expires_at);
        Self { from: 0, until: usize::MAX, name, version: 1, expires_at, set_at, modifier }
    }
}

impl Model {
    pub(super) fn new(tells_all: bool, keys: Vec<Key>) -> Self {
        Self { tells_all, keys, told: Vec::new(), news: Vec::new(), unmarked: BTreeMap::new() }
    }

    /// Takes note that a key changed.
    pub(super) fn changed(&mut self, number: usize, key: usize, next: State) {
        let states = &mut self.keys[key].states;
        states.last_mut().expect("a key has a state").until = number;
        states.push(State { from: number, until: usize::MAX, ..next });
    }

    /// Takes note that somebody is to be told what another did.
    pub(super) fn news(&mut self, number: usize, to: Who, title: &str) {
        self.news.extend(ways(to).map(|way| News { number, to: (way, to), title: title.to_owned() }));
    }

    /// Takes note of what was told, and whether it was marked.
    pub(super) fn told(&mut self, told: Told, marked: bool) {
        *self.unmarked.entry(told.to).or_default() += usize::from(!marked);
        self.told.push(told);
    }

    /// Counts the mails, the messages in inboxes, and the mails that were not marked.
    pub(super) fn count(&self) -> (usize, usize, usize) {
        let mails = self.told.iter().filter(|told| told.to.0 == Way::Mail).count();
        (mails, self.told.len() - mails, self.unmarked.values().sum())
    }
}
