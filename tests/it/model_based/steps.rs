//! The steps, and how the next one is chosen.

use kit::{DAY, Random};

use super::{
    model::{Kind, Standing, Status, Time},
    run::State,
};

/// Who sends the request of a step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum By {
    /// The first owner, who is never suspended or deleted.
    Admin,
    /// The key's user, signed in.
    Themselves,
    /// The key itself, with this one of its secrets.
    Current,
    Previous,
}

/// One step. Users and keys are named by their positions.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    CreateUser {
        kind: Kind,
        keys: Vec<i64>,
        has_email: bool,
    },
    /// For some days or without expiry; `twice` sends it again under the same `Idempotency-Key`.
    CreateKey {
        user: usize,
        days: Option<i64>,
        twice: bool,
    },
    Rotate {
        user: usize,
        key: usize,
        by: By,
        overlap: Option<i64>,
        twice: bool,
    },
    MoveExpiry {
        user: usize,
        key: usize,
        to: Option<Time>,
    },
    Switch {
        user: usize,
        key: usize,
        on: bool,
        by: By,
    },
    Narrow {
        user: usize,
        key: usize,
        to_role: bool,
    },
    Rename {
        user: usize,
        key: usize,
    },
    Revoke {
        user: usize,
        key: usize,
        by: By,
    },
    DeleteKey {
        user: usize,
        key: usize,
    },
    Suspend {
        user: usize,
    },
    Lift {
        user: usize,
    },
    DeleteUser {
        user: usize,
    },
    SetPolicy {
        change: PolicyChange,
    },
    Wait {
        seconds: i64,
    },
    /// Checks a user's keys in the last second before an end, and in the second of the end.
    SeeEnd {
        user: usize,
        at: Time,
    },
    RunNotices,
}

#[derive(Debug, Clone)]
pub(crate) enum PolicyChange {
    Quota(&'static str, usize, usize),
    Extension(&'static str),
    MaxSeconds(i64),
    AllowNever(bool),
    MaxOverlap(i64),
}

const USERS: usize = 7;

const KEYS: usize = 5;

impl Step {
    /// Chooses a step that is accepted more often than refused.
    pub(crate) fn choose(state: &State, random: &mut Random, now: Time) -> Self {
        let there: Vec<usize> =
            (0..state.users.len()).filter(|user| state.users[*user].standing != Standing::Deleted).collect();
        let user = random.pick(&there);
        let of_user = &state.users[user];
        let keys = of_user.keys.len();
        let people = of_user.kind != Kind::Machine;
        let own = if people { By::Themselves } else { By::Admin };
        if keys > KEYS {
            let spent = |position: &usize| {
                matches!(of_user.keys[*position].status(now), Status::Revoked | Status::Expired)
            };
            return Self::DeleteKey { user, key: (0..keys).find(spent).unwrap_or_default() };
        }
        match random.below(100) {
            0..5 if there.len() < USERS => {
                let kind = random.pick(&[Kind::Normal, Kind::Machine, Kind::Machine]);
                let machine = kind == Kind::Machine;
                let count = if machine { random.below(3) } else { 0 };
                let keys = (0..count).map(|_| random.pick(&[1, 8, 40])).collect();
                Self::CreateUser { kind, keys, has_email: !machine || random.one_in(2) }
            }
            5 if user > 1 && there.len() > 4 => Self::DeleteUser { user },
            6..9 if user > 0 => Self::Suspend { user },
            9..14 => {
                let suspended = |user: &&usize| state.users[**user].standing == Standing::Suspended;
                Self::Lift { user: there.iter().find(suspended).copied().unwrap_or(user) }
            }
            14..18 => Self::SetPolicy { change: PolicyChange::choose(random) },
            18..22 => Self::RunNotices,
            22..28 => Self::Wait {
                seconds: match random.below(4) {
                    0 => 1 + i64::try_from(random.below(50)).unwrap(),
                    1 => 600 * (1 + i64::try_from(random.below(60)).unwrap()),
                    2 => DAY * (1 + i64::try_from(random.below(4)).unwrap()),
                    _ => DAY * random.pick(&[7, 23, 29, 31]),
                },
            },
            28..32 => {
                let ends = state.ends(user).into_iter().filter(|at| *at > now + 120).collect::<Vec<_>>();
                if ends.is_empty() { Self::RunNotices } else { Self::SeeEnd { user, at: random.pick(&ends) } }
            }
            32..52 => {
                let days = random.pick(&[1, 2, 3, 7, 8, 30, 31, 45, 90, 365, 366]);
                let days = (!random.one_in(8)).then_some(days);
                Self::CreateKey { user, days, twice: random.one_in(5) }
            }
            _ if keys == 0 => Self::CreateKey { user, days: Some(40), twice: false },
            other => {
                let key = random.below(keys);
                Self::choose_change(state, random, now, (user, key), &own, other)
            }
        }
    }

    fn choose_change(
        state: &State,
        random: &mut Random,
        now: Time,
        (user, key): (usize, usize),
        own: &By,
        number: usize,
    ) -> Self {
        let by_any = if random.one_in(2) { By::Admin } else { own.clone() };
        match number {
            52..70 => {
                let stored = &state.users[user].keys[key];
                let previous = stored.previous.as_ref().is_some_and(|(token, _)| token.is_some());
                let by = match random.below(4) {
                    0 if stored.current.is_some() => By::Current,
                    1 | 2 if previous => By::Previous,
                    _ => own.clone(),
                };
                let overlap =
                    random.pick(&[None, Some(0), Some(300), Some(7_200), Some(3 * DAY), Some(8 * DAY)]);
                let twice = matches!(by, By::Admin | By::Themselves) && random.one_in(4);
                Self::Rotate { user, key, by, overlap, twice }
            }
            70..80 => {
                let days = random.pick(&[0, 1, 3, 10, 33, 60, 300, 400]);
                // Half an hour beside what policies and notices count from.
                let to = (!random.one_in(8)).then_some(now + days * DAY + 1_800);
                Self::MoveExpiry { user, key, to }
            }
            80..87 => Self::Switch { user, key, on: !random.one_in(3), by: by_any },
            87..89 => Self::Narrow { user, key, to_role: random.one_in(2) },
            89 => Self::Rename { user, key },
            90..95 => Self::Revoke { user, key, by: by_any },
            _ => Self::DeleteKey { user, key },
        }
    }

    /// Returns the function that answers the step's request; that of notices for a step without one.
    pub(crate) const fn function(&self) -> &'static str {
        match self {
            Self::CreateKey { .. } => "create-access-key",
            Self::Rotate { .. } => "rotate-access-key",
            Self::MoveExpiry { .. } | Self::Switch { .. } | Self::Narrow { .. } | Self::Rename { .. } => {
                "update-access-key"
            }
            Self::Revoke { .. } => "revoke-access-key",
            Self::DeleteKey { .. } => "delete-access-key",
            Self::CreateUser { .. } | Self::Suspend { .. } | Self::Lift { .. } | Self::DeleteUser { .. } => {
                "manage-users"
            }
            Self::SetPolicy { .. } => "manage-organization",
            Self::Wait { .. } | Self::SeeEnd { .. } | Self::RunNotices => "notify-expiring-keys",
        }
    }

    /// Returns the key of the step.
    pub(crate) const fn key(&self) -> Option<usize> {
        match self {
            Self::Rotate { key, .. }
            | Self::MoveExpiry { key, .. }
            | Self::Switch { key, .. }
            | Self::Narrow { key, .. }
            | Self::Rename { key, .. }
            | Self::Revoke { key, .. }
            | Self::DeleteKey { key, .. } => Some(*key),
            Self::CreateKey { .. }
            | Self::Suspend { .. }
            | Self::Lift { .. }
            | Self::DeleteUser { .. }
            | Self::SeeEnd { .. }
            | Self::CreateUser { .. }
            | Self::SetPolicy { .. }
            | Self::Wait { .. }
            | Self::RunNotices => None,
        }
    }

    /// Returns the user of the step.
    pub(crate) fn user(&self) -> Option<usize> {
        match self {
            Self::CreateKey { user, .. }
            | Self::Rotate { user, .. }
            | Self::MoveExpiry { user, .. }
            | Self::Switch { user, .. }
            | Self::Narrow { user, .. }
            | Self::Rename { user, .. }
            | Self::Revoke { user, .. }
            | Self::DeleteKey { user, .. }
            | Self::Suspend { user }
            | Self::Lift { user }
            | Self::DeleteUser { user }
            | Self::SeeEnd { user, .. } => Some(*user),
            Self::CreateUser { .. } | Self::SetPolicy { .. } | Self::Wait { .. } | Self::RunNotices => None,
        }
    }
}

impl PolicyChange {
    fn choose(random: &mut Random) -> Self {
        match random.below(8) {
            0..3 => {
                let (name, position) = random.pick(&[("owner", 0), ("normal", 1), ("machine", 2)]);
                Self::Quota(name, position, random.pick(&[0, 1, 2, 3, 4]))
            }
            3 | 4 => Self::Extension(random.pick(&["none", "before_expiry", "any_time"])),
            5 => Self::MaxSeconds(random.pick(&[30 * DAY, 365 * DAY, 3_650 * DAY])),
            6 => Self::AllowNever(random.one_in(2)),
            _ => Self::MaxOverlap(random.pick(&[0, 3_600, 7 * DAY])),
        }
    }
}
