//! Lists the entries of the `due` index, so that each organization has its part.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use domain::id::OrganizationId;
use table::{Due, Table};

use crate::{
    failure::Failure,
    plan::turns::by_turn,
    run::{Run, with_timeout},
};

/// The most entries of the index that one run keeps. It holds them all in memory.
const MAX_ENTRIES: usize = 50_000;

/// The most entries of one organization that a run keeps. It reads on behind them.
pub(super) const MAX_OF_ORGANIZATION: usize = 2_000;

/// The part of a run's time in which it reads the index.
const PART_OF_TIME: u32 = 4;

/// Lists the due entries of all shards that can be read. Organizations take turns, each with the longest due first.
///
/// Fails if nothing can be read.
pub(super) async fn find(run: &Run, table: &Table, shards: &[u32]) -> Result<Vec<Due>, Failure> {
    let (mut entries, mut failures) = (Entries::new(MAX_ENTRIES, MAX_OF_ORGANIZATION), Vec::new());
    for shard in shards {
        let reading = table.due(*shard, run.now, |due| entries.add(due));
        if let Err(error) = with_timeout(run.time_left() / PART_OF_TIME, reading).await {
            failures.push(error);
        }
    }
    if is_unread(shards.len(), failures.len(), entries.kept)
        && let Some(error) = failures.pop()
    {
        return Err(error.into());
    }
    for error in failures {
        run.record_failure(1, "read a shard of the due index", &error);
    }
    run.count(|summary| {
        summary.left_over += entries.passed_over;
        summary.beyond_share += entries.beyond_share;
    });
    Ok(entries.in_turns())
}

/// Tells whether nothing could be read: each shard failed, before its first entry.
const fn is_unread(shards: usize, failed: usize, kept: usize) -> bool {
    failed == shards && kept == 0
}

/// Entries by organization.
#[derive(Debug)]
struct Entries {
    by_organization: HashMap<OrganizationId, Vec<Due>>,
    most: usize,
    /// What an organization may have while there is room for all.
    share: usize,
    most_of_organization: usize,
    kept: usize,
    /// Those for which there was no room in all.
    passed_over: usize,
    /// Those of an organization that had its part. It alone is behind.
    beyond_share: usize,
}

impl Entries {
    fn new(most: usize, most_of_organization: usize) -> Self {
        let by_organization = HashMap::new();
        let share = most_of_organization;
        Self { by_organization, most, share, most_of_organization, kept: 0, passed_over: 0, beyond_share: 0 }
    }

    /// Keeps an entry, if its organization has room. If there are too many in all, each organization has half the
    /// room from then on.
    fn add(&mut self, due: Due) {
        while self.kept >= self.most && self.most_of_organization > 1 {
            self.most_of_organization /= 2;
            self.by_organization.values_mut().for_each(|entries| entries.truncate(self.most_of_organization));
            let kept = self.by_organization.values().map(Vec::len).sum();
            self.passed_over += self.kept - kept;
            self.kept = kept;
        }
        let entries = self.by_organization.entry(due.organization_id).or_default();
        if self.kept < self.most && entries.len() >= self.share {
            self.beyond_share += 1;
        } else if self.kept >= self.most || entries.len() >= self.most_of_organization {
            self.passed_over += 1;
        } else {
            entries.push(due);
            self.kept += 1;
        }
    }

    /// Returns each item once, at its latest time: an item that moves in the index while the pages are read comes
    /// twice, and no transaction and no batch may name an item twice.
    fn in_turns(self) -> Vec<Due> {
        let mut all: Vec<_> = self.by_organization.into_values().flatten().collect();
        all.sort_by_key(|due| Reverse(due.due_at));
        let mut seen = HashSet::with_capacity(all.len());
        all.retain(|due| seen.insert(due.item));
        all.reverse();
        by_turn(all, |due| Some(due.organization_id))
    }
}

#[cfg(test)]
mod tests {
    use domain::{Time, id::UserId};
    use table::item_key::DueItem;

    use super::*;

    #[test]
    fn a_run_goes_on_with_what_it_read_before_its_shards_failed() {
        assert!(is_unread(2, 2, 0));
        for (failed, kept) in [(0, 0), (1, 0), (1, 5), (2, 5)] {
            assert!(!is_unread(2, failed, kept), "{failed} {kept}");
        }
    }

    fn due(organization_id: OrganizationId, due_at: i64) -> Due {
        Due {
            item: DueItem::DeletedUser(UserId::random()),
            organization_id,
            due_at: Time::from_seconds(due_at),
        }
    }

    fn times(entries: Entries) -> Vec<i64> {
        entries.in_turns().iter().map(|due| due.due_at.seconds()).collect()
    }

    #[test]
    fn an_organization_keeps_its_part_and_others_take_turns_with_it() {
        let [large, small] = [(); 2].map(|()| OrganizationId::random());
        let mut entries = Entries::new(100, 3);
        (0..50).for_each(|at| entries.add(due(large, at)));
        (50..52).for_each(|at| entries.add(due(small, at)));
        assert_eq!((entries.kept, entries.passed_over, entries.beyond_share), (5, 0, 47));
        assert_eq!(times(entries), [0, 50, 1, 51, 2]);
    }

    #[test]
    fn an_item_that_moved_while_the_index_was_read_is_kept_once_at_its_latest_time() {
        let organization_id = OrganizationId::random();
        let (moved, other) = (due(organization_id, 5), due(organization_id, 7));
        let mut entries = Entries::new(100, 100);
        for entry in [moved, other, Due { due_at: Time::from_seconds(9), ..moved }] {
            entries.add(entry);
        }
        assert_eq!(times(entries), [7, 9]);
    }

    #[test]
    fn an_organization_keeps_no_more_than_its_smaller_part() {
        let [one, other] = [(); 2].map(|()| OrganizationId::random());
        let mut entries = Entries::new(4, 4);
        (0..4).for_each(|at| entries.add(due(one, at)));
        entries.add(due(other, 10));
        entries.add(due(one, 5));
        assert_eq!((entries.kept, entries.passed_over, entries.beyond_share), (3, 3, 0));
        assert_eq!(times(entries), [0, 10, 1]);
    }

    #[test]
    fn where_there_is_no_room_in_all_nothing_is_beyond_a_part() {
        let [one, other] = [(); 2].map(|()| OrganizationId::random());
        let mut entries = Entries::new(2, 1);
        for organization_id in [one, other, one] {
            entries.add(due(organization_id, 0));
        }
        assert_eq!((entries.kept, entries.passed_over, entries.beyond_share), (2, 1, 0));
    }

    #[test]
    fn many_organizations_have_smaller_parts_and_none_is_left_out() {
        let mut entries = Entries::new(10, 8);
        let large: Vec<_> = (0..3).map(|_| OrganizationId::random()).collect();
        for (position, organization_id) in large.iter().enumerate() {
            (0..8).for_each(|at| {
                entries.add(due(*organization_id, 10 * i64::try_from(position).unwrap() + at));
            });
        }
        entries.add(due(OrganizationId::random(), 99));
        assert!(entries.kept <= 10);
        assert_eq!((entries.kept + entries.passed_over, entries.beyond_share), (25, 0));
        assert_eq!(times(entries)[..4], [0, 10, 20, 99]);
        let mut entries = Entries::new(3, 2);
        (0..9).for_each(|at| entries.add(due(OrganizationId::random(), at)));
        assert_eq!(times(entries), [0, 1, 2]);
    }
}
