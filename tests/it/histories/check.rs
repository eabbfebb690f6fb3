//! Compares the deliveries of a history with its keys and changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kit::DAY;

use super::{
    fixtures::{PEOPLE, PersonIndex},
    model::{Channel, Delivery, Key, Model, Notification, Recipient, State, Suspension, channels},
};

/// Seconds after an expiry in which a reader whose suspension was lifted still hears of it.
const MADE_UP_FOR: i64 = 88 * DAY;

impl Model {
    /// Returns the people whom the expiry of a key concerns in every state of the key.
    fn recipients(&self, key: &Key) -> BTreeSet<PersonIndex> {
        let user = &PEOPLE[key.user];
        let owners = self.notifies_all || !user.has_address || user.kind == "machine";
        let owners = (0..PEOPLE.len()).filter(|person| owners && PEOPLE[*person].kind == "owner");
        owners.chain([key.user]).chain(self.notifies_all.then_some(key.creator)).collect()
    }

    /// Checks a history at an instant by which every due notice must have been delivered.
    pub(super) fn check(&self, now: i64) -> Result<(), String> {
        self.deliveries.iter().try_for_each(|delivery| self.check_delivery(delivery))?;
        self.keys.iter().try_for_each(|key| self.check_key(key, now))?;
        self.notifications.iter().try_for_each(|notification| self.check_notification(notification))?;
        self.check_repeats()
    }

    /// Checks that every key and change in a delivery was due to its recipient at that time.
    fn check_delivery(&self, delivery: &Delivery) -> Result<(), String> {
        for (key_id, expires_at) in &delivery.keys {
            let key = self.keys.iter().find(|key| key.id == *key_id);
            let key = key.ok_or_else(|| format!("an unknown key was announced: {delivery:?}"))?;
            let states = || key.states.iter().filter(|state| state.expires_at == Some(*expires_at));
            if !states().any(|state| (state.from..=state.until).contains(&delivery.number)) {
                return Err(format!("an expiry was announced that no state has: {delivery:?}, of {key:?}"));
            }
            if self.due_since(key, delivery.number, *expires_at, delivery.at).is_none() {
                return Err(format!("an expiry was announced too early: {delivery:?}, of {key:?}"));
            }
            let person = delivery.to.1;
            let was_modifier = self.notifies_all && states().any(|state| state.modifier == person);
            if !self.recipients(key).contains(&person) && !was_modifier {
                return Err(format!("a notice went to a wrong person: {delivery:?}, of {key:?}"));
            }
        }
        let is_over = |of: Option<PersonIndex>| {
            let lasts = |one: &&Suspension| one.from < delivery.number && delivery.number < one.until;
            self.suspensions.iter().filter(|one| one.of == of).all(|one| !lasts(&one))
        };
        let by_run =
            !delivery.keys.is_empty() || (delivery.to.0 == Channel::Mail && !delivery.titles.is_empty());
        if by_run && !(is_over(None) && is_over(Some(delivery.to.1))) {
            return Err(format!("a suspended reader was notified: {delivery:?}, {:?}", self.suspensions));
        }
        let was_done = |title: &String| {
            let is_it = |notification: &Notification| {
                notification.to == delivery.to
                    && notification.title == *title
                    && notification.number <= delivery.number
            };
            self.notifications.iter().any(is_it)
        };
        match delivery.titles.iter().find(|title| !was_done(title)) {
            Some(title) => Err(format!("a change was reported that nobody made: {title:?} in {delivery:?}")),
            None => Ok(()),
        }
    }

    /// Checks that the latest due notice of a key was delivered to all its recipients.
    fn check_key(&self, key: &Key, now: i64) -> Result<(), String> {
        let Some(expires_at) = key.state().expires_at else { return Ok(()) };
        let Some(since) = self.due_since(key, usize::MAX, expires_at, now) else { return Ok(()) };
        // The run that makes up for it may be the last one.
        if self.was_lifted && now - expires_at > MADE_UP_FOR {
            return Ok(());
        }
        let mut people = self.recipients(key);
        let mut states = key.states.iter().filter(|state| state.expires_at == Some(expires_at));
        let modifier = key.state().modifier;
        if self.notifies_all && states.all(|state| state.modifier == modifier) {
            people.insert(modifier);
        }
        let mut recipients =
            people.into_iter().flat_map(|person| channels(person).map(move |channel| (channel, person)));
        let announces = |delivery: &Delivery| {
            delivery.at >= since && delivery.keys.contains(&(key.id.clone(), expires_at))
        };
        let was_missed = |to: &Recipient| {
            !self.deliveries.iter().any(|delivery| delivery.to == *to && announces(delivery))
        };
        match recipients.find(was_missed) {
            Some(to) => Err(format!("{to:?} got no notice since {since} of {key:?}, but{}", self.all())),
            None => Ok(()),
        }
    }

    /// Checks that a change was reported as often as changes with the same title were made.
    fn check_notification(&self, notification: &Notification) -> Result<(), String> {
        let deliveries = self.deliveries.iter().filter(|delivery| delivery.to == notification.to);
        let titles = deliveries.flat_map(|delivery| &delivery.titles);
        let times = titles.filter(|title| **title == notification.title).count();
        if times >= self.times(notification.to, &notification.title) {
            Ok(())
        } else {
            Err(format!("a change was not reported: {notification:?}, but{}", self.all()))
        }
    }

    /// Counts the changes with this title that must be reported to a recipient.
    fn times(&self, to: Recipient, title: &str) -> usize {
        let same = |notification: &&Notification| notification.to == to && notification.title == title;
        self.notifications.iter().filter(same).count()
    }

    /// Checks that a recipient got no message twice and no wider stage after a narrower one, and a mail twice only if
    /// SES took it and it was not marked.
    fn check_repeats(&self) -> Result<(), String> {
        let mut delivered = HashMap::<(Recipient, &str, Option<i64>), usize>::new();
        let mut narrowest = HashMap::<(Recipient, &str, &i64), Option<i64>>::new();
        let mut repeats = BTreeMap::<Recipient, Vec<&Delivery>>::new();
        for delivery in &self.deliveries {
            let mut repeated = false;
            for (key_id, expires_at) in &delivery.keys {
                let key = self.keys.iter().find(|key| key.id == *key_id).expect("it was checked");
                let stage = self.due_since(key, delivery.number, *expires_at, delivery.at);
                let times = delivered.entry((delivery.to, key_id, stage)).or_default();
                *times += 1;
                repeated |= *times > 1;
                let narrowest = narrowest.entry((delivery.to, key_id, expires_at)).or_default();
                repeated |= stage < *narrowest;
                *narrowest = stage.max(*narrowest);
            }
            for title in &delivery.titles {
                let times = delivered.entry((delivery.to, title, None)).or_default();
                *times += 1;
                repeated |= *times > self.times(delivery.to, title);
            }
            if repeated {
                repeats.entry(delivery.to).or_default().push(delivery);
            }
        }
        for (to, repeats) in repeats {
            if repeats.len() > self.unmarked.get(&to).copied().unwrap_or(0) {
                return Err(format!(
                    "{to:?} got a notice again without a crash: {repeats:?}, of{}",
                    self.all()
                ));
            }
        }
        Ok(())
    }

    /// Lists all deliveries.
    fn all(&self) -> String {
        let each: Vec<_> = self.deliveries.iter().map(|delivery| format!("\n  {delivery:?}")).collect();
        each.concat()
    }
}

/// Returns the right deliveries for mona's key, which lives for a hundred days, 30 days before its expiry.
fn right_deliveries() -> Vec<Delivery> {
    let recipients = [
        (Channel::Mail, 0),
        (Channel::Mail, 1),
        (Channel::Mail, 4),
        (Channel::Inbox, 0),
        (Channel::Inbox, 1),
    ];
    let delivery = |to| Delivery {
        number: 1,
        at: 70 * DAY,
        to,
        keys: vec![("key".to_owned(), 100 * DAY)],
        titles: Vec::new(),
    };
    recipients.map(delivery).into()
}

/// Returns the error that the model finds in changed deliveries; empty if it finds none.
fn error_of(change: impl FnOnce(&mut Vec<Delivery>)) -> String {
    let state = State::first("k".to_owned(), 100 * DAY, 0, 0);
    let mut model = Model::new(false, vec![Key::new("key".to_owned(), (4, 0), state)]);
    let mut deliveries = right_deliveries();
    change(&mut deliveries);
    for delivery in deliveries {
        model.deliver(delivery, true);
    }
    model.check(71 * DAY).err().unwrap_or_default()
}

#[test]
fn the_model_of_the_histories_finds_lost_doubled_early_and_misdirected_notices() {
    assert_eq!(error_of(|_| ()), "");
    assert!(error_of(|all| drop(all.remove(2))).starts_with("(Mail, 4) got no notice"));
    assert!(error_of(|all| drop(all.remove(4))).starts_with("(Inbox, 1) got no notice"));
    let again = error_of(|all| all.extend(right_deliveries().pop()));
    assert!(again.starts_with("(Inbox, 1) got a notice again"));
    let later = error_of(|all| {
        let at = |number, at| right_deliveries().into_iter().map(move |one| Delivery { number, at, ..one });
        *all = at(2, 93 * DAY).chain(at(3, 70 * DAY)).collect();
    });
    assert!(later.contains("got a notice again"), "{later}");
    assert!(error_of(|all| all[0].at -= 1).starts_with("an expiry was announced too early"));
    assert!(error_of(|all| all[0].keys[0].1 += 1).starts_with("an expiry was announced that no state has"));
    assert!(error_of(|all| all[0].to.1 = 2).starts_with("a notice went to a wrong person"));
    let unknown = error_of(|all| all[0].titles.push("done".to_owned()));
    assert!(unknown.starts_with("a change was reported that nobody made"));
}
