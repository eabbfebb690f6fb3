//! The table of a model: a map of items, and transactions that change several items or none.

use std::collections::BTreeMap;

/// The items of a table by their keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table<K, V>(pub BTreeMap<K, V>);

impl<K: Ord + Copy, V: Clone> Table<K, V> {
    /// Reads an item, strongly.
    pub fn get(&self, key: K) -> Option<&V> {
        self.0.get(&key)
    }

    /// Writes an item without a condition; `None` removes it.
    pub fn set(&mut self, key: K, item: Option<V>) {
        match item {
            Some(item) => self.0.insert(key, item),
            None => self.0.remove(&key),
        };
    }
}

/// A transaction: steps, each with an item, its conditions and its write.
///
/// All conditions are judged on the table as it was before the transaction.
#[derive(Debug)]
pub struct Transaction<'t, K, V, C> {
    before: &'t Table<K, V>,
    after: Table<K, V>,
    off: &'t [C],
    touched: Vec<K>,
    refused: Vec<usize>,
}

impl<'t, K: Ord + Copy + std::fmt::Debug, V: Clone, C: PartialEq + Copy> Transaction<'t, K, V, C> {
    /// Starts a transaction in which the conditions `off` are left out.
    pub fn new(table: &'t Table<K, V>, off: &'t [C]) -> Self {
        let (touched, refused) = (Vec::new(), Vec::new());
        Self { before: table, after: table.clone(), off, touched, refused }
    }

    /// Adds a step. `conditions` judges the item, each condition by its name; `write` returns the new item.
    ///
    /// # Panics
    ///
    /// If a transaction names an item twice, which `DynamoDB` refuses.
    pub fn step<const N: usize>(
        &mut self,
        key: K,
        conditions: impl FnOnce(Option<&V>) -> [(C, bool); N],
        write: impl FnOnce(Option<V>) -> Option<V>,
    ) {
        assert!(!self.touched.contains(&key), "{key:?} is named twice");
        let before = self.before.get(key);
        if conditions(before).iter().any(|(condition, holds)| !holds && !self.off.contains(condition)) {
            self.refused.push(self.touched.len());
        }
        self.touched.push(key);
        self.after.set(key, write(before.cloned()));
    }

    /// Returns the table after all steps, or the positions of the steps whose conditions do not hold.
    pub fn commit(self) -> Result<Table<K, V>, Vec<usize>> {
        if self.refused.is_empty() { Ok(self.after) } else { Err(self.refused) }
    }
}
