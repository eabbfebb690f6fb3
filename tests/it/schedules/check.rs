use std::collections::{BTreeMap, BTreeSet, HashMap};

use kit::DAY;

use super::{
    cast::{CAST, Who},
    model::{Key, Model, News, Reader, State, Told, Way, ways},
};

impl Model {
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
            let key = self.keys.iter().find(|key| key.id == *key_id);
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
        let hears = |told: &Told| told.at >= since && told.keys.contains(&(key.id.clone(), expires_at));
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
                let key = self.keys.iter().find(|key| key.id == *key_id).expect("it was checked");
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
        let each: Vec<_> = self.told.iter().map(|told| format!("\n  {told:?}")).collect();
        each.concat()
    }
}

/// What is told of mona's key, which lives for a hundred days, to all whom its last 30 days concern.
fn all_told() -> Vec<Told> {
    let readers = [(Way::Mail, 0), (Way::Mail, 1), (Way::Mail, 4), (Way::Inbox, 0), (Way::Inbox, 1)];
    let told = |to| Told {
        number: 1,
        at: 70 * DAY,
        to,
        keys: vec![("key".to_owned(), 100 * DAY)],
        titles: Vec::new(),
    };
    readers.map(told).into()
}

fn wrong_of(change: impl FnOnce(&mut Vec<Told>)) -> String {
    let state = State::first("k".to_owned(), 100 * DAY, 0, 0);
    let mut model = Model::new(false, vec![Key::new("key".to_owned(), (4, 0), state)]);
    let mut all = all_told();
    change(&mut all);
    for told in all {
        model.told(told, true);
    }
    model.check(71 * DAY).err().unwrap_or_default()
}

#[test]
fn the_model_of_the_schedules_finds_what_is_lost_doubled_early_or_misdirected() {
    assert_eq!(wrong_of(|_| ()), "");
    assert!(wrong_of(|all| drop(all.remove(2))).starts_with("(Mail, 4) was not told"));
    assert!(wrong_of(|all| drop(all.remove(4))).starts_with("(Inbox, 1) was not told"));
    assert!(wrong_of(|all| all.extend(all_told().pop())).starts_with("(Inbox, 1) was told again"));
    assert!(wrong_of(|all| all[0].at -= 1).starts_with("an expiry that was not due"));
    assert!(wrong_of(|all| all[0].keys[0].1 += 1).starts_with("an expiry that was none"));
    assert!(wrong_of(|all| all[0].to.1 = 2).starts_with("somebody is told whom it does not concern"));
    assert!(wrong_of(|all| all[0].titles.push("done".to_owned())).starts_with("something that nobody did"));
}
