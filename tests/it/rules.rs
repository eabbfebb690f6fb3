//! Rules of the repository, kept as tests.

mod documents;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn functions() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("functions")).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|folder| folder.file_name().into_string().unwrap()).collect()
}

#[test]
fn every_function_is_a_resource_of_the_template_and_the_reverse() {
    let template = read("template.yaml");
    let resources: BTreeSet<String> = template
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix("Function:"))
        .filter(|name| !name.is_empty() && name.chars().all(char::is_alphanumeric))
        .map(kebab_case)
        .collect();
    assert_eq!(resources, functions());
}

fn kebab_case(name: &str) -> String {
    name.chars().enumerate().fold(String::new(), |mut text, (position, character)| {
        if character.is_uppercase() && position > 0 {
            text.push('-');
        }
        text.push(character.to_ascii_lowercase());
        text
    })
}

#[test]
fn every_function_has_a_sample_event() {
    let events: BTreeSet<String> = std::fs::read_dir(root().join("tests/events"))
        .unwrap()
        .map(|event| event.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let missing: Vec<_> = functions().into_iter().filter(|name| !events.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn each_access_pattern_names_a_method_of_the_table_and_the_reverse() {
    let readme = read("shared/table/README.md");
    let named: BTreeSet<String> =
        readme.split("[`Table::").skip(1).map(|rest| rest.split('`').next().unwrap().to_owned()).collect();
    let mut methods = BTreeSet::new();
    for file in std::fs::read_dir(root().join("shared/table/src")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let inside = text.split("impl Table {").skip(1);
        for line in inside.flat_map(str::lines) {
            let line = line.trim().strip_prefix("pub ").unwrap_or_default();
            if let Some(name) = line.strip_prefix("async fn ") {
                methods.insert(name.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }
    assert_eq!(named, methods);
}

#[test]
fn mains_are_short() {
    for function in functions() {
        let lines = read(&format!("functions/{function}/src/main.rs")).lines().count();
        assert!(lines < 30, "{function}: {lines}");
    }
}

#[test]
fn functions_do_not_know_each_other() {
    let functions = functions();
    for function in &functions {
        let manifest = read(&format!("functions/{function}/Cargo.toml"));
        for other in functions.iter().filter(|other| *other != function) {
            assert!(!manifest.contains(&format!("{other}.workspace")), "{function} knows {other}");
        }
    }
}

#[test]
fn each_function_may_do_what_it_needs_and_a_change_is_seen() {
    let template = read("template.yaml");
    let mut allowed = BTreeMap::<String, BTreeSet<String>>::new();
    let (mut role, mut listing) = (None, false);
    for line in template.lines() {
        let (indent, text) = (line.len() - line.trim_start().len(), line.trim());
        if indent == 2 && text.ends_with(':') {
            role = text.strip_suffix("Role:").map(kebab_case);
            listing = false;
        }
        let Some(role) = &role else { continue };
        let actions = allowed.entry(role.clone()).or_default();
        if let Some(named) = text.strip_prefix("Action:") {
            listing = named.trim().is_empty();
            let named = named.trim().trim_start_matches('[').trim_end_matches(']');
            actions.extend(named.split(',').map(|action| action.trim().to_owned()));
        } else if let Some(action) = text.strip_prefix("- ").filter(|_| listing) {
            actions.insert(action.to_owned());
        } else {
            listing = false;
        }
    }
    for actions in allowed.values_mut() {
        for everybodys in ["", "logs:CreateLogStream", "logs:PutLogEvents", "sts:AssumeRole"] {
            actions.remove(everybodys);
        }
        assert!(actions.iter().all(|action| !action.contains('*')), "{actions:?}");
    }
    assert_eq!(allowed.keys().cloned().collect::<BTreeSet<_>>(), functions());
    insta::assert_json_snapshot!(allowed);
}
