//! The plain model: keys, changes and deliveries, with the instants at which notices are due.

use std::collections::BTreeMap;

use kit::DAY;

use super::fixtures::{PEOPLE, Person, PersonIndex};

/// The changes to a scenario's keys and the notices that were delivered.
///
/// Steps are numbered. A run and all that happens during it have one number.
#[derive(Debug)]
pub(super) struct Model {
    /// Whether the policy notifies owners, creators and modifiers of every key.
    pub(super) notifies_all: bool,
    pub(super) keys: Vec<Key>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) notifications: Vec<Notification>,
    /// The stages that the policy gained, each with the step.
    pub(super) gained: Vec<(usize, i64)>,
    pub(super) suspensions: Vec<Suspension>,
    /// Whether a suspension was lifted.
    pub(super) was_lifted: bool,
    /// How often SES took a mail that was then not marked as sent, by recipient.
    pub(super) unmarked: BTreeMap<Recipient, usize>,
}

/// A channel of notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Channel {
    Mail,
    Inbox,
}

/// Somebody, by one of the channels.
pub(super) type Recipient = (Channel, PersonIndex);

#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) user: PersonIndex,
    pub(super) creator: PersonIndex,
    /// All states in order; the last is the present one.
    pub(super) states: Vec<State>,
}

/// A key between two changes.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The step in which the state began; a run of this step may still see the state before.
    pub(super) from: usize,
    /// The step in which the state ended; a run of this step may already see the next state.
    pub(super) until: usize,
    pub(super) name: String,
    pub(super) version: u64,
    /// `None` once it was revoked or deleted.
    pub(super) expires_at: Option<i64>,
    pub(super) set_at: i64,
    pub(super) modifier: PersonIndex,
}

/// A mail that SES took, or a message in an inbox.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) number: usize,
    /// The time of the run, or of the change.
    pub(super) at: i64,
    pub(super) to: Recipient,
    /// The keys that it names, with their expiries.
    pub(super) keys: Vec<(String, i64)>,
    /// The changes by other users that it reports.
    pub(super) titles: Vec<String>,
}

/// The suspension of a person, or of the organization (`None`).
#[derive(Debug)]
pub(super) struct Suspension {
    pub(super) of: Option<PersonIndex>,
    /// The step in which it began.
    pub(super) from: usize,
    /// The step in which it ended.
    pub(super) until: usize,
}

/// A change by another user that must be reported.
#[derive(Debug)]
pub(super) struct Notification {
    pub(super) number: usize,
    pub(super) to: Recipient,
    pub(super) title: String,
}

/// Returns the channels by which somebody is reached: mail needs an address, and machines read no inbox.
pub(super) fn channels(who: PersonIndex) -> impl Iterator<Item = Channel> {
    let Person { kind, has_address, .. } = PEOPLE[who];
    has_address.then_some(Channel::Mail).into_iter().chain((kind != "machine").then_some(Channel::Inbox))
}

impl Key {
    pub(super) fn new(id: String, (user, creator): (PersonIndex, PersonIndex), first: State) -> Self {
        Self { id, user, creator, states: vec![first] }
    }

    pub(super) fn state(&self) -> &State {
        self.states.last().expect("a key has a state")
    }
}

impl State {
    pub(super) fn first(name: String, expires_at: i64, set_at: i64, modifier: PersonIndex) -> Self {
        let expires_at = Some(expires_at);
        Self { from: 0, until: usize::MAX, name, version: 1, expires_at, set_at, modifier }
    }
}

impl Model {
    pub(super) fn new(notifies_all: bool, keys: Vec<Key>) -> Self {
        Self {
            notifies_all,
            keys,
            deliveries: Vec::new(),
            notifications: Vec::new(),
            gained: Vec::new(),
            suspensions: Vec::new(),
            was_lifted: false,
            unmarked: BTreeMap::new(),
        }
    }

    /// Returns the instants at which notices of an expiry are due by the policy of a step, the earliest first.
    fn stages(&self, number: usize, expires_at: i64, set_at: i64) -> Vec<i64> {
        let gained = self.gained.iter().filter(|(step, _)| *step <= number).map(|(_, days)| *days);
        let all = [30, 7, 2, 0].into_iter().chain(gained).map(|days| expires_at - days * DAY);
        let mut stages: Vec<_> = all.filter(|at| *at > set_at).collect();
        stages.sort_unstable();
        stages
    }

    /// Returns when the next stage of a key after an instant is due.
    pub(super) fn next_stage(&self, key: &Key, after: i64) -> Option<i64> {
        let State { expires_at, set_at, .. } = *key.state();
        self.stages(usize::MAX, expires_at?, set_at).into_iter().find(|at| *at > after)
    }

    /// Returns the instant of the narrowest stage of a key that is due by the policy of a step.
    pub(super) fn due_since(&self, key: &Key, number: usize, expires_at: i64, now: i64) -> Option<i64> {
        let state = key.states.iter().find(|state| state.expires_at == Some(expires_at))?;
        self.stages(number, expires_at, state.set_at).into_iter().rfind(|at| *at <= now)
    }

    /// Returns whether a person, or the organization (`None`), is suspended now.
    pub(super) fn is_suspended(&self, of: Option<PersonIndex>) -> bool {
        self.suspensions.iter().any(|one| one.of == of && one.until == usize::MAX)
    }

    /// Records that a suspension begins or ends.
    pub(super) fn set_suspended(&mut self, number: usize, of: Option<PersonIndex>, suspended: bool) {
        if suspended {
            self.suspensions.push(Suspension { of, from: number, until: usize::MAX });
        } else {
            self.was_lifted = true;
            let lasting = self.suspensions.iter_mut().filter(|one| one.of == of && one.until == usize::MAX);
            lasting.for_each(|one| one.until = number);
        }
    }

    /// Records the next state of a key.
    pub(super) fn change(&mut self, number: usize, key: usize, next: State) {
        let states = &mut self.keys[key].states;
        states.last_mut().expect("a key has a state").until = number;
        states.push(State { from: number, until: usize::MAX, ..next });
    }

    /// Records a change that must be reported to a user.
    pub(super) fn notify(&mut self, number: usize, to: PersonIndex, title: &str) {
        self.notifications.extend(channels(to).map(|channel| Notification {
            number,
            to: (channel, to),
            title: title.to_owned(),
        }));
    }

    /// Records a delivery, and whether its mail record was marked as sent.
    pub(super) fn deliver(&mut self, delivery: Delivery, marked: bool) {
        *self.unmarked.entry(delivery.to).or_default() += usize::from(!marked);
        self.deliveries.push(delivery);
    }

    /// Counts the mails, the inbox messages, and the mails that were not marked.
    pub(super) fn count(&self) -> (usize, usize, usize) {
        let mails = self.deliveries.iter().filter(|delivery| delivery.to.0 == Channel::Mail).count();
        (mails, self.deliveries.len() - mails, self.unmarked.values().sum())
    }
}
