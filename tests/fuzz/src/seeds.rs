//! The seeds of inputs, in a sequence that its first number fixes.

/// The fewest and the most random bytes of an input's choices.
const SIZES: (u64, u64) = (32, 512);

/// Seeds in the form of `arbtest`: the lower half is the number of random bytes, the upper half makes them.
pub(crate) struct Seeds(u64);

impl From<u64> for Seeds {
    fn from(start: u64) -> Self {
        Self(start.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl Iterator for Seeds {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        // SplitMix64: https://prng.di.unimi.it/splitmix64.c
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let (least, most) = SIZES;
        let size = least + (mixed & 0xffff_ffff) % (most - least + 1);
        Some(mixed >> 32 << 32 | size)
    }
}
