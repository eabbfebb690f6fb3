//! Names in order, each with a list of numbers.

use std::cmp::Ordering;

use super::count::to_u32;

/// Lists of numbers by name. All names stand in one allocation, and so do all numbers.
#[derive(Debug)]
pub(super) struct NumbersByName {
    /// All names, one after another.
    names: String,
    /// For each name where it ends, and where its numbers end.
    ends: Vec<(u32, u32)>,
    numbers: Vec<u32>,
}

impl NumbersByName {
    /// Makes lists of numbers, whose names are to be added.
    pub(super) const fn new() -> Self {
        Self { names: String::new(), ends: Vec::new(), numbers: Vec::new() }
    }

    /// Adds a name whose numbers end with the number `end`. `None` unless it comes after all names so far.
    pub(super) fn add(&mut self, name: &str, end: usize) -> Option<()> {
        if self.count().checked_sub(1).is_some_and(|last| self.name(last) >= name) {
            return None;
        }
        self.names.push_str(name);
        self.ends.push((to_u32(self.names.len()), to_u32(end)));
        Some(())
    }

    /// Sets the numbers of all names, as many as the last end.
    pub(super) fn set_numbers(&mut self, numbers: Vec<u32>) {
        self.names.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.numbers = numbers;
    }

    /// Counts the names.
    pub(super) const fn count(&self) -> usize {
        self.ends.len()
    }

    /// Finds a name.
    pub(super) fn position(&self, name: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.name(middle).cmp(name) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(to_u32(middle)),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Returns the numbers of the name at a position.
    pub(super) fn numbers(&self, position: u32) -> &[u32] {
        let position = position as usize;
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before].1);
        &self.numbers[start as usize..self.ends[position].1 as usize]
    }

    /// Estimates the memory beside the struct itself, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.names.capacity()
            + self.ends.capacity() * size_of::<(u32, u32)>()
            + self.numbers.capacity() * size_of::<u32>()
    }

    fn name(&self, position: usize) -> &str {
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before].0);
        &self.names[start as usize..self.ends[position].0 as usize]
    }
}
