//! What the roles and groups of an organization grant, prepared for many decisions.
//!
//! All permissions of the organization are put in order once, so that a permission is a number and what it
//! covers is the range of numbers that follows it. A decision then compares numbers, never texts with texts.

use domain::{
    access_key::AccessKey,
    permission::Permission,
    role::{Catalog, Label},
    user::{Kind, User},
};

/// The number of a permission: its place in the order of all permissions of the organization.
type Rank = u32;

/// The rank of `*`, the first in the order. Every index has it, because owners hold it.
const ALL: Rank = 0;

/// The permissions of an organization in order, and the roles and groups that grant them.
#[derive(Debug)]
pub(crate) struct PermissionIndex {
    /// All permissions, one after another.
    text: Box<str>,
    /// Where each permission ends in the text.
    ends: Box<[u32]>,
    /// For each permission the rank after the last one that it covers.
    covers_until: Box<[Rank]>,
    /// Roles by name, with the ranks of their permissions.
    roles: Box<[(Label, Box<[Rank]>)]>,
    /// Groups by name, with the positions of their roles.
    groups: Box<[(Label, Box<[u32]>)]>,
}

impl PermissionIndex {
    /// Puts a catalog in order.
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let all = Permission::all();
        let granted = catalog.roles.values().flat_map(|role| &role.permissions);
        let mut order: Vec<&str> = granted.chain([&all]).map(Permission::as_str).collect();
        order.sort_unstable();
        order.dedup();
        let rank = |permission: &Permission| order.binary_search(&permission.as_str()).ok().map(narrow);
        let role_ranks = |permissions: &[Permission]| permissions.iter().filter_map(rank).collect();
        let roles: Box<[_]> =
            catalog.roles.values().map(|role| (role.name.clone(), role_ranks(&role.permissions))).collect();
        let positions = |names: &[Label]| names.iter().filter_map(|name| position(&roles, name)).collect();
        let groups =
            catalog.groups.values().map(|group| (group.name.clone(), positions(&group.roles))).collect();
        let ends = order.iter().scan(0, |end, text| {
            *end += text.len();
            Some(narrow(*end))
        });
        Self {
            text: order.concat().into(),
            ends: ends.collect(),
            covers_until: covers_until(&order),
            roles,
            groups,
        }
    }

    /// Returns the ranks of a caller's permissions: those of the user, narrowed by the key.
    ///
    /// As [`domain::grant::effective`], in order and without redundant ones.
    pub(crate) fn effective(&self, user: &User, key: Option<&AccessKey>) -> Vec<Rank> {
        let by_kind = (user.kind == Kind::Owner).then_some(ALL);
        let held = self.granted(by_kind, &user.roles, &user.groups);
        match key.filter(|key| key.is_narrowed()) {
            None => held,
            Some(key) => {
                let (roles, groups) = (key.roles.as_deref(), key.groups.as_deref());
                let (roles, groups) = (roles.unwrap_or_default(), groups.unwrap_or_default());
                self.intersection(&held, &self.granted(None, roles, groups))
            }
        }
    }

    /// Returns the length of permissions that are separated by spaces, in bytes.
    pub(crate) fn joined_bytes(&self, ranks: &[Rank]) -> usize {
        ranks.iter().map(|rank| self.permission_text(*rank).len() + 1).sum()
    }

    /// Returns the permissions of these ranks.
    pub(crate) fn permissions(&self, ranks: &[Rank]) -> Vec<Permission> {
        let text = |rank: &Rank| self.permission_text(*rank).to_owned();
        ranks
            .iter()
            .map(|rank| Permission::try_from(text(rank)).expect("it was one when it was read"))
            .collect()
    }

    /// Estimates the memory that the index takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let named = |all: &[(Label, Box<[u32]>)]| {
            let one = |(name, numbers): &(Label, Box<[u32]>)| {
                size_of::<(Label, Box<[u32]>)>() + name.as_str().len() + 4 * numbers.len() + ALLOCATIONS
            };
            all.iter().map(one).sum::<usize>()
        };
        size_of::<Self>() + self.text.len() + 8 * self.ends.len() + named(&self.roles) + named(&self.groups)
    }

    fn permission_text(&self, rank: Rank) -> &str {
        let rank = rank as usize;
        let start = rank.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[rank] as usize]
    }

    /// Returns what roles and groups grant, without redundant ones. Names of nothing grant nothing.
    fn granted(&self, by_kind: Option<Rank>, roles: &[Label], groups: &[Label]) -> Vec<Rank> {
        let direct = roles.iter().filter_map(|name| position(&self.roles, name));
        let groups = groups.iter().filter_map(|name| position(&self.groups, name));
        let through = groups.flat_map(|group| self.groups[group as usize].1.iter().copied());
        let mut roles: Vec<u32> = direct.chain(through).collect();
        roles.sort_unstable();
        roles.dedup();
        let mut granted = Bits::new(self.ends.len());
        let by_role = roles.iter().flat_map(|role| self.roles[*role as usize].1.iter().copied());
        for rank in by_kind.into_iter().chain(by_role) {
            granted.set(rank);
        }
        let mut covered_until = 0;
        let mut kept = granted.ones();
        kept.retain(|rank| {
            let redundant = *rank < covered_until;
            covered_until = covered_until.max(self.covers_until[*rank as usize]);
            !redundant
        });
        kept
    }

    /// Returns what two lists both cover, each in order and without redundant ones.
    fn intersection(&self, first: &[Rank], second: &[Rank]) -> Vec<Rank> {
        let (mut first, mut second) = (first.iter().peekable(), second.iter().peekable());
        let mut both = Vec::new();
        while let (Some(&&one), Some(&&other)) = (first.peek(), second.peek()) {
            let (wide, narrow, low, high) = if one <= other {
                (one, other, &mut first, &mut second)
            } else {
                (other, one, &mut second, &mut first)
            };
            if narrow < self.covers_until[wide as usize] {
                both.push(narrow);
                high.next();
            } else {
                low.next();
            }
        }
        both
    }
}

/// Bytes that the allocator takes for one name and its numbers, beside them.
const ALLOCATIONS: usize = 32;

/// A set of ranks.
struct Bits(Vec<u64>);

impl Bits {
    fn new(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)])
    }

    fn set(&mut self, rank: Rank) {
        self.0[rank as usize / 64] |= 1 << (rank % 64);
    }

    fn ones(&self) -> Vec<Rank> {
        let mut all = Vec::new();
        for (position, word) in self.0.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                all.push(narrow(position) * 64 + word.trailing_zeros());
                word &= word - 1;
            }
        }
        all
    }
}

/// Finds the end of what each permission covers. In order, that follows the permission at once.
fn covers_until(order: &[&str]) -> Box<[Rank]> {
    let until = |(rank, text): (usize, &&str)| match text.strip_suffix('*') {
        None => narrow(rank + 1),
        Some(prefix) => narrow(rank + order[rank..].partition_point(|other| other.starts_with(prefix))),
    };
    order.iter().enumerate().map(until).collect()
}

fn position(all: &[(Label, Box<[u32]>)], name: &Label) -> Option<u32> {
    all.binary_search_by(|(other, _)| other.cmp(name)).ok().map(narrow)
}

/// Counts in 32 bits: a query of an organization does not read as much as four gigabytes.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("an organization has less than four gigabytes")
}

#[cfg(test)]
mod tests;
