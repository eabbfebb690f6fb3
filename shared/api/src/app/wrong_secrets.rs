//! Refusals from memory within a flood of wrong secrets.
//!
//! A key id is public. Whoever knows one could use up the read units of its user's partition, and the user's own
//! requests would fail. So from the sixth wrong secret of a user within a second on, an instance refuses what it
//! read within the last second to be wrong, without reading it again. Key ids that do not exist count as their
//! user's.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{
    access_key::AccessKey,
    id::{KeyId, KeySuffix, UserId},
    secret::RetiredSecret,
    user::User,
};
use lru::LruCache;

use super::Moment;

/// The time for which a reading serves refusals, and in which wrong secrets count.
const WINDOW: Duration = Duration::from_secs(1);

/// The number of wrong secrets of a user that are read within [`WINDOW`], before a refusal from memory.
const MAX_READ: usize = 5;

/// The most bytes to remember.
const MAX_BYTES: usize = 1024 * 1024;

/// The bytes of a user's place in the memory: a node of the list, and a slot of the table.
const PLACE: usize = 64;

/// The bytes of a tag and of the version of its pepper, which are texts of their own on the heap.
const TAG: usize = size_of::<RetiredSecret>() + 48;

/// What was read of a token's key within the last second, where it makes the token wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownWrong {
    /// The user has no live key of this id.
    UnknownKey,
    /// The secret is none of the key's.
    WrongSecret,
}

/// The users of whom wrong secrets came within the last second, and what was read of them.
///
/// It is bounded in bytes. The user whose last wrong secret is the oldest gives way.
#[derive(Default)]
pub(super) struct WrongSecrets(Mutex<Memory>);

struct Memory {
    suspects: LruCache<UserId, Suspect>,
    bytes: usize,
}

/// One user, with the wrong secrets of the last second.
struct Suspect {
    /// The last wrong secrets, in a ring.
    wrong: [Option<Moment>; MAX_READ],
    oldest: usize,
    /// When the read of the user began.
    read_began: Moment,
    live_keys: Vec<KeySuffix>,
    keys: Vec<KnownKey>,
}

/// The tags of a live key: of its current, its previous and its retired secrets.
struct KnownKey {
    suffix: KeySuffix,
    read_began: Moment,
    tags: Vec<RetiredSecret>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { suspects: LruCache::unbounded(), bytes: 0 }
    }
}

impl WrongSecrets {
    /// Tells whether a token is known to be wrong, and counts it if it is. `None`: it must be read.
    ///
    /// `has_tag` tells whether a stored tag is the token's.
    pub(super) fn known(
        &self,
        key_id: KeyId,
        now: Moment,
        has_tag: impl Fn(&RetiredSecret) -> bool,
    ) -> Option<KnownWrong> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let suspect = memory.suspects.get_mut(&key_id.user_id())?;
        if !suspect.is_flooded(now) || !suspect.read_began.is_within(WINDOW, now) {
            return None;
        }
        let suffix = key_id.suffix();
        let known = if suspect.live_keys.contains(&suffix) {
            let key = suspect.keys.iter().find(|key| key.suffix == suffix)?;
            if !key.read_began.is_within(WINDOW, now) || key.tags.iter().any(has_tag) {
                return None;
            }
            KnownWrong::WrongSecret
        } else {
            KnownWrong::UnknownKey
        };
        suspect.count(now);
        Some(known)
    }

    /// Remembers a wrong secret with what was read of its key and user: `None` for what is not there.
    pub(super) fn remember(
        &self,
        key_id: KeyId,
        read_began: Moment,
        user: Option<&User>,
        key: Option<&AccessKey>,
    ) {
        let memory = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut suspect = match memory.suspects.pop(&key_id.user_id()) {
            Some(suspect) => {
                memory.bytes -= suspect.bytes();
                suspect
            }
            None => Suspect::new(read_began),
        };
        suspect.count(read_began);
        suspect.read(read_began, user);
        if let Some(key) = key {
            suspect.read_key(read_began, key);
        }
        memory.bytes += suspect.bytes();
        memory.suspects.put(key_id.user_id(), suspect);
        while memory.bytes > MAX_BYTES {
            let Some((_, oldest)) = memory.suspects.pop_lru() else { break };
            memory.bytes -= oldest.bytes();
        }
    }
}

impl Suspect {
    const fn new(read_began: Moment) -> Self {
        Self { wrong: [None; MAX_READ], oldest: 0, read_began, live_keys: Vec::new(), keys: Vec::new() }
    }

    /// Tells whether so many wrong secrets came within the last second that the next one is not read.
    fn is_flooded(&self, now: Moment) -> bool {
        self.wrong.iter().all(|wrong| wrong.is_some_and(|wrong| wrong.is_within(WINDOW, now)))
    }

    const fn count(&mut self, now: Moment) {
        self.wrong[self.oldest] = Some(now);
        self.oldest = (self.oldest + 1) % MAX_READ;
    }

    fn read(&mut self, read_began: Moment, user: Option<&User>) {
        self.read_began = read_began;
        self.live_keys = user.iter().flat_map(|user| user.live_keys.keys().copied()).collect();
        // Only live keys are looked up, and only for a second. So there are never more than the quota allows.
        self.keys.retain(|key| {
            key.read_began.is_within(WINDOW, read_began) && self.live_keys.contains(&key.suffix)
        });
    }

    fn read_key(&mut self, read_began: Moment, key: &AccessKey) {
        let suffix = key.key_id.suffix();
        self.keys.retain(|known| known.suffix != suffix);
        if self.live_keys.contains(&suffix) {
            let previous = key.previous.iter().map(|previous| previous.secret.to_retired());
            let tags = previous.chain([key.secret.to_retired()]).chain(key.retired.iter().cloned()).collect();
            self.keys.push(KnownKey { suffix, read_began, tags });
        }
    }

    fn bytes(&self) -> usize {
        let keys = self.keys.iter().map(|key| size_of::<KnownKey>() + key.tags.len() * TAG);
        size_of::<(UserId, Self)>()
            + PLACE
            + self.live_keys.len() * size_of::<KeySuffix>()
            + keys.sum::<usize>()
    }
}

impl fmt::Debug for WrongSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WrongSecrets([redacted])")
    }
}

#[cfg(test)]
mod tests;
