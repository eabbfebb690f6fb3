//! The switches of the rewritten sources: which mutant is active.
//!
//! A file names it, and not the environment, so that it reaches every instance of a function. Each process reads the file once.
//! While it says [`NOTED`], no mutant is active, and each process notes the mutants that it reaches.

use std::path::Path;

/// The name of the module that each rewritten crate gets.
pub(crate) const MODULE: &str = "mutant";

/// What the file says while the mutants that the tests reach are noted.
pub(crate) const NOTED: &str = "noted";

/// Returns a mutant's number. It depends on the name alone, so that other changes leave a file as it was built.
pub(crate) fn number(name: &str) -> u64 {
    // FNV-1a.
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns the name of the file where the functions of a stack note what they reach, by its endpoint.
pub(crate) fn notes_of_stack(endpoint: &str) -> String {
    endpoint.replace('/', "_")
}

/// Returns the module's source, for switches in a file and notes in a folder.
pub(crate) fn module(file: &Path, notes: &Path) -> String {
    let source = SOURCE.replace("{file}", &file.display().to_string());
    source.replace("{notes}", &notes.display().to_string()).replace("{noted}", NOTED)
}

const SOURCE: &str = r##"//! Which mutant is active.
#![allow(warnings, clippy::all, clippy::pedantic)]

use std::{collections::BTreeSet, io::Write as _, sync::{Mutex, OnceLock}};

enum Active {
    Nothing,
    Noted,
    Number(u64),
}

pub(crate) fn is(number: u64) -> bool {
    static ACTIVE: OnceLock<Active> = OnceLock::new();
    let read = || match std::fs::read_to_string(r#"{file}"#).unwrap_or_default().trim() {
        "{noted}" => Active::Noted,
        text => text.parse().map_or(Active::Nothing, Active::Number),
    };
    match ACTIVE.get_or_init(read) {
        Active::Nothing => false,
        Active::Noted => {
            note(number);
            false
        }
        Active::Number(active) => *active == number,
    }
}

fn note(number: u64) {
    static STACK: OnceLock<Option<String>> = OnceLock::new();
    static SEEN: Mutex<BTreeSet<(String, u64)>> = Mutex::new(BTreeSet::new());
    // A test that calls the product itself runs in a thread of its name.
    let thread = || std::thread::current().name().map(str::to_owned);
    let endpoint = || std::env::var("AWS_ENDPOINT_URL_DYNAMODB").ok().filter(|endpoint| !endpoint.is_empty());
    let stack = || endpoint().map(|endpoint| endpoint.replace('/', "_"));
    let name = STACK.get_or_init(stack).clone().or_else(thread).unwrap_or_else(|| "unnamed".to_owned());
    if SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert((name.clone(), number)) {
        let path = std::path::Path::new(r#"{notes}"#).join(name);
        let notes = std::fs::OpenOptions::new().create(true).append(true).open(path);
        notes.and_then(|mut notes| notes.write_all(format!("{number}\n").as_bytes())).unwrap();
    }
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

pub(crate) fn min<T: PartialOrd>(number: u64, value: T, most: T) -> T {
    if is(number) || value <= most { value } else { most }
}

pub(crate) fn max<T: PartialOrd>(number: u64, value: T, least: T) -> T {
    if is(number) || value >= least { value } else { least }
}

pub(crate) fn clamp<T: PartialOrd>(number: u64, value: T, least: T, most: T) -> T {
    if is(number) { value } else if value < least { least } else if value > most { most } else { value }
}

pub(crate) fn most(number: u64, most: usize) -> usize {
    if is(number) { usize::MAX } else { most }
}

pub(crate) fn is_end<T: PartialEq>(number: u64, end: &T, value: &T) -> bool {
    is(number) && end == value
}
"##;
