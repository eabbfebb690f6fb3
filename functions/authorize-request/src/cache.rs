//! A cache in memory, bounded in bytes and in age.

use std::{
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::app::Moment;
use domain::id::KeyId;
use lru::LruCache;
use table::KeyWithUser;

/// Keys with their users, reused to allow, never to refuse.
///
/// Its greatest age is `DECISION_MAX_AGE_SECONDS`, zero by default: the longest time that a revocation then takes.
pub(crate) type DecisionCache = Cache<KeyId, KeyWithUser>;

/// A value whose size in memory is known.
pub(crate) trait Weighed {
    /// Estimates the memory that the value takes, in bytes.
    fn bytes(&self) -> usize;
}

impl Weighed for KeyWithUser {
    fn bytes(&self) -> usize {
        /// What a live key, a network or a name takes beside its text.
        const EACH: usize = 64;
        let Self { key, user } = self;
        let names = [key.roles.as_deref(), key.groups.as_deref(), Some(&user.roles), Some(&user.groups)];
        let names = names.into_iter().flatten().flatten().map(|name| EACH + name.as_str().len());
        let counted =
            user.live_keys.len() + key.allowed_cidrs.as_ref().map_or(0, Vec::len) + key.retired.len();
        let texts = key.description.as_ref().map_or(0, |text| text.as_str().len()) + 1_024;
        size_of::<Self>() + names.sum::<usize>() + EACH * counted + texts
    }
}

/// Values by their keys; the least recently used ones give way to a new one.
pub(crate) struct Cache<K, V> {
    max_age: Duration,
    max_bytes: usize,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K, V> {
    by_key: LruCache<K, Entry<V>>,
    bytes: usize,
}

struct Entry<V> {
    read_began: Moment,
    value: Arc<V>,
    bytes: usize,
}

/// What the cache takes to find an entry, in bytes.
const PLACE: usize = 64;

impl<K: Hash + Eq, V: Weighed> Cache<K, V> {
    /// Makes an empty cache of at most `max_bytes`. It keeps nothing where `max_age` is zero.
    pub(crate) fn new(max_age: Duration, max_bytes: usize) -> Self {
        let entries = Entries { by_key: LruCache::unbounded(), bytes: 0 };
        Self { max_age, max_bytes, entries: Mutex::new(entries) }
    }

    /// Returns the value if its read began less than the greatest age before `now`.
    pub(crate) fn get(&self, key: &K, now: Moment) -> Option<Arc<V>> {
        if self.max_age.is_zero() {
            return None;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.by_key.get(key).filter(|entry| entry.read_began.is_within(self.max_age, now))?;
        Some(Arc::clone(&entry.value))
    }

    /// Keeps the value of a read that began at `read_began`.
    pub(crate) fn put(&self, key: K, read_began: Moment, value: Arc<V>) {
        if !self.max_age.is_zero() {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            // The key and its place in the cache count too.
            let bytes = value.bytes() + size_of::<(K, Entry<V>)>() + PLACE;
            entries.bytes += bytes;
            if let Some(replaced) = entries.by_key.put(key, Entry { read_began, value, bytes }) {
                entries.bytes -= replaced.bytes;
            }
            while entries.bytes > self.max_bytes {
                let Some((_, oldest)) = entries.by_key.pop_lru() else { break };
                entries.bytes -= oldest.bytes;
            }
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
    const MANY: usize = 1 << 20;

    impl Weighed for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    const THEN: i64 = 1_790_000_000_000;

    fn moment(gateway_milliseconds: i64) -> Moment {
        Moment::of_gateway(gateway_milliseconds).unwrap()
    }

    #[test]
    fn a_value_ages_by_the_gateways_time_also_while_the_process_stands_still() {
        let cache = Cache::new(MINUTE, MANY);
        cache.put("kept", moment(THEN), Arc::new(1));
        for (step, kept) in [(0, true), (59_999, true), (60_000, false), (-1_000, true), (-3_000, false)] {
            assert_eq!(cache.get(&"kept", moment(THEN + step)).is_some(), kept, "{step}");
        }
        assert_eq!(cache.get(&"other", moment(THEN)), None);
    }

    #[test]
    fn without_an_age_nothing_is_kept() {
        let cache = Cache::new(Duration::ZERO, MANY);
        cache.put("new", moment(THEN), Arc::new(1));
        assert_eq!(cache.get(&"new", moment(THEN)), None);
        assert!(cache.entries.lock().unwrap().by_key.is_empty());
    }

    #[test]
    fn the_least_recently_used_values_give_way_so_that_the_bytes_stay_within_bounds() {
        let (cache, now) = (Cache::new(MINUTE, MANY), moment(THEN));
        for key in 0..100 {
            cache.put(key, now, Arc::new(MANY / 10));
            cache.get(&0, now);
            cache.put(key, now, Arc::new(MANY / 10));
            let entries = cache.entries.lock().unwrap();
            let bytes: usize = entries.by_key.iter().map(|(_, entry)| entry.bytes).sum();
            assert!(bytes == entries.bytes && bytes <= MANY, "{bytes}");
        }
        assert_eq!(cache.entries.lock().unwrap().by_key.len(), 9);
        assert!(
            cache.get(&0, now).is_some() && cache.get(&1, now).is_none() && cache.get(&99, now).is_some()
        );
        let largest = MANY - size_of::<(i32, Entry<usize>)>() - PLACE;
        for (bytes, is_kept) in [(largest, true), (largest + 1, false)] {
            cache.put(100, now, Arc::new(bytes));
            assert_eq!(cache.get(&100, now).is_some(), is_kept, "{bytes}");
        }
    }
}
