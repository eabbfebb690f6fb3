//! The rule that the models and the table name each other: an action of a model its method, a method its action.

use std::{collections::BTreeSet, path::Path};

use super::{code::sources, read, root};

/// An action such as `quota::Action::Create`, and the method of the table that it sends.
type Sent = (String, String);

/// Returns the code spans of a comment that start with some text, without it.
fn spans(comment: &str, prefix: &str) -> Vec<String> {
    comment
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|span| span.strip_prefix(prefix))
        .map(str::to_owned)
        .collect()
}

/// Returns each declaration of a file with the comment above it.
fn documented(path: &str) -> Vec<(String, String)> {
    let (mut found, mut comment) = (Vec::new(), String::new());
    for line in read(path).lines().map(str::trim) {
        match line.strip_prefix("///") {
            Some(text) => comment.push_str(text),
            None if line.starts_with("#[") => {}
            None => found.push((std::mem::take(&mut comment), line.to_owned())),
        }
    }
    found
}

fn sent_by_models() -> BTreeSet<Sent> {
    let mut sent = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("tests/models/src")).unwrap() {
        let folder = entry.unwrap().path();
        let model = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let path = format!("tests/models/src/{model}/action.rs");
        if !Path::new(&folder).is_dir() {
            continue;
        }
        for (comment, line) in documented(&path) {
            let variant: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
            let methods = spans(&comment, "Table::").into_iter();
            sent.extend(methods.map(|method| (format!("{model}::Action::{variant}"), method)));
        }
    }
    sent
}

fn named_by_the_table() -> BTreeSet<Sent> {
    let mut named = BTreeSet::new();
    let files = sources(&["functions", "shared", "infra"]).into_iter();
    for path in files.filter(|path| path.starts_with("shared/table/src")) {
        for (comment, line) in documented(&path) {
            let Some((_, model)) = comment.split_once("Model: ") else { continue };
            let method = line.strip_prefix("pub async fn ").and_then(|rest| rest.split(['(', '<']).next());
            let method = method.unwrap_or_else(|| panic!("{path}: {line} is no method of the table"));
            named.extend(spans(model, "").into_iter().map(|action| (action, method.to_owned())));
        }
    }
    named
}

#[test]
fn each_transaction_names_its_action_in_the_models_and_the_reverse() {
    let (sent, named) = (sent_by_models(), named_by_the_table());
    assert!(sent.len() > 5, "{sent:?}");
    assert_eq!(sent, named);
}
