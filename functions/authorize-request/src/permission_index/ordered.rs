//! Permissions in order, each once.

use super::count::to_u32;

/// The number of a permission: its place in the order of all permissions of the organization.
pub(super) type Rank = u32;

/// Permissions in the order of their bytes. What a permission covers follows it at once.
#[derive(Debug)]
pub(super) struct Ordered {
    /// All permissions, one after another.
    text: Box<str>,
    /// Where each permission ends in the text.
    ends: Box<[u32]>,
    /// For each permission the rank after the last one that it covers.
    covers_until: Box<[Rank]>,
}

impl Ordered {
    /// Puts permissions in order, and returns the rank of each one that was given.
    pub(super) fn new<'a>(permissions: impl Iterator<Item = &'a str>) -> (Self, Vec<Rank>) {
        let given: Vec<&str> = permissions.collect();
        let mut order: Vec<_> = given.iter().zip(0_u32..).map(|(text, place)| (head(text), place)).collect();
        let text = |place: u32| given[place as usize];
        order.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| text(one.1).cmp(text(other.1))));
        let mut ranks = vec![0; given.len()];
        let mut distinct: Vec<&str> = Vec::with_capacity(given.len());
        for (_, place) in order {
            if distinct.last() != Some(&text(place)) {
                distinct.push(text(place));
            }
            ranks[place as usize] = to_u32(distinct.len() - 1);
        }
        let ends = distinct.iter().scan(0, |end, text| {
            *end += text.len();
            Some(to_u32(*end))
        });
        let ordered = Self {
            ends: ends.collect(),
            covers_until: covers_until(&distinct),
            text: distinct.concat().into(),
        };
        (ordered, ranks)
    }

    /// Counts the permissions.
    pub(super) const fn count(&self) -> usize {
        self.ends.len()
    }

    /// Returns the permission of a rank.
    pub(super) fn text(&self, rank: Rank) -> &str {
        let rank = rank as usize;
        let start = rank.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[rank] as usize]
    }

    /// Returns the rank after the last one that a permission covers.
    pub(super) fn covers_until(&self, rank: Rank) -> Rank {
        self.covers_until[rank as usize]
    }

    /// Estimates the memory beside the struct itself, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.ends) + size_of_val(&*self.covers_until)
    }
}

/// Returns the first eight bytes of a text as a number. Most texts differ in them, and numbers compare faster.
fn head(text: &str) -> u64 {
    let mut head = [0; 8];
    let length = text.len().min(head.len());
    head[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(head)
}

/// Finds the end of what each permission covers.
fn covers_until(order: &[&str]) -> Box<[Rank]> {
    let mut until = Vec::with_capacity(order.len());
    // Wildcards that may cover the next permission too, the widest first.
    let mut open: Vec<(&str, Rank)> = Vec::new();
    for (rank, text) in (0..).zip(order) {
        while let Some((_, closed)) = open.pop_if(|(prefix, _)| !text.starts_with(*prefix)) {
            until[closed as usize] = rank;
        }
        until.push(rank + 1);
        open.extend(text.strip_suffix('*').map(|prefix| (prefix, rank)));
    }
    for (_, rank) in open {
        until[rank as usize] = to_u32(order.len());
    }
    until.into()
}
