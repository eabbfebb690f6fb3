//! Names in order, each with a list of numbers.

use domain::role::Label;

use super::count::to_u32;

/// Lists of numbers by name. All numbers stand in one allocation.
#[derive(Debug)]
pub(super) struct NumbersByName {
    /// The names in order, each with the end of its numbers.
    names: Box<[(Label, u32)]>,
    numbers: Box<[u32]>,
}

/// Bytes that the allocator takes for one name beside it.
const ALLOCATION: usize = 16;

impl NumbersByName {
    /// Makes the lists of values that are in the order of their names; `append` appends the numbers of one value.
    pub(super) fn new<T>(values: Vec<(Label, T)>, mut append: impl FnMut(&T, &mut Vec<u32>)) -> Self {
        let mut numbers = Vec::new();
        let mut listed = |(name, value)| {
            append(&value, &mut numbers);
            (name, to_u32(numbers.len()))
        };
        let names = values.into_iter().map(&mut listed).collect();
        Self { names, numbers: numbers.into() }
    }

    /// Returns the names in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    /// Finds a name.
    pub(super) fn position(&self, name: &str) -> Option<u32> {
        self.names.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok().map(to_u32)
    }

    /// Returns the numbers of the name at a position.
    pub(super) fn numbers(&self, position: u32) -> &[u32] {
        let position = position as usize;
        let start = position.checked_sub(1).map_or(0, |before| self.names[before].1);
        &self.numbers[start as usize..self.names[position].1 as usize]
    }

    /// Estimates the memory beside the struct itself, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let name = |(name, _): &(Label, u32)| size_of::<(Label, u32)>() + name.as_str().len() + ALLOCATION;
        self.names.iter().map(name).sum::<usize>() + size_of_val(&*self.numbers)
    }
}
