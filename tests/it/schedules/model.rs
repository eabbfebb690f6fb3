use std::collections::{BTreeMap, BTreeSet, HashMap};

use kit::DAY;

use super::cast::{CAST, Person, Who};

/// What has been done to a schedule's keys, what was told of it, and what must hold between the two.
///
/// What happens is numbered: a run, with all that happens during it, has one number.
#[derive(Debug)]
pub(super) struct Model {
    /// Whether owners, creators and modifiers hear of every key.
    tells_all: bool,
    pub(super) keys: Vec<Key>,
    told: Vec<Told>,
    news: Vec<News>,
    /// How often SES took a mail that was then not marked, by its reader.
    unmarked: BTreeMap<Reader, usize>,
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
    pub(super) key_id: String,
    pub(super) user: Who,
    creator: Who,
    /// What it was, in order: the last is what it is.
    states: Vec<State>,
}

/// What a key was for a while.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// During this number it began; what was before may still be seen.
    from: usize,
    /// During this number it ended; what follows may already be seen.
    until: usize,
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
struct News {
    number: usize,
    to: Reader,
    title: String,
}

/// Returns the instants at which a key's expiry is to be told, from the widest lead to the expiry.
fn stages(expires_at: i64, set_at: i64) -> impl Iterator<Item = i64> {
    let all = [30, 7, 2, 0].into_iter().map(move |days| expires_at - days * DAY);
    all.filter(move |at| *at > set_at)
}

/// Returns the ways by which somebody is reached: mail needs an address, and machines read no inbox.
fn ways(who: Who) -> impl Iterator<Item = Way> {
    let Person { kind, has_address, .. } = CAST[who];
    has_address.then_some(Way::Mail).into_iter().chain((kind != "machine").then_some(Way::Inbox))
}

impl Key {
    pub(super) fn new(key_id: String, (user, creator): (Who, Who), first: State) -> Self {
        Self { key_id, user, creator, states: vec![first] }
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
    fn due_since(&self, expires_at: i64, now: i64) -> Option<i64> {
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

    /// Names those whom the expiry of a key concerns in every state.
    fn concerned(&self, key: &Key) -> BTreeSet<Who> {
        let user = &CAST[key.user];
        let owners = self.tells_all || !user.has_address || user.kind == "machine";
        let owners = (0..CAST.len()).filter(|who| owners && CAST[*who].kind == "owner");
        owners.chain([key.user]).chain(self.tells_all.then_some(key.creator)).collect()
    }

    /// Says what does not hold at an instant by which all that was due is told.
    pub(super) fn check(&self, now: i64) -> Result<(), String> {
        self.told.iter().try_for_each(|told| self.check_told(told))?;
        self.keys.iter().try_for_each(|key| self.check_key(key, now))?;
        self.news.iter().try_for_each(|news| self.check_news(news))?;
        self.check_repeats()
    }

    /// Checks that nothing is named that was not due to its reader while it was told.
    fn check_told(&self, told: &Told) -> Result<(), String> {
        for (key_id, expires_at) in &told.keys {
            let key = self.keys.iter().find(|key| key.key_id == *key_id);
            let key = key.ok_or_else(|| format!("a key that is none is told: {told:?}"))?;
            let while_it_was_so = || key.states.iter().filter(|state| state.expires_at == Some(*expires_at));
            if !while_it_was_so().any(|state| state.from <= told.number && told.number <= state.until) {
                return Err(format!("an expiry that was none is told: {told:?}, of {key:?}"));
            }
            if key.due_since(*expires_at, told.at).is_none() {
                return Err(format!("an expiry that was not due is told: {told:?}, of {key:?}"));
            }
            let modified_by = |who| self.tells_all && while_it_was_so().any(|state| state.modifier == who);
            if !self.concerned(key).contains(&told.to.1) && !modified_by(told.to.1) {
                return Err(format!("somebody is told whom it does not concern: {told:?}, of {key:?}"));
            }
        }
        let was_done = |title: &String| {
            let is_it =
                |news: &News| news.to == told.to && news.title == *title && news.number <= told.number;
            self.news.iter().any(is_it)
        };
        match told.titles.iter().find(|title| !was_done(title)) {
            Some(title) => Err(format!("something that nobody did is told: {title:?} in {told:?}")),
            None => Ok(()),
        }
    }

    /// Checks that the narrowest stage that is due was told to all whom it concerns.
    fn check_key(&self, key: &Key, now: i64) -> Result<(), String> {
        let Some(expires_at) = key.state().expires_at else { return Ok(()) };
        let Some(since) = key.due_since(expires_at, now) else { return Ok(()) };
        let mut concerned = self.concerned(key);
        let mut lately = key.states.iter().filter(|state| state.expires_at == Some(expires_at));
        let modifier = key.state().modifier;
        if self.tells_all && lately.all(|state| state.modifier == modifier) {
            concerned.insert(modifier);
        }
        let mut readers = concerned.into_iter().flat_map(|who| ways(who).map(move |way| (way, who)));
        let hears = |told: &Told| told.at >= since && told.keys.contains(&(key.key_id.clone(), expires_at));
        match readers.find(|to| !self.told.iter().any(|told| told.to == *to && hears(told))) {
            Some(to) => Err(format!("{to:?} was not told since {since} of {key:?}, but{}", self.all())),
            None => Ok(()),
        }
    }

    /// Checks that a change was told, as often as there were changes of which the same is said.
    fn check_news(&self, news: &News) -> Result<(), String> {
        let titles = self.told.iter().filter(|told| told.to == news.to).flat_map(|told| &told.titles);
        let times = titles.filter(|title| **title == news.title).count();
        if times >= self.times(news.to, &news.title) {
            Ok(())
        } else {
            Err(format!("a change was not told: {news:?}, but{}", self.all()))
        }
    }

    /// Counts the changes of which somebody is to be told this.
    fn times(&self, to: Reader, title: &str) -> usize {
        self.news.iter().filter(|news| news.to == to && news.title == title).count()
    }

    /// Checks that nobody got more repeated mails than were sent to them and not marked, and no message
    /// twice.
    fn check_repeats(&self) -> Result<(), String> {
        let mut said = HashMap::<(Reader, &str, Option<i64>), usize>::new();
        let mut repeats = BTreeMap::<Reader, Vec<&Told>>::new();
        for told in &self.told {
            let mut repeated = false;
            for (key_id, expires_at) in &told.keys {
                let key = self.keys.iter().find(|key| key.key_id == *key_id).expect("it was checked");
                let times = said.entry((told.to, key_id, key.due_since(*expires_at, told.at))).or_default();
                *times += 1;
                repeated |= *times > 1;
            }
            for title in &told.titles {
                let times = said.entry((told.to, title, None)).or_default();
                *times += 1;
                repeated |= *times > self.times(told.to, title);
            }
            if repeated {
                repeats.entry(told.to).or_default().push(told);
            }
        }
        for (to, repeats) in repeats {
            if repeats.len() > self.unmarked.get(&to).copied().unwrap_or(0) {
                return Err(format!("{to:?} was told again without a crash: {repeats:?}"));
            }
        }
        Ok(())
    }

    /// Lists what was told.
    fn all(&self) -> String {
        self.told.iter().map(|told| format!("\n  {told:?}")).collect()
    }

    /// Counts the mails, the messages in inboxes, and the mails that were not marked.
    pub(super) fn count(&self) -> (usize, usize, usize) {
        let mails = self.told.iter().filter(|told| told.to.0 == Way::Mail).count();
        (mails, self.told.len() - mails, self.unmarked.values().sum())
    }
}
