//! Rules of the repository, kept as tests.

mod circles;
mod code;
mod documents;
mod log_lines;
mod models;
mod mutants;
mod openapi;
mod template;

use std::{collections::BTreeSet, path::Path};

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
    for path in code::sources(&["shared"]).iter().filter(|path| path.starts_with("shared/table/src/")) {
        let text = read(path);
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
fn every_function_is_linked_at_a_fixed_address() {
    for function in functions() {
        let own = std::fs::read_to_string(root().join(format!("functions/{function}/build.rs")));
        let is_linked = match own {
            Ok(own) => own.contains("fixed_address::main();"),
            Err(_) => {
                read(&format!("functions/{function}/Cargo.toml")).contains("\nbuild = \"../build.rs\"\n")
            }
        };
        assert!(is_linked, "{function}: write build = \"../build.rs\" into its Cargo.toml");
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
