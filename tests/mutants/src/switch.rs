//! The switches of the rewritten sources: which mutant is active.
//!
//! A file names it, and not the environment, so that it reaches every instance of a function. Each process reads the file once.

use std::path::Path;

/// The name of the module that each rewritten crate gets.
pub(crate) const MODULE: &str = "mutant";

/// Returns a mutant's number. It depends on the name alone, so that other changes leave a file as it was built.
pub(crate) fn number(name: &str) -> u64 {
    // FNV-1a.
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns the module's source, for switches in a file.
pub(crate) fn module(file: &Path) -> String {
    SOURCE.replace("{file}", &file.display().to_string())
}

const SOURCE: &str = r##"//! Which mutant is active.
#![allow(warnings, clippy::all, clippy::pedantic)]

use std::sync::OnceLock;

pub(crate) fn is(number: u64) -> bool {
    static ACTIVE: OnceLock<u64> = OnceLock::new();
    let read = || std::fs::read_to_string(r#"{file}"#).ok()?.trim().parse().ok();
    *ACTIVE.get_or_init(|| read().unwrap_or(0)) == number
}

pub(crate) fn lt<L: PartialOrd<R> + ?Sized, R: ?Sized>(number: u64, left: &L, right: &R) -> bool {
    if is(number) { left <= right } else { left < right }
}

pub(crate) fn le<L: PartialOrd<R> + ?Sized, R: ?Sized>(number: u64, left: &L, right: &R) -> bool {
    if is(number) { left < right } else { left <= right }
}

pub(crate) fn gt<L: PartialOrd<R> + ?Sized, R: ?Sized>(number: u64, left: &L, right: &R) -> bool {
    if is(number) { left >= right } else { left > right }
}

pub(crate) fn ge<L: PartialOrd<R> + ?Sized, R: ?Sized>(number: u64, left: &L, right: &R) -> bool {
    if is(number) { left > right } else { left >= right }
}

pub(crate) fn eq<L: PartialEq<R> + ?Sized, R: ?Sized>(number: u64, left: &L, right: &R) -> bool {
    (left == right) != is(number)
}

pub(crate) fn ne<L: PartialEq<R> + ?Sized, R: ?Sized>(number: u64, left: &L, right: &R) -> bool {
    (left != right) != is(number)
}
"##;
