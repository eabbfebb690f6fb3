//! Permissions in order, each once.

use super::count::to_u32;

/// The number of a permission: its place in the order of all permissions of the organization.
pub type Rank = u32;

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
    pub(super) fn new(given: &[&str]) -> (Self, Vec<Rank>) {
        let text = |entry: u128| given[place_of(entry)];
        let mut order: Vec<u128> = given.iter().zip(0..).map(|(text, place)| entry(text, place)).collect();
        order.sort_unstable();
        for alike in order.chunk_by_mut(|one, other| head_of(*one) == head_of(*other)) {
            if alike.len() > 1 && alike.iter().any(|entry| text(*entry).len() > HEAD) {
                alike.sort_unstable_by_key(|entry| text(*entry));
            }
        }
        let mut ranks = vec![0; given.len()];
        let mut distinct: Vec<&str> = Vec::with_capacity(given.len());
        let mut head = None;
        for entry in order {
            let text = text(entry);
            if head != Some(head_of(entry)) || text.len() > HEAD && distinct.last() != Some(&text) {
                distinct.push(text);
                head = Some(head_of(entry));
            }
            ranks[place_of(entry)] = to_u32(distinct.len() - 1);
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

/// The first bytes of a text that its entry holds. Few texts are alike in them.
const HEAD: usize = 12;
const PLACE_BITS: u32 = u32::BITS;

/// Returns the head of a text, with its place behind it: numbers are put in order faster than texts.
fn entry(text: &str, place: u32) -> u128 {
    let mut head = [0; size_of::<u128>()];
    for (to, from) in head[..HEAD].iter_mut().zip(text.bytes()) {
        *to = from;
    }
    u128::from_be_bytes(head) | u128::from(place)
}

/// Returns the first bytes of an entry's text.
const fn head_of(entry: u128) -> u128 {
    entry >> PLACE_BITS
}

/// Returns the place of an entry's text.
const fn place_of(entry: u128) -> usize {
    (entry & u32::MAX as u128) as usize
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
