//! A cache in memory, bounded in number and in age.

use std::{
    fmt,
    hash::Hash,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::id::KeyId;
use lru::LruCache;
use table::KeyWithUser;

/// Keys with their users, reused to allow, never to refuse.
///
/// Its greatest age is `DECISION_MAX_AGE_SECONDS`, zero by default: the longest time that a revocation then takes.
pub(crate) type DecisionCache = Cache<KeyId, KeyWithUser>;

const CAPACITY: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// Values by their keys; the least recently used one gives way to a new one.
pub(crate) struct Cache<K, V> {
    max_age: Duration,
    entries: Mutex<LruCache<K, Entry<V>>>,
}

struct Entry<V> {
    read_began: Instant,
    value: Arc<V>,
}

impl<V> Entry<V> {
    fn is_younger_than(&self, max_age: Duration) -> bool {
        self.read_began.elapsed() < max_age
    }
}

impl<K: Hash + Eq, V> Cache<K, V> {
    /// Makes an empty cache. It keeps nothing where `max_age` is zero.
    pub(crate) fn new(max_age: Duration) -> Self {
        Self { max_age, entries: Mutex::new(LruCache::new(CAPACITY)) }
    }

    /// Returns the value if its read began less than the greatest age ago.
    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        if self.max_age.is_zero() {
            return None;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(key).filter(|entry| entry.is_younger_than(self.max_age))?;
        Some(Arc::clone(&entry.value))
    }

    /// Keeps the value of a read that began at `read_began`.
    pub(crate) fn put(&self, key: K, read_began: Instant, value: Arc<V>) {
        if !self.max_age.is_zero() {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.put(key, Entry { read_began, value });
        }
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cache").field("max_age", &self.max_age).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_value_counts_from_the_start_of_its_read() {
        let cache = Cache::new(MINUTE);
        let now = Instant::now();
        cache.put("new", now, Arc::new(1));
        cache.put("old", now.checked_sub(MINUTE).unwrap(), Arc::new(2));
        assert_eq!(
            (cache.get(&"new"), cache.get(&"old"), cache.get(&"other")),
            (Some(Arc::new(1)), None, None)
        );
    }

    #[test]
    fn without_an_age_nothing_is_kept() {
        let cache = Cache::new(Duration::ZERO);
        cache.put("new", Instant::now(), Arc::new(1));
        assert_eq!(cache.get(&"new"), None);
        assert!(cache.entries.lock().unwrap().is_empty());
    }

    #[test]
    fn the_least_recently_used_value_gives_way() {
        let (cache, now) = (Cache::new(MINUTE), Instant::now());
        for key in 0..=CAPACITY.get() {
            cache.put(key, now, Arc::new(()));
            cache.get(&0);
        }
        assert_eq!((cache.get(&0), cache.get(&1)), (Some(Arc::new(())), None));
    }
}
