//! The refusal that the model expects of a step.

use super::{
    model::{Key, Kind, Standing, Status, Time, User},
    run::State,
    steps::{By, Step},
};

/// The status and the code of a refusal; the gateway's own has none.
pub(crate) type Refusal = (u16, &'static str);

const BY_GATEWAY: Refusal = (403, "");

impl State {
    /// Returns the refusal of a step; `None` if it must succeed.
    pub(crate) fn refusal(&self, step: &Step, now: Time) -> Option<Refusal> {
        let of = |user: &usize, key: &usize| {
            let user = &self.users[*user];
            (user, &user.keys[*key])
        };
        match step {
            Step::CreateUser { keys, .. } if keys.len() > self.policy.quota(Kind::Machine) => {
                Some((409, "quota_exceeded"))
            }
            Step::CreateUser { keys, .. } => {
                keys.iter().find_map(|days| self.bad_lifetime(Some(days * kit::DAY)))
            }
            Step::CreateKey { user, days, .. } => {
                let user = &self.users[*user];
                let absent = user.kind != Kind::Machine && user.standing != Standing::Active;
                (absent.then_some(BY_GATEWAY))
                    .or_else(|| self.bad_lifetime(days.map(|days| days * kit::DAY)))
                    .or_else(|| self.no_room(user, user.live(now).len()))
            }
            Step::Rotate { user, key, by, overlap, .. } => {
                let (user, key) = of(user, key);
                let active = user.standing == Standing::Active;
                let comes = match by {
                    By::Admin => true,
                    By::Themselves => active,
                    By::Current => active && key.status(now) == Status::Active,
                    By::Previous => {
                        let works = key.previous.as_ref().is_some_and(|(_, until)| now < *until);
                        works && active && key.status(now) == Status::Active
                    }
                };
                let too_long = overlap.is_some_and(|overlap| overlap > self.policy.max_overlap);
                match key.status(now) {
                    _ if !comes => Some(BY_GATEWAY),
                    Status::Inactive => Some((409, "key_inactive")),
                    Status::Expired => Some((409, "key_expired")),
                    Status::Revoked => revoked(key, now),
                    Status::Active if !active => Some((409, "conflict")),
                    Status::Active => too_long.then_some((422, "policy_violation")),
                }
            }
            Step::MoveExpiry { user, key, to } => {
                let (user, key) = of(user, key);
                if user.kind != Kind::Machine && user.standing != Standing::Active {
                    return Some(BY_GATEWAY);
                }
                if key.revoked_at.is_some() {
                    return revoked(key, now);
                }
                if *to == key.expires_at {
                    return None;
                }
                let later = key.expires_at.is_some_and(|from| to.is_none_or(|to| to > from));
                let others = user.live(now).into_keys().filter(|suffix| suffix != key.suffix()).count();
                let room = if later { self.no_room(user, others) } else { None };
                self.not_extendable(key.expires_at, *to, now).or(room)
            }
            Step::Switch { user, key, on, by } => {
                let (user, key) = of(user, key);
                let themselves = *by == By::Themselves || user.id == self.users[0].id;
                if *by == By::Themselves && user.standing != Standing::Active {
                    Some(BY_GATEWAY)
                } else if key.revoked_at.is_some() {
                    revoked(key, now)
                } else {
                    let lifted = key.off_by.as_ref().filter(|_| *on && user.kind != Kind::Machine);
                    let by_user = lifted.map(|by| *by == user.id);
                    let may = match by_user {
                        None => true,
                        Some(true) => themselves,
                        Some(false) => !themselves || user.kind == Kind::Owner,
                    };
                    (!may).then_some((403, "forbidden"))
                }
            }
            Step::Narrow { user, key, .. } | Step::Rename { user, key } => {
                let (user, key) = of(user, key);
                let absent = user.kind != Kind::Machine && user.standing != Standing::Active;
                // The role is not theirs.
                let unseen = user.kind == Kind::Normal && matches!(step, Step::Narrow { to_role: true, .. });
                (absent.then_some(BY_GATEWAY))
                    .or_else(|| revoked(key, now))
                    .or(unseen.then_some((400, "invalid_request")))
            }
            Step::Revoke { user, key, by } => {
                let (user, key) = of(user, key);
                let absent = *by == By::Themselves && user.standing != Standing::Active;
                absent.then_some(BY_GATEWAY).or_else(|| revoked(key, now))
            }
            Step::DeleteKey { user, key } => {
                let (_, key) = of(user, key);
                key.is_forgotten(now).then_some((404, "not_found"))
            }
            Step::Suspend { .. }
            | Step::Lift { .. }
            | Step::DeleteUser { .. }
            | Step::SetPolicy { .. }
            | Step::Wait { .. }
            | Step::SeeEnd { .. }
            | Step::RunNotices => None,
        }
    }

    fn bad_lifetime(&self, seconds: Option<i64>) -> Option<Refusal> {
        let allowed = match seconds {
            None => self.policy.allow_never,
            Some(seconds) => (self.policy.min_seconds..=self.policy.max_seconds).contains(&seconds),
        };
        (!allowed).then_some((422, "policy_violation"))
    }

    /// Returns the refusal of a key that goes live or ends later, besides this number of live ones.
    fn no_room(&self, user: &User, others: usize) -> Option<Refusal> {
        let full = others + 1 > self.policy.quota(user.kind);
        match user.standing {
            Standing::Suspended => Some((409, "conflict")),
            Standing::Deleted => Some((404, "not_found")),
            Standing::Active => full.then_some((409, "quota_exceeded")),
        }
    }

    fn not_extendable(&self, from: Option<Time>, to: Option<Time>, now: Time) -> Option<Refusal> {
        let from = from?;
        if to.is_some_and(|to| to <= from) {
            return None;
        }
        let forbidden = match self.policy.extension {
            "none" => true,
            "before_expiry" => from <= now,
            _ => false,
        };
        let refused = forbidden.then_some((409, "not_extendable"));
        refused.or_else(|| self.bad_lifetime(to.map(|to| to - now)))
    }
}

/// Returns the refusal of a key that was revoked.
fn revoked(key: &Key, now: Time) -> Option<Refusal> {
    let gone = key.is_forgotten(now).then_some((404, "not_found"));
    gone.or(key.revoked_at.map(|_| (409, "already_revoked")))
}
