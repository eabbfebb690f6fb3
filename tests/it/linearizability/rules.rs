//! The rules: a machine user and its keys, and each request as one step.

use std::collections::BTreeMap;

/// Live keys of a machine user by the strict policy.
const QUOTA: usize = 2;

/// A user and the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    is_suspended: bool,
    /// By the position of the request that created the key. A deleted key is gone.
    keys: BTreeMap<usize, Key>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// The position of the request that made the secret.
    secret: usize,
    version: u64,
    is_off: bool,
    is_revoked: bool,
}

/// A request. A key is named by the position of its creation, a secret by that of the creation or rotation that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Create,
    /// Without overlap.
    Rotate(usize),
    Revoke(usize),
    Delete(usize),
    SwitchOff(usize),
    SwitchOn(usize),
    /// Reads the key.
    Read(usize),
    /// Calls an API with a secret of the key: the authorizer decides.
    Call {
        key: usize,
        secret: usize,
    },
    Suspend,
    Lift,
}

/// What a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is done.
    Done,
    /// The key has this version and status then.
    Key { version: u64, status: String },
    /// It is refused, with the code of the problem document; empty for a refusal of the gateway.
    Refused(String),
}

impl Answer {
    fn refused(code: &str) -> Self {
        Self::Refused(code.to_owned())
    }
}

impl Key {
    fn shown(&self) -> Answer {
        let status = match (self.is_revoked, self.is_off) {
            (true, _) => "revoked",
            (false, true) => "inactive",
            (false, false) => "active",
        };
        Answer::Key { version: self.version, status: status.to_owned() }
    }

    /// Changes a key that is not revoked.
    fn change(&mut self, change: impl FnOnce(&mut Self)) -> Answer {
        if self.is_revoked {
            return Answer::refused("already_revoked");
        }
        let before = self.clone();
        change(self);
        if *self != before {
            self.version += 1;
        }
        self.shown()
    }
}

impl State {
    /// Takes the step of a request at a position of the history. Returns the answer that it gets then.
    pub(super) fn step(&mut self, position: usize, request: Request) -> Answer {
        let (is_suspended, is_full) = (self.is_suspended, self.live() >= QUOTA);
        let mut on_key = |key: usize, step: &dyn Fn(&mut Key) -> Answer| {
            self.keys.get_mut(&key).map_or_else(|| Answer::refused("not_found"), step)
        };
        match request {
            Request::Create if is_suspended => Answer::refused("conflict"),
            Request::Create if is_full => Answer::refused("quota_exceeded"),
            Request::Create => {
                let key = Key { secret: position, version: 1, is_off: false, is_revoked: false };
                let answer = key.shown();
                self.keys.insert(position, key);
                answer
            }
            Request::Rotate(key) => on_key(key, &|key| match key {
                Key { is_revoked: false, is_off: true, .. } => Answer::refused("key_inactive"),
                Key { is_revoked: false, .. } if is_suspended => Answer::refused("conflict"),
                key => key.change(|key| key.secret = position),
            }),
            Request::Revoke(key) => on_key(key, &|key| key.change(|key| key.is_revoked = true)),
            Request::SwitchOff(key) => on_key(key, &|key| key.change(|key| key.is_off = true)),
            Request::SwitchOn(key) => on_key(key, &|key| key.change(|key| key.is_off = false)),
            Request::Read(key) => on_key(key, &|key| key.shown()),
            Request::Delete(key) => match self.keys.remove(&key) {
                Some(_) => Answer::Done,
                None => Answer::refused("not_found"),
            },
            Request::Call { key, secret } => match self.keys.get(&key) {
                Some(key) if key.secret == secret && !key.is_off && !key.is_revoked && !is_suspended => {
                    Answer::Done
                }
                _ => Answer::refused(""),
            },
            Request::Suspend | Request::Lift => {
                self.is_suspended = request == Request::Suspend;
                Answer::Done
            }
        }
    }

    fn live(&self) -> usize {
        self.keys.values().filter(|key| !key.is_revoked).count()
    }
}
