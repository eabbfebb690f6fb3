//! Rules of the source files: heads, lengths, names, and words that are spelled in one place.

use std::{collections::BTreeSet, path::Path};

use super::{read, root};

/// Lists the Rust files below some folders, as paths from the root.
pub(super) fn sources(folders: &[&str]) -> Vec<String> {
    let mut files = Vec::new();
    let mut open: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
    assert!(files.len() > 50, "{folders:?}");
    files
}

/// Returns the lines above the file's own tests, without comments.
pub(super) fn code_above_tests(path: &str) -> Vec<String> {
    let text = read(path);
    let above = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    above.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned()).collect()
}

/// Lists the files, other than these and test files, in whose code a line matches.
fn files_with(found: impl Fn(&str) -> bool, allowed: &[&str]) -> Vec<String> {
    let is_free = |path: &String| !allowed.contains(&path.as_str()) && !path.ends_with("/tests.rs");
    let mut files = sources(&["functions", "shared"]);
    files.retain(|path| is_free(path) && code_above_tests(path).iter().any(|line| found(line)));
    files
}

const NOTHING: [String; 0] = [];

#[test]
fn every_source_file_opens_with_a_sentence() {
    let mut files = sources(&["functions", "shared", "infra", "tests"]);
    // The head of a crate can be its README.
    files.retain(|path| !["//! ", "#![doc = include_str!("].iter().any(|head| read(path).starts_with(head)));
    assert_eq!(files, NOTHING);
}

/// A longer file says why in its head: a line that starts with `//! Over 300 lines:`.
#[test]
fn a_file_over_300_lines_says_why() {
    let mut files = sources(&["functions", "shared", "infra", "tests"]);
    files.retain(|path| {
        let text = read(path);
        let mut head = text.lines().take_while(|line| line.starts_with("//!"));
        text.lines().count() > 300 && !head.any(|line| line.starts_with("//! Over 300 lines:"))
    });
    assert_eq!(files, NOTHING);
}

#[test]
fn http_statuses_are_named_in_two_files() {
    // Problems and successes. A third place would answer what neither the API's documents nor its tests list.
    let allowed = ["shared/api/src/problem_code.rs", "shared/api/src/response.rs"];
    let names = |line: &str| {
        let set_by_number = line.split(".status(").skip(1).any(|rest| rest.starts_with(char::is_numeric));
        line.contains("StatusCode::") || set_by_number
    };
    assert_eq!(files_with(names, &allowed), NOTHING);
}

#[test]
fn key_prefixes_are_spelled_in_one_file() {
    let prefixes: BTreeSet<String> = code_above_tests("shared/table/src/item_key.rs")
        .iter()
        .flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|text| text.split_once('#').map(|(prefix, _)| format!("\"{prefix}#")))
        .filter(|prefix| prefix[1..prefix.len() - 1].chars().all(|character| character.is_ascii_uppercase()))
        .filter(|prefix| prefix.len() > 3)
        .collect();
    assert!(
        prefixes.contains("\"ORG#") && prefixes.contains("\"USER#") && prefixes.len() > 5,
        "{prefixes:?}"
    );
    let spells = |line: &str| prefixes.iter().any(|prefix| line.contains(prefix.as_str()));
    assert_eq!(files_with(spells, &["shared/table/src/item_key.rs"]), NOTHING);
}

/// `.ci/run` has a browser, and other machines say what they did not run.
#[test]
fn every_test_in_a_browser_is_ignored_without_one_and_no_other_test_is() {
    let browses = |line: &str| ["    browse(", "    browse_with("].iter().any(|call| line.starts_with(call));
    let mut count = 0;
    for path in sources(&["tests/it"]) {
        let text = read(&path);
        let opens = |head: &str| text.lines().filter(|line| line.starts_with(head)).count();
        let tests = text.lines().filter(|line| browses(line)).count();
        let ignored = opens("#[cfg_attr(not(browser), ignore = ");
        let (judged, others) = (opens("#[cfg_attr(not(axe), ignore = "), opens("#[ignore"));
        assert_eq!((ignored, others), (tests, 0), "{path}");
        assert!(judged <= ignored, "{path}");
        count += tests;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn the_environment_is_read_in_one_file() {
    // What Cargo tells a build script is no configuration.
    let allowed =
        ["shared/api/src/app/environment.rs", "functions/build.rs", "functions/serve-console/build.rs"];
    assert_eq!(files_with(|line| line.contains("env::var"), &allowed), NOTHING);
}

/// Lambda freezes an instance between requests, and its clock may stand still meanwhile. So what is kept grows old by
/// `Moment`, which holds the gateway's time too. Idle connections have a clock of their own, and time-outs are none.
#[test]
fn the_process_clock_is_read_in_two_files() {
    let allowed = ["shared/api/src/app/moment.rs", "shared/api/src/app/pool_timer.rs"];
    let reads = |line: &str| {
        let imports = line.contains("time::") && line.contains("Instant") && !line.contains("Duration::");
        imports || [".elapsed()", "Instant::now"].iter().any(|call| line.contains(call))
    };
    assert_eq!(files_with(reads, &allowed), NOTHING);
}

/// Nouns and verbs of the product that were replaced by the field's words.
const OLD: &str = "News Trail Once Asked until_won LostRace Cleared Presented Recent Snapshots Warm LIFTING lifting \
    seal NewKey Done Room find_room find_room_again take_place AskedWith asked_once do_once key_again term_of \
    working_secrets carried carries_known meet simplified narrowing Reach stands_in leads KeyFilter Stretch Places \
    Placed Unfit settable removable Round Parcel Entry Line Letter Post Pace Turn look hearers concerned announce \
    take_up take_over give_up Known Noun Worth Creation Means judge MOST KEPT TOLD HOLDS WAVE TOGETHER PAGE Answer \
    KeyAnswer ListAnswer Ways Found Subject Event Refusal news newest unfit reach race round parcel pace post look \
    telling leaving pause ATTEMPTS Notifications verdict";

/// Old nouns of the tests.
const OLD_IN_TESTS: &str = "Course Cast Original Life Letter News Told Struck Who Schedule Known plain ask verdict \
    telling leaving pause ATTEMPTS";

/// Old nouns that are the right word in one file, with the reason.
const RIGHT: [(&str, &str); 3] = [
    // One event of the audit log: the one meaning that the word keeps.
    ("Event", "shared/domain/src/audit.rs"),
    // The authorizer's refusal of a request: the one meaning that the word keeps.
    ("Refusal", "functions/authorize-request/src/refusal.rs"),
    // One entry of a cache.
    ("Entry", "functions/authorize-request/src/cache.rs"),
];

/// Returns the names of the types, functions, modules and constants that a line declares.
fn declared(line: &str) -> impl Iterator<Item = &str> {
    const KEYWORDS: [&str; 8] = ["struct", "enum", "trait", "type", "fn", "mod", "const", "static"];
    let words = line.split(|character: char| !character.is_alphanumeric() && character != '_');
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let names = words.windows(2).filter(|pair| KEYWORDS.contains(&pair[0])).map(|pair| pair[1]);
    names.collect::<Vec<_>>().into_iter()
}

fn declarations_of(old: &str, folders: &[&str]) -> Vec<(String, String)> {
    let old: BTreeSet<&str> = old.split_whitespace().collect();
    let mut found = Vec::new();
    for path in sources(folders) {
        for line in read(&path).lines().filter(|line| !line.trim_start().starts_with("//")) {
            let names = declared(line).filter(|name| old.contains(name));
            let names = names.filter(|name| !RIGHT.contains(&(*name, path.as_str())));
            found.extend(names.map(|name| (name.to_owned(), path.clone())));
        }
    }
    found
}

#[test]
fn no_type_or_function_has_an_old_name() {
    let none: [(String, String); 0] = [];
    assert_eq!(declarations_of(OLD, &["functions", "shared", "infra"]), none);
    assert_eq!(declarations_of(OLD_IN_TESTS, &["tests"]), none);
    for (name, path) in RIGHT {
        assert!(Path::new(root()).join(path).is_file(), "{path}, where {name} is right");
    }
}
