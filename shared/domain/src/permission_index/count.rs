//! Counts in 32 bits, which take half the memory.

/// Converts a count: a query of an organization does not read as much as four gigabytes.
pub(super) fn to_u32(count: usize) -> u32 {
    u32::try_from(count).expect("an organization has less than four gigabytes")
}
