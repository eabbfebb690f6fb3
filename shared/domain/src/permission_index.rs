//! What the roles and groups of an organization grant, prepared for many decisions.
//!
//! All permissions of the organization are put in order once, so that a permission is a number and what it
//! covers is the range of numbers that follows it. A decision then compares numbers, never texts with texts.

mod count;
mod numbers_by_name;
mod ordered;

use crate::{
    access_key::AccessKey,
    decision_catalog::DecisionCatalog,
    joined::{Joined, Word as _},
    permission::Permission,
    role::Label,
    user::{Kind, User},
};

use count::to_u32;
use numbers_by_name::NumbersByName;
use ordered::Ordered;

pub use ordered::Rank;

/// The rank of `*`, the first in the order. Every index has it, because owners hold it.
const ALL: Rank = 0;
const ALL_TEXT: &str = "*";

/// The permissions of an organization in order, and the roles and groups that grant them.
#[derive(Debug)]
pub struct PermissionIndex {
    order: Ordered,
    /// The ranks of each role's permissions.
    roles: NumbersByName,
    /// The positions of each group's roles.
    groups: NumbersByName,
}

/// The stored catalog breaks a rule of its format. No decision is based on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its texts are not those of roles and groups")]
pub struct BadCatalog;

impl PermissionIndex {
    /// Puts the permissions of roles in order. One sort is all that costs more than going through them once.
    ///
    /// # Errors
    /// When the texts are not those of roles and groups.
    pub fn new(catalog: &DecisionCatalog) -> Result<Self, BadCatalog> {
        let mut given = Vec::with_capacity(1 + catalog.count_permissions());
        let mut roles = NumbersByName::new();
        for (name, permissions) in catalog.roles() {
            for permission in permissions {
                Permission::check(permission).map_err(|_| BadCatalog)?;
                given.push(permission);
            }
            roles.add(name, given.len()).ok_or(BadCatalog)?;
        }
        given.push(ALL_TEXT);
        let (order, mut ranks) = Ordered::new(&given);
        ranks.pop();
        roles.set_numbers(ranks);
        let (mut groups, mut positions) = (NumbersByName::new(), Vec::new());
        for (name, roles_of_group) in catalog.groups() {
            for position in roles_of_group {
                let position = position.parse().ok().filter(|position| (*position as usize) < roles.count());
                positions.push(position.ok_or(BadCatalog)?);
            }
            groups.add(name, positions.len()).ok_or(BadCatalog)?;
        }
        groups.set_numbers(positions);
        Ok(Self { order, roles, groups })
    }

    /// Returns the ranks of a caller's permissions: those of the user, narrowed by the key.
    ///
    /// As [`crate::grant::effective`], in order and without redundant ones.
    #[must_use]
    pub fn effective(&self, user: &User, key: Option<&AccessKey>) -> Vec<Rank> {
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
    #[must_use]
    pub fn joined_bytes(&self, ranks: &[Rank]) -> usize {
        ranks.iter().map(|rank| self.order.text(*rank).len() + 1).sum()
    }

    /// Returns the permissions of these ranks.
    #[must_use]
    pub fn joined(&self, ranks: &[Rank]) -> Joined<Permission> {
        let mut text = String::with_capacity(self.joined_bytes(ranks));
        for rank in ranks {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(self.order.text(*rank));
        }
        text.try_into().expect("each was a permission when it was read")
    }

    /// Estimates the memory that the index takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.order.bytes() + self.roles.bytes() + self.groups.bytes()
    }

    /// Returns what roles and groups grant, without redundant ones. Names of nothing grant nothing.
    fn granted(&self, by_kind: Option<Rank>, roles: &[Label], groups: &[Label]) -> Vec<Rank> {
        let direct = roles.iter().filter_map(|name| self.roles.position(name.as_str()));
        let groups = groups.iter().filter_map(|name| self.groups.position(name.as_str()));
        let through = groups.flat_map(|group| self.groups.numbers(group)).copied();
        let mut roles: Vec<u32> = direct.chain(through).collect();
        roles.sort_unstable();
        roles.dedup();
        let mut granted = Bits::new(self.order.count());
        let by_role = roles.iter().flat_map(|role| self.roles.numbers(*role)).copied();
        for rank in by_kind.into_iter().chain(by_role) {
            granted.set(rank);
        }
        let mut covered_until = 0;
        let mut kept = granted.ones();
        kept.retain(|rank| {
            let redundant = *rank < covered_until;
            covered_until = covered_until.max(self.order.covers_until(*rank));
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
            if narrow < self.order.covers_until(wide) {
                both.push(narrow);
                high.next();
            } else {
                low.next();
            }
        }
        both
    }
}

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
                all.push(to_u32(position) * 64 + word.trailing_zeros());
                word &= word - 1;
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
