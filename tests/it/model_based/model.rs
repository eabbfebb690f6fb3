//! The product as a plain model: no store, no races, no failures.

use std::collections::BTreeMap;

/// Seconds since 1970.
pub(crate) type Time = i64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Owner,
    Normal,
    Machine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    Suspended,
    Deleted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Inactive,
    Expired,
    Revoked,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// The values of a policy that steps change.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) flexible: bool,
    pub(crate) quota: [usize; 3],
    pub(crate) min_seconds: i64,
    pub(crate) max_seconds: i64,
    pub(crate) allow_never: bool,
    pub(crate) extension: &'static str,
    pub(crate) max_overlap: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) standing: Standing,
    /// The address for mails.
    pub(crate) email: Option<String>,
    /// When the notices that a suspension held back are made up for; `None` if there was none.
    pub(crate) rearmed_at: Option<Time>,
    pub(crate) keys: Vec<Key>,
}

/// A token; `None` if its answer was lost.
pub(crate) type Token = Option<String>;

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) expires_at: Option<Time>,
    pub(crate) expiry_set_at: Time,
    pub(crate) revoked_at: Option<Time>,
    /// The user who switched the key off; `None` while it is on.
    pub(crate) off_by: Option<String>,
    /// `None` for a key that is not narrowed; then whether it is narrowed to a role or to nothing.
    pub(crate) narrowed: Option<bool>,
    pub(crate) current: Token,
    pub(crate) previous: Option<(Token, Time)>,
    /// The latest last.
    pub(crate) retired: Vec<Token>,
    pub(crate) reuse_reported_at: Option<Time>,
    pub(crate) created_by: String,
    pub(crate) updated_by: String,
    /// When the next notice of its expiry is due.
    pub(crate) due: Option<Time>,
    /// The narrowest stage that became an event, by expiry.
    pub(crate) events: BTreeMap<Time, i64>,
    /// The narrowest stage that was announced, by expiry and recipient.
    pub(crate) announced: BTreeMap<(Time, String), i64>,
}

/// The state of a secret at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    Active,
    /// The system still knows that it was a secret of the key.
    Retired,
    /// The system no longer knows that it was a secret of the key.
    Forgotten,
}

impl Policy {
    /// Returns what it allows, so that the greater allows more. A step changes one value.
    pub(crate) fn allowance(&self) -> ([usize; 3], i64, bool, usize, i64) {
        let extensions = ["none", "before_expiry", "any_time"];
        let extension = extensions.iter().position(|one| *one == self.extension).unwrap();
        (self.quota, self.max_seconds, self.allow_never, extension, self.max_overlap)
    }

    pub(crate) fn quota(&self, kind: Kind) -> usize {
        self.quota[kind as usize]
    }
}

impl User {
    /// Returns the keys that count towards the quota, with their expiries.
    pub(crate) fn live(&self, now: Time) -> BTreeMap<String, Option<Time>> {
        let counts = |key: &&Key| matches!(key.status(now), Status::Active | Status::Inactive);
        self.keys.iter().filter(counts).map(|key| (key.suffix().to_owned(), key.expires_at)).collect()
    }

    /// Returns the permissions of a key that is not narrowed.
    fn permissions(&self) -> &'static str {
        match self.kind {
            Kind::Owner => "*",
            Kind::Normal => "",
            Kind::Machine => "clusters:read",
        }
    }
}

impl Key {
    pub(crate) fn suffix(&self) -> &str {
        &self.id[12..]
    }

    pub(crate) fn status(&self, now: Time) -> Status {
        if self.revoked_at.is_some() {
            Status::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            Status::Expired
        } else if self.off_by.is_some() {
            Status::Inactive
        } else {
            Status::Active
        }
    }

    /// Tells whether the key was revoked so long ago that it is gone.
    pub(crate) fn is_forgotten(&self, now: Time) -> bool {
        self.revoked_at.is_some_and(|at| at + 400 * kit::DAY <= now)
    }

    pub(crate) fn overlap_ends_at(&self, now: Time) -> Option<Time> {
        let until = self.previous.as_ref()?.1;
        Some(self.expires_at.map_or(until, |at| at.min(until))).filter(|until| now < *until)
    }

    /// Returns every secret that the key ever had and the test was shown.
    pub(crate) fn secrets(&self, now: Time) -> Vec<(String, Secret)> {
        let forgotten = self.retired.len().saturating_sub(8);
        let retired = self.retired.iter().enumerate();
        let retired = retired.map(|(position, token)| {
            (token, if position < forgotten { Secret::Forgotten } else { Secret::Retired })
        });
        let previous = self
            .previous
            .iter()
            .map(|(token, until)| (token, if now < *until { Secret::Active } else { Secret::Retired }));
        let all = retired.chain(previous).chain([(&self.current, Secret::Active)]);
        all.filter_map(|(token, secret)| Some((token.clone()?, secret))).collect()
    }

    pub(crate) fn rotate(&mut self, new: Token, overlap: i64, with_previous: bool, now: Time) {
        let replaced = std::mem::replace(&mut self.current, new);
        if with_previous {
            self.retired.push(replaced);
            return;
        }
        self.retired.extend(self.previous.take().map(|(token, _)| token));
        if overlap > 0 {
            let until = self.expires_at.map_or(now + overlap, |at| at.min(now + overlap));
            self.previous = Some((replaced, until));
        } else {
            self.retired.push(replaced);
        }
    }

    /// Returns the permissions that the authorizer passes on; `None` if it refuses the key.
    pub(crate) fn passes(&self, user: &User, secret: Secret, now: Time) -> Option<&'static str> {
        let may = secret == Secret::Active
            && user.standing == Standing::Active
            && self.status(now) == Status::Active;
        may.then(|| match (self.narrowed, user.permissions()) {
            (Some(true), "*") => "clusters:read",
            (None | Some(true), all) => all,
            (Some(false), _) => "",
        })
    }
}
