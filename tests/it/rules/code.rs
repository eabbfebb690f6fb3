//! Rules over the Rust code: heads of files, lengths, homes of statuses, keys and settings, and words of the field.

use std::collections::BTreeSet;

use super::{read, root};

/// A longer file says why at its head, in a sentence that begins with [`REASON`].
const MAX_LINES: usize = 300;
const REASON: &str = "//! This file is long:";

/// Nouns and verbs that named types and functions before the field's words did.
///
/// Words of stored items, of the API and of DESIGN.md may still be parts of names.
const OLD_WORDS: [&str; 41] = [
    "announce",
    "asked",
    "carried",
    "cast",
    "cleared",
    "concerned",
    "course",
    "event_as",
    "find_room",
    "give_up",
    "hearers",
    "judge",
    "key_again",
    "leads",
    "leaving",
    "letter",
    "lifting",
    "look",
    "lost_race",
    "meet",
    "narrowing",
    "news",
    "noun",
    "once",
    "pace",
    "parcel",
    "place_taken",
    "presented",
    "race",
    "reach",
    "removable",
    "seal",
    "settable",
    "simplified",
    "stands_in",
    "stretch",
    "telling",
    "trail",
    "unfit",
    "until_won",
    "ways",
];

/// Names that hold an old word and keep it, each with its reason.
const KEPT_NAMES: [(&str, &str); 5] = [
    ("reached_by", "a channel reaches a user: English, and no name of a right"),
    ("claim_once", "a claim is made once: the word says how often"),
    ("lookup", "the field's word for a search by key"),
    ("Lookup", "the field's word for a search by key"),
    ("braces", "holds the letters of another word"),
];

/// The files of a folder that git tracks or would track.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() && !path.ends_with("/target") {
                folders.push(path);
            } else if path.ends_with(".rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn all_files() -> Vec<String> {
    let files: Vec<_> = ["functions", "shared", "infra", "tests"].into_iter().flat_map(files).collect();
    assert!(files.len() > 200, "{}", files.len());
    files
}

/// Returns a file without its unit tests.
fn without_tests(path: &str) -> String {
    read(path).split("\n#[cfg(test)]\nmod tests {").next().unwrap().to_owned()
}

#[test]
fn every_file_says_at_its_head_what_it_is() {
    let heads = ["//! ", "#![doc = include_str!"];
    let without: Vec<_> = all_files()
        .into_iter()
        .filter(|path| !heads.iter().any(|head| read(path).starts_with(head)))
        .collect();
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn a_long_file_says_why() {
    let long = all_files().into_iter().filter(|path| {
        let text = read(path);
        text.lines().count() > MAX_LINES && !text.lines().take(12).any(|line| line.starts_with(REASON))
    });
    assert_eq!(long.collect::<Vec<_>>(), [] as [String; 0], "begin a sentence of the head with {REASON:?}");
}

#[test]
fn statuses_keys_and_settings_have_one_home() {
    let homes: [(&str, &[&str], &[&str]); 3] = [
        // Successes are answered by `response`, refusals and failures by `problem`.
        (
            "StatusCode::",
            &["functions", "shared"],
            &["shared/api/src/problem.rs", "shared/api/src/response.rs"],
        ),
        ("env::var", &["functions", "shared"], &["shared/api/src/app/environment.rs"]),
        ("#{", &["shared/table", "functions", "shared/api"], &["shared/table/src/item_key.rs"]),
    ];
    for (text, folders, homes) in homes {
        let elsewhere: Vec<_> = folders
            .iter()
            .flat_map(|folder| files(folder))
            .filter(|path| !homes.contains(&path.as_str()))
            .filter(|path| without_tests(path).lines().any(|line| holds(line, text)))
            .collect();
        assert_eq!(elsewhere, [] as [String; 0], "{text} belongs in {homes:?}");
    }
}

/// Tells whether a line holds the text; of `#{` only where a key is spelled, as in `"ORG#{organization_id}"`.
fn holds(line: &str, text: &str) -> bool {
    let before = line.split(text).next().unwrap_or_default();
    let spelled = text != "#{" || before.ends_with(|end: char| end.is_ascii_uppercase());
    line.contains(text) && spelled
}

#[test]
fn types_and_functions_are_named_by_words_of_the_field() {
    let kinds = ["struct ", "enum ", "trait ", "type ", "fn ", "mod "];
    let mut old = BTreeSet::new();
    for path in all_files() {
        for line in read(&path).lines() {
            let declaration =
                line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
            let declaration = declaration.trim_start_matches("pub ").trim_start_matches("const ");
            let declaration = declaration.trim_start_matches("async ");
            let Some(rest) = kinds.iter().find_map(|kind| declaration.strip_prefix(kind)) else { continue };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_test = kinds[4].len() + name.len() > 30;
            let is_kept = KEPT_NAMES.iter().any(|(kept, _)| *kept == name);
            if !is_test && !is_kept && OLD_WORDS.iter().any(|word| is_part(&snake_case(&name), word)) {
                old.insert(format!("{path}: {name}"));
            }
        }
    }
    assert!(old.is_empty(), "{old:#?}");
}

fn snake_case(name: &str) -> String {
    name.chars().enumerate().fold(String::new(), |mut text, (position, character)| {
        if character.is_uppercase() && position > 0 {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
        text
    })
}

/// Tells whether a name holds a word whole, between underscores or at an end.
fn is_part(name: &str, word: &str) -> bool {
    format!("_{name}_").contains(&format!("_{word}_"))
}
