//! The targets of a run.

use crate::report::number;

/// A figure with its limit.
#[derive(Debug)]
pub(crate) struct Target {
    what: &'static str,
    measured: f64,
    most: f64,
    unit: &'static str,
}

impl Target {
    /// A ratio: of medians, wherever something is measured more than once.
    pub(crate) const fn ratio(what: &'static str, measured: f64, most: f64) -> Self {
        Self { what, measured, most, unit: "×" }
    }

    /// A size.
    pub(crate) const fn megabytes(what: &'static str, measured: f64, most: f64) -> Self {
        Self { what, measured, most, unit: " MB" }
    }

    /// A length.
    pub(crate) const fn kibibytes(what: &'static str, measured: f64, most: f64) -> Self {
        Self { what, measured, most, unit: " KiB" }
    }

    /// A time.
    pub(crate) const fn milliseconds(what: &'static str, measured: f64, most: f64) -> Self {
        Self { what, measured, most, unit: " ms" }
    }

    pub(crate) fn cells(&self) -> [String; 4] {
        let result = if self.measured <= self.most { "reached" } else { "missed" };
        let with_unit = |value: f64| format!("{}{}", number(value), self.unit);
        [self.what.to_owned(), with_unit(self.measured), with_unit(self.most), result.to_owned()]
    }
}
