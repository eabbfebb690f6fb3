use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::id::KeyId;
use lru::LruCache;
use table::KeyWithUser;

const CAPACITY: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// Keys and users read a moment ago, reused to allow, never to refuse.
///
/// Empty unless `DECISION_MAX_AGE_SECONDS` is set: that is the longest time by which a revocation
/// is then late.
#[derive(Debug)]
pub(crate) struct Recent {
    max_age: Duration,
    read: Mutex<LruCache<KeyId, (Instant, KeyWithUser)>>,
}

impl Recent {
    pub(crate) fn new(max_age: Duration) -> Self {
        Self { max_age, read: Mutex::new(LruCache::new(CAPACITY)) }
    }

    /// Returns what a read that began within the allowed age found.
    pub(crate) fn get(&self, key_id: KeyId) -> Option<KeyWithUser> {
        if self.max_age.is_zero() {
            return None;
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.get(&key_id).filter(|(began, _)| began.elapsed() < self.max_age).map(|(_, found)| found.clone())
    }

    /// Keeps what a read that began at `began` found.
    pub(crate) fn keep(&self, began: Instant, found: &KeyWithUser) {
        if !self.max_age.is_zero() {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            read.put(found.key.key_id, (began, found.clone()));
        }
    }
}
