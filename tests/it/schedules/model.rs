use std::collections::{BTreeMap, BTreeSet, HashSet};

use kit::DAY;

use super::cast::{CAST, Who};

/// What has been done to a schedule's keys, what was told of it, and what must hold between the two.
///
/// What happens is numbered: a run, with all that happens during it, has one number.
#[derive(Debug)]
pub(super) struct Model {
    /// Whether owners, creators and modifiers hear of every key.
    tells_all: bool,
    pub(super) keys: Vec<Key>,
    letters: Vec<Sent>,
    news: Vec<News>,
    /// How often SES took a mail that was then not marked, by address.
    unmarked: BTreeMap<String, usize>,
}

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

/// A mail that SES took.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) number: usize,
    /// The latest of the times of the runs at that number.
    pub(super) at: i64,
    pub(super) to: String,
    pub(super) keys: Vec<(String, i64)>,
    pub(super) titles: Vec<String>,
}

/// What somebody is to be mailed that another did.
#[derive(Debug)]
struct News {
    number: usize,
    to: String,
    title: String,
}

/// Returns the instants at which a key's expiry is to be told, from the widest lead to the expiry.
fn stages(expires_at: i64, set_at: i64) -> impl Iterator<Item = i64> {
    let all = [30, 7, 2, 0].into_iter().map(move |days| expires_at - days * DAY);
    all.filter(move |at| *at > set_at)
}

pub(super) fn address(who: Who) -> String {
    format!("{}@example.com", CAST[who].name)
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
        Self { tells_all, keys, letters: Vec::new(), news: Vec::new(), unmarked: BTreeMap::new() }
    }

    /// Takes note that a key changed.
    pub(super) fn changed(&mut self, number: usize, key: usize, next: State) {
        let states = &mut self.keys[key].states;
        states.last_mut().expect("a key has a state").until = number;
        states.push(State { from: number, until: usize::MAX, ..next });
    }

    /// Takes note that somebody is to be mailed what another did.
    pub(super) fn told(&mut self, number: usize, to: Who, title: String) {
        if CAST[to].has_address {
            self.news.push(News { number, to: address(to), title });
        }
    }

    /// Takes note of a mail that SES took, and whether it was marked.
    pub(super) fn sent(&mut self, letter: Sent, marked: bool) {
        *self.unmarked.entry(letter.to.clone()).or_default() += usize::from(!marked);
        self.letters.push(letter);
    }

    /// Names those whom the expiry of a key concerns in every state, by address.
    fn concerned(&self, key: &Key) -> BTreeSet<String> {
        let user = &CAST[key.user];
        let owners = self.tells_all || !user.has_address || user.kind == "machine";
        let mut all = vec![key.user];
        all.extend((0..CAST.len()).filter(|who| owners && CAST[*who].kind == "owner"));
        all.extend(self.tells_all.then_some(key.creator));
        all.into_iter().filter(|who| CAST[*who].has_address).map(address).collect()
    }

    /// Says what does not hold at an instant by which all that was due is told.
    pub(super) fn check(&self, now: i64) -> Result<(), String> {
        self.letters.iter().try_for_each(|letter| self.check_letter(letter))?;
        self.keys.iter().try_for_each(|key| self.check_key(key, now))?;
        self.news.iter().try_for_each(|news| self.check_news(news))?;
        self.check_repeats()
    }

    /// Checks that a mail names nothing that was not due to its reader while it was sent.
    fn check_letter(&self, letter: &Sent) -> Result<(), String> {
        for (key_id, expires_at) in &letter.keys {
            let key = self.keys.iter().find(|key| key.key_id == *key_id);
            let key = key.ok_or_else(|| format!("a key that is none is told: {letter:?}"))?;
            let while_it_was_so = |state: &&State| state.expires_at == Some(*expires_at);
            let live = |state: &State| state.from <= letter.number && letter.number <= state.until;
            if !key.states.iter().filter(while_it_was_so).any(live) {
                return Err(format!("an expiry that was none is told: {letter:?}, of {key:?}"));
            }
            if key.due_since(*expires_at, letter.at).is_none() {
                return Err(format!("an expiry that was not due is told: {letter:?}, of {key:?}"));
            }
            let modifiers = key.states.iter().filter(while_it_was_so).map(|state| state.modifier);
            let modifiers: Vec<_> = modifiers.filter(|_| self.tells_all).map(address).collect();
            if !self.concerned(key).contains(&letter.to) && !modifiers.contains(&letter.to) {
                return Err(format!("somebody is told whom it does not concern: {letter:?}, of {key:?}"));
            }
        }
        let is_it =
            |news: &News, title: &String| (&news.to, &news.title) == (&letter.to, title) && news.number <= letter.number;
        match letter.titles.iter().find(|title| !self.news.iter().any(|news| is_it(news, title))) {
            Some(title) => Err(format!("something that nobody did is told: {title:?} in {letter:?}")),
            None => Ok(()),
        }
    }

    /// Checks that the narrowest stage that is due was told to all whom it concerns.
    fn check_key(&self, key: &Key, now: i64) -> Result<(), String> {
        let Some(expires_at) = key.state().expires_at else { return Ok(()) };
        let Some(since) = key.due_since(expires_at, now) else { return Ok(()) };
        let mut concerned = self.concerned(key);
        let lately = || key.states.iter().filter(|state| state.expires_at == Some(expires_at));
        let modifier = key.state().modifier;
        if self.tells_all && CAST[modifier].has_address && lately().all(|state| state.modifier == modifier) {
            concerned.insert(address(modifier));
        }
        let told = |to: &String| {
            let names = |letter: &&Sent| letter.keys.contains(&(key.key_id.clone(), expires_at));
            self.letters.iter().filter(names).any(|letter| letter.to == *to && letter.at >= since)
        };
        match concerned.iter().find(|to| !told(to)) {
            Some(to) => Err(format!("{to} was not told since {since} of {key:?}, but {:#?}", self.letters)),
            None => Ok(()),
        }
    }

    fn check_news(&self, news: &News) -> Result<(), String> {
        let mut to_them = self.letters.iter().filter(|letter| letter.to == news.to);
        if to_them.any(|letter| letter.titles.contains(&news.title)) {
            Ok(())
        } else {
            Err(format!("a change was not told: {news:?}"))
        }
    }

    /// Checks that nobody got more repeated mails than were sent to them and not marked.
    fn check_repeats(&self) -> Result<(), String> {
        let (mut told, mut repeats) = (HashSet::new(), BTreeMap::<_, Vec<_>>::new());
        for letter in &self.letters {
            let mut said = Vec::new();
            for (key_id, expires_at) in &letter.keys {
                let key = self.keys.iter().find(|key| key.key_id == *key_id).expect("it was checked");
                said.push((&letter.to, key_id, key.due_since(*expires_at, letter.at)));
            }
            said.extend(letter.titles.iter().map(|title| (&letter.to, title, None)));
            let new = said.into_iter().filter(|one| told.insert(one.clone())).count();
            if new < letter.keys.len() + letter.titles.len() {
                repeats.entry(&letter.to).or_default().push(letter);
            }
        }
        let unmarked = |to| self.unmarked.get(to).copied().unwrap_or(0);
        match repeats.into_iter().find(|(to, repeats)| repeats.len() > unmarked(*to)) {
            Some((to, repeats)) => Err(format!("{to} was told again without a crash: {repeats:?}")),
            None => Ok(()),
        }
    }

    /// Counts the mails, and those that were not marked.
    pub(super) fn count(&self) -> (usize, usize) {
        (self.letters.len(), self.unmarked.values().sum())
    }
}
