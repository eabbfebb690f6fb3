//! Random numbers that a seed repeats, by `SplitMix64`.
//!
//! Kept by hand: a seed in a failure's message must play the same steps in a year, and the small generators of `rand`
//! may change between its versions. Delete this when a test depends on a crate whose generator is fixed by name.

/// Draws numbers; the same seed draws the same numbers.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Starts with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number from 0 to below `end`.
    ///
    /// # Panics
    /// When `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let drawn = self.next() % u64::try_from(end).expect("a count fits 64 bits");
        usize::try_from(drawn).expect("it is below a usize")
    }

    /// Draws a number from `least` to below `end`.
    ///
    /// # Panics
    /// When `end` is not above `least`.
    pub fn between(&mut self, least: i64, end: i64) -> i64 {
        least + i64::try_from(self.next() % end.abs_diff(least)).expect("it is below the difference")
    }

    /// Returns `true` with a chance in percent.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// Returns `true` once in so many times.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// Draws one of these.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}
