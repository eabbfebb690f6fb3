//! Applies a step to the model.

use std::{cmp::Ordering, collections::BTreeMap};

use kit::{Answer, DAY, Item};

use super::{
    client::token_of,
    model::{Key, Kind, Standing, Time, Token},
    run::ModelRun,
    steps::{By, PolicyChange, Step},
};

impl ModelRun<'_> {
    /// Applies a step that took effect. Its time is read from the table, because the gateway's clock runs.
    pub(crate) fn apply(&mut self, step: &Step, answer: &Answer) {
        match step {
            Step::CreateKey { user, days, .. } => {
                let key_id = answer.body["key_id"].as_str();
                let stored = self.unknown_key(*user, key_id).expect("the key is stored");
                self.add_key(*user, &stored, *days, token_of(&answer.body));
            }
            Step::DeleteKey { user, key } => {
                let key = self.state.users[*user].keys.remove(*key);
                self.note("access_key.deleted", "deleted", &key.id);
            }
            Step::Suspend { user } => self.set_standing(*user, Standing::Suspended),
            Step::Lift { user } => self.set_standing(*user, Standing::Active),
            Step::DeleteUser { user } => {
                self.state.users[*user].standing = Standing::Deleted;
                let id = self.state.users[*user].id.clone();
                self.note("user.deleted", "deleted", &id);
            }
            Step::SetPolicy { change } => {
                let before = self.state.policy.clone();
                change.apply(&mut self.state.policy);
                let effect = match self.state.policy.allowance().cmp(&before.allowance()) {
                    Ordering::Less => "narrowed",
                    Ordering::Greater => "lifted",
                    Ordering::Equal => return,
                };
                let id = self.organization.id.clone();
                self.note("organization.updated", effect, &id);
            }
            step => self.change_key(step, answer),
        }
    }

    pub(crate) fn add_key(&mut self, user: usize, stored: &Item, days: Option<i64>, token: Token) {
        let owner = self.state.users[0].id.clone();
        let user = &mut self.state.users[user];
        let created_at = stored["created_at"].as_i64().unwrap();
        let by = if user.kind == Kind::Machine { &owner } else { &user.id };
        let mut key = Key {
            id: stored["key_id"].as_str().unwrap().to_owned(),
            version: 1,
            expires_at: days.map(|days| created_at + days * DAY),
            expiry_set_at: created_at,
            revoked_at: None,
            off_by: None,
            narrowed: None,
            current: token,
            previous: None,
            retired: vec![],
            reuse_reported_at: None,
            created_by: by.clone(),
            updated_by: by.clone(),
            due: None,
            events: BTreeMap::new(),
            announced: BTreeMap::new(),
        };
        key.due = key.next_due(created_at);
        let id = key.id.clone();
        user.keys.push(key);
        self.note("access_key.created", "other", &id);
    }

    fn set_standing(&mut self, user: usize, standing: Standing) {
        let now = self.now();
        let user = &mut self.state.users[user];
        let before = std::mem::replace(&mut user.standing, standing);
        if (before, standing) == (Standing::Suspended, Standing::Active) {
            user.rearmed_at = Some(now + 60);
        }
        if before != standing {
            let id = user.id.clone();
            let effect = if standing == Standing::Suspended { "suspended" } else { "lifted" };
            self.note("user.updated", effect, &id);
        }
    }

    /// Changes a key; a change to its present state has no effect.
    fn change_key(&mut self, step: &Step, answer: &Answer) {
        let (Step::Rotate { user, key, .. }
        | Step::MoveExpiry { user, key, .. }
        | Step::Switch { user, key, .. }
        | Step::Narrow { user, key, .. }
        | Step::Rename { user, key }
        | Step::Revoke { user, key, .. }) = step
        else {
            unreachable!("it changes no key: {step:?}")
        };
        let stored = self.stored_key(&self.state.users[*user].keys[*key]).expect("the key is stored");
        let now: Time = stored["updated_at"].as_i64().unwrap();
        let (owner, most) = (self.state.users[0].id.clone(), self.state.policy.max_overlap);
        let themselves = self.state.users[*user].id.clone();
        let themselves_id = themselves.clone();
        let machine = self.state.users[*user].kind == Kind::Machine;
        let own = if machine { owner.clone() } else { themselves.clone() };
        let key = &mut self.state.users[*user].keys[*key];
        let before = key.clone();
        let (action, effect, by) = match step {
            Step::Rotate { by, overlap, .. } => {
                let itself = matches!(by, By::Current | By::Previous);
                let overlap = overlap.unwrap_or(if itself { most.min(3_600) } else { 0 });
                key.rotate(token_of(&answer.body), overlap, *by == By::Previous, now);
                ("access_key.rotated", "rotated", if itself { themselves } else { own })
            }
            Step::MoveExpiry { to, .. } if *to == key.expires_at => return,
            Step::MoveExpiry { to, .. } => {
                (key.expires_at, key.expiry_set_at) = (*to, now);
                key.due = key.next_due(now);
                let later = to.unwrap_or(Time::MAX) > before.expires_at.unwrap_or(Time::MAX);
                ("access_key.updated", if later { "lifted" } else { "shortened" }, own)
            }
            Step::Switch { on, by, .. } => {
                let by = if *by == By::Admin { owner } else { themselves };
                // Whoever switches it off in place of its user takes the switch from them.
                let by_another = key.off_by.take().filter(|earlier| *earlier != themselves_id);
                key.off_by = if *on { None } else { by_another.or(Some(by.clone())) };
                ("access_key.updated", if *on { "lifted" } else { "switched_off" }, by)
            }
            Step::Narrow { to_role, .. } => {
                key.narrowed = Some(*to_role);
                let lifted = before.narrowed == Some(false) && *to_role;
                ("access_key.updated", if lifted { "lifted" } else { "narrowed" }, own)
            }
            Step::Revoke { by, .. } => {
                (key.revoked_at, key.due) = (Some(now), None);
                ("access_key.revoked", "revoked", if *by == By::Admin { owner } else { themselves })
            }
            _ => ("access_key.updated", "other", own),
        };
        let unchanged = before.off_by == key.off_by && before.narrowed == key.narrowed;
        if unchanged && matches!(step, Step::Switch { .. } | Step::Narrow { .. }) {
            return;
        }
        key.version += 1;
        key.updated_by = by;
        let id = key.id.clone();
        self.note(action, effect, &id);
    }
}

impl PolicyChange {
    fn apply(&self, policy: &mut super::model::Policy) {
        match self {
            Self::Quota(_, position, quota) => policy.quota[*position] = *quota,
            Self::Extension(extension) => policy.extension = extension,
            Self::MaxSeconds(seconds) => policy.max_seconds = *seconds,
            Self::AllowNever(allowed) => policy.allow_never = *allowed,
            Self::MaxOverlap(seconds) => policy.max_overlap = *seconds,
        }
    }
}
