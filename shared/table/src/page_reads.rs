//! The read units that one page of a narrowed list may take.

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// The most read units that a page of a narrowed list takes, its index queries and the strong reads of what it shows
/// included.
const MAX_UNITS: f64 = 200.0;

/// Those of them in which a page looks for what it shows. The others read that strongly.
const SEARCH_UNITS: f64 = 100.0;

/// The most items that a page looks at by one call: as many as one batch takes.
const MAX_AT_ONCE: usize = 100;

/// A page looks no further if it can afford fewer items than these.
const FEWEST: usize = 8;

/// The most units of a strong read of a key: it has at most 12 KiB.
pub(crate) const UNITS_OF_KEY: f64 = 3.0;

/// The most units of a strong read of a user: it has at most 8 KiB.
pub(crate) const UNITS_OF_USER: f64 = 2.0;

/// The reads of one page. An eventual read takes half the units of a strong one.
#[derive(Debug)]
pub(crate) struct PageReads {
    /// The most units of a strong read of one of the list.
    largest: f64,
    /// The units that were read so far, as `DynamoDB` counts them.
    taken: f64,
}

impl PageReads {
    /// Starts a page of a list of which a strong read of one takes at most `largest` units.
    pub(crate) const fn new(largest: f64) -> Self {
        Self { largest, taken: 0.0 }
    }

    /// Adds what a call has consumed.
    pub(crate) fn add(&mut self, consumed: Option<&ConsumedCapacity>) {
        self.add_units(consumed.and_then(|consumed| consumed.capacity_units).unwrap_or_default());
    }

    /// Adds a number of units.
    pub(crate) fn add_units(&mut self, units: f64) {
        self.taken += units;
    }

    /// Returns how many the page may look at next by eventual reads, at most [`MAX_AT_ONCE`]: so few that the largest
    /// ones fit.
    pub(crate) fn searchable(&self) -> usize {
        fitting(SEARCH_UNITS - self.taken, self.largest / 2.0)
    }

    /// Returns how many the page may look at next by strong reads.
    pub(crate) fn strongly_searchable(&self) -> usize {
        fitting(SEARCH_UNITS - self.taken, self.largest).max(1)
    }

    /// Tells whether the page should look for more beside `found` ones.
    pub(crate) fn goes_on(&self, found: usize) -> bool {
        self.searchable() >= FEWEST && found < self.showable()
    }

    /// Returns how many the page may read strongly next, at most [`MAX_AT_ONCE`]: so few that the largest ones fit.
    pub(crate) fn showable(&self) -> usize {
        fitting(MAX_UNITS - self.taken, self.largest)
    }
}

/// Returns how many items of this many units fit into a number of units; at most [`MAX_AT_ONCE`].
fn fitting(units: f64, each: f64) -> usize {
    let mut left = units;
    let fits = |_: &usize| {
        left -= each;
        left >= 0.0
    };
    (0..MAX_AT_ONCE).take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_looks_at_what_fits_even_if_all_are_the_largest() {
        for largest in [UNITS_OF_USER, UNITS_OF_KEY, UNITS_OF_KEY + UNITS_OF_USER] {
            let mut reads = PageReads::new(largest);
            let mut rounds = 0;
            while reads.goes_on(0) {
                reads.add_units(f64::from(u32::try_from(reads.searchable()).unwrap()) * largest / 2.0);
                rounds += 1;
            }
            assert!(rounds == 1 && reads.taken <= SEARCH_UNITS, "{reads:?}");
            let shown = reads.showable();
            assert!(shown >= 20, "{shown}");
            reads.add_units(f64::from(u32::try_from(shown).unwrap()) * largest);
            assert!(reads.taken <= MAX_UNITS && reads.taken > MAX_UNITS - largest, "{reads:?}");
            assert_eq!((reads.showable(), reads.searchable(), reads.strongly_searchable()), (0, 0, 1));
        }
    }

    #[test]
    fn small_items_take_more_rounds_and_what_is_found_ends_them() {
        let mut reads = PageReads::new(UNITS_OF_USER);
        let mut examined = vec![];
        while reads.goes_on(0) {
            examined.push(reads.searchable());
            reads.add_units(f64::from(u32::try_from(reads.searchable()).unwrap()) / 2.0);
        }
        assert_eq!(examined, [100, 50, 25, 12]);
        assert_eq!(PageReads::new(UNITS_OF_KEY).strongly_searchable(), 33, "half of what a page may take");
        let mut reads = PageReads::new(UNITS_OF_USER);
        reads.add(None);
        reads.add(Some(&ConsumedCapacity::builder().capacity_units(50.0).build()));
        assert_eq!((reads.goes_on(74), reads.goes_on(75)), (true, false));
        // Eight eventual reads of one unit each fit into the last 8 units.
        let goes_on_after = |units: f64| {
            let mut reads = PageReads::new(UNITS_OF_USER);
            reads.add_units(units);
            reads.goes_on(0)
        };
        assert!(goes_on_after(92.0) && !goes_on_after(92.5));
    }
}
