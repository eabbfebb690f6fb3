//! Rules of the documents: README is short, links and paths exist, and tables list the routes and parameters of the template.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{read, root};

/// The most lines of the root's README: a newcomer reads it whole.
const README_LINES: usize = 200;

/// Folders that hold no documents of the repository.
const PASSED_OVER: [&str; 4] = ["target", ".aws-sam", ".git", ".local"];

/// Returns every Markdown file of the repository, named from its root.
fn documents() -> BTreeSet<String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![root().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !PASSED_OVER.contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.insert(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

/// Returns the lines of a document outside its fenced blocks.
fn unfenced(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    })
}

/// Returns the targets of a document's links, as `](target)` writes them.
fn links(text: &str) -> Vec<String> {
    let without_code = |line: &str| line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let lines: Vec<_> = unfenced(text).map(without_code).collect();
    let targets = lines.iter().flat_map(|line| line.split("](").skip(1));
    targets.filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
}

/// Returns the anchors that GitHub gives a document's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = unfenced(text).filter(|line| line.starts_with('#'));
    headings.filter_map(|line| line.trim_start_matches('#').strip_prefix(' ')).map(anchor).collect()
}

/// Writes a heading as GitHub writes its anchor: in lower case, without punctuation, spaces as dashes.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Joins a link's path with the folder of its document, without `.` and `..`.
fn resolved(document: &str, path: &str) -> PathBuf {
    let mut joined = Path::new(document).parent().unwrap().to_owned();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => assert!(joined.pop(), "{document}: {path} leaves the repository"),
            part => joined.push(part),
        }
    }
    joined
}

#[test]
fn every_link_of_a_document_leads_to_a_file_and_a_heading() {
    let (mut followed, mut broken) = (0, Vec::new());
    for document in documents() {
        for link in links(&read(&document)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            let (path, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { document.clone().into() } else { resolved(&document, path) };
            let there = root().join(&target).exists();
            if !there || !heading.is_empty() && !anchors(&read(target.to_str().unwrap())).contains(heading) {
                broken.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(followed > 50, "{followed}");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Returns the code spans of a document outside its fenced blocks.
fn code_spans(text: &str) -> Vec<String> {
    unfenced(text).flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// Returns the part of a code span that names a path: up to the first segment with a placeholder.
fn path_in(code: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let segments: Vec<_> = code.split('/').take_while(|segment| segment.chars().all(plain)).collect();
    (code.contains('/') && !code.contains(' ') && !segments.is_empty()).then(|| segments.join("/"))
}

#[test]
fn every_path_that_a_document_names_exists() {
    let (mut named, mut missing) = (0, Vec::new());
    for document in documents() {
        let folder = root().join(&document).parent().unwrap().to_owned();
        for path in code_spans(&read(&document)).iter().filter_map(|code| path_in(code)) {
            let first = path.split('/').next().unwrap();
            let mut starts =
                [root(), &folder].into_iter().filter(|start| start.join(first).exists()).peekable();
            if first.is_empty() || first == "target" || starts.peek().is_none() {
                continue;
            }
            named += 1;
            if !starts.any(|start| start.join(&path).exists()) {
                missing.push(format!("{document}: {path}"));
            }
        }
    }
    assert!(named > 30, "{named}");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_document_can_be_reached_from_the_readme() {
    let (mut reached, mut open) = (BTreeSet::new(), vec!["README.md".to_owned()]);
    while let Some(document) = open.pop() {
        if !reached.insert(document.clone()) {
            continue;
        }
        let paths = links(&read(&document)).into_iter().filter(|link| !link.contains("://"));
        let paths = paths.map(|link| link.split('#').next().unwrap().to_owned());
        let documents =
            paths.filter(|path| Path::new(path).extension().is_some_and(|extension| extension == "md"));
        open.extend(documents.map(|path| resolved(&document, &path).to_str().unwrap().to_owned()));
    }
    assert_eq!(documents().difference(&reached).collect::<Vec<_>>(), [] as [&String; 0]);
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= README_LINES, "{lines} lines, {README_LINES} at most");
}

#[test]
fn a_route_leads_to_its_handler() {
    let readme = read("functions/README.md");
    let rows = readme
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains("](") && line.contains("/src/lib.rs"));
    let mut handlers = BTreeSet::new();
    for row in rows {
        for rest in row.split("](").skip(1) {
            handlers.extend(rest.split_once("/src/lib.rs)").map(|(function, _)| function.to_owned()));
        }
    }
    let without_route =
        ["authorize-request", "declare-routes", "notify-expiring-keys", "rotate-pepper", "rotate-secret"]
            .map(str::to_owned);
    let functions = super::functions();
    assert_eq!(handlers, functions.difference(&without_route.into()).cloned().collect());
}

#[test]
fn each_alarm_of_the_template_has_a_runbook_and_the_reverse() {
    let template = read("template.yaml");
    let resources = template.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    let alarms: BTreeSet<&str> = resources
        .filter_map(|name| name.strip_suffix("Alarm").or_else(|| name.strip_suffix("Rule")))
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .collect();
    assert!(alarms.len() > 5, "{alarms:?}");
    let operate = read("infra/OPERATE.md");
    let section = operate.split("\n## Alarms\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let runbooks: BTreeSet<&str> = section.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(runbooks, alarms);
}

#[test]
fn every_parameter_of_the_template_has_a_row_with_its_default_and_the_reverse() {
    let template = read("template.yaml");
    let parameters = template.split("\nParameters:\n").nth(1).unwrap();
    let parameters = parameters.split("\nConditions:\n").next().unwrap();
    let mut defaults = BTreeMap::<String, String>::new();
    let mut parameter = String::new();
    for line in parameters.lines() {
        if let Some(name) = line.strip_prefix("  ").and_then(|line| line.strip_suffix(':'))
            && name.chars().all(char::is_alphanumeric)
        {
            name.clone_into(&mut parameter);
            defaults.insert(parameter.clone(), "–".to_owned());
        } else if let Some(default) = line.strip_prefix("    Default: ") {
            let default = default.trim_matches('"');
            let default = if default.is_empty() { "empty".to_owned() } else { format!("`{default}`") };
            defaults.insert(parameter.clone(), default);
        }
    }
    assert!(defaults.len() > 30, "{defaults:?}");
    let readme = read("infra/README.md");
    let section = readme.split("\n## Parameters\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let documented: BTreeMap<String, String> = rows
        .map(|row| {
            let cells: Vec<_> = row.split(" | ").collect();
            (cells[0].trim_matches(['|', ' ', '`']).to_owned(), cells[1].trim().to_owned())
        })
        .collect();
    assert_eq!(documented, defaults);
}

#[test]
fn each_price_stands_on_a_price_page_of_aws() {
    let text = read("infra/COST.md");
    let (_, section) = text.split_once("## Where the prices are from").unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 7, "{rows:?}");
    for row in &rows {
        let [link] = &links(row)[..] else { panic!("one page: {row}") };
        assert!(link.starts_with("https://aws.amazon.com/") && link.contains("/pricing/"), "{row}");
    }
    // Whatever is not AWS's is no source of a number.
    for link in links(&text).iter().filter(|link| link.contains("://")) {
        let host = link.split('/').nth(2).unwrap();
        assert!(
            ["aws.amazon.com", "docs.aws.amazon.com", "repost.aws", "www.repost.aws"].contains(&host),
            "{link}"
        );
    }
}
