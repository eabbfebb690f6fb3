//! Instants in milliseconds, as the gateway states them, and ids in their order.

use std::cell::Cell;

use ulid::Ulid;

use crate::Time;

/// An instant in milliseconds since the Unix epoch, UTC.
///
/// Decisions take its [`Time`], which has whole seconds. The milliseconds put what is listed in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// The bit that tells ids made in handlers from those of the authorizer, which comes before them.
const IN_HANDLER: u128 = 1 << (Ulid::RAND_BITS - 1);

/// The random bits of an id. The bit between them and [`IN_HANDLER`] is free, so that counting on never reaches it.
const RANDOM: u128 = (1 << (Ulid::RAND_BITS - 2)) - 1;

thread_local! {
    /// The last id that this thread made. A function runs on one thread, and has one request at a time.
    static LAST: Cell<Ulid> = const { Cell::new(Ulid::nil()) };
}

impl Timestamp {
    /// The start of 2020. What the gateway states before it is in seconds or no time at all.
    const EARLIEST: i64 = 1_577_836_800_000;

    /// Reads what the gateway states, in milliseconds. `None` before 2020 and after [`Time::MAX`].
    #[must_use]
    pub fn from_gateway(milliseconds: i64) -> Option<Self> {
        let stated = Self::EARLIEST..=Time::MAX.seconds() * 1_000;
        stated.contains(&milliseconds).then_some(Self(milliseconds))
    }

    /// Tells whether the time of an event is before 2020. Such a time is in seconds instead of milliseconds, or missing.
    #[must_use]
    pub fn is_before_2020(time: Time) -> bool {
        time.seconds() < Self::EARLIEST / 1_000
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        self.0
    }

    /// Returns the second.
    #[must_use]
    pub const fn time(self) -> Time {
        Time::from_milliseconds(self.0)
    }

    /// Makes an id that sorts by this instant, and after each id that was made for it before.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    #[must_use]
    pub fn new_id(self) -> Ulid {
        let milliseconds = u64::try_from(self.0).unwrap_or_default();
        let last = LAST.get();
        let id = if last.timestamp_ms() == milliseconds && last != Ulid::nil() {
            Ulid(last.0 + 1)
        } else {
            let mut random = [0; 16];
            getrandom::fill(&mut random).expect("the operating system provides random bytes");
            Ulid::from_parts(milliseconds, u128::from_le_bytes(random) & RANDOM | IN_HANDLER)
        };
        LAST.set(id);
        id
    }
}

impl From<Time> for Timestamp {
    fn from(time: Time) -> Self {
        Self(time.seconds() * 1_000)
    }
}

/// Returns the id for what the authorizer did before the request's handler ran: it sorts first.
pub(crate) const fn before_handler(id: Ulid) -> Ulid {
    Ulid(id.0 & !IN_HANDLER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateways_time_is_in_milliseconds_from_2020_on() {
        for wrong in [i64::MIN, -1, 0, 1, 1_790_000_000, 1_577_836_799_999, 253_402_207_200_001, i64::MAX] {
            assert_eq!(Timestamp::from_gateway(wrong), None, "{wrong}");
        }
        for right in [1_577_836_800_000, 1_790_000_000_999, 253_402_207_200_000] {
            assert_eq!(Timestamp::from_gateway(right).map(Timestamp::milliseconds), Some(right));
        }
        assert!(Timestamp::is_before_2020(Time::from_seconds(1_577_836_799)));
        assert!(!Timestamp::is_before_2020(Time::from_seconds(1_577_836_800)));
    }

    #[test]
    fn ids_of_a_request_strictly_increase_and_sort_by_its_milliseconds() {
        let (first, second) = (Timestamp(1_790_000_000_001), Timestamp(1_790_000_000_002));
        for _ in 0..100 {
            let later = second.new_id();
            let ids: Vec<_> = (0..100).map(|_| first.new_id()).collect();
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]) && ids[99] < later);
            assert!(ids.iter().all(|id| id.timestamp_ms() == 1_790_000_000_001));
            assert!(ids.iter().all(|id| before_handler(*id) < ids[0]));
        }
    }

    #[test]
    fn ids_of_two_processes_differ() {
        let at = Timestamp(1_790_000_000_000);
        let elsewhere = std::thread::spawn(move || at.new_id()).join().unwrap();
        assert_ne!(at.new_id(), elsewhere);
    }
}
