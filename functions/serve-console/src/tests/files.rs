//! Tests of the files: what must never occur in them, their weight, and that they fit the API.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use sha2::{Digest as _, Sha256};

use crate::assets::{FILES, File};

/// Names that no own file has: ways to run text, and places where a secret could stay.
const FORBIDDEN: [&str; 15] = [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "unsafeHTML",
    "eval(",
    "new Function",
    "document.write",
    "localStorage",
    "sessionStorage",
    "indexedDB",
    "document.cookie",
    "console.log",
    "serviceWorker",
    "readText",
    "createPolicy",
];

fn own() -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|file| !file.path.starts_with("vendor/"))
}

fn scripts() -> impl Iterator<Item = &'static File> {
    own().filter(|file| file.media_type().starts_with("text/javascript"))
}

fn file(path: &str) -> &'static str {
    crate::assets::find(path).unwrap_or_else(|| panic!("{path} is not embedded")).text
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn no_own_file_runs_text_or_keeps_anything() {
    for file in own() {
        for name in FORBIDDEN {
            assert!(!file.text.contains(name), "{}: {name}", file.path);
        }
    }
}

#[test]
fn one_file_calls_fetch_and_all_requests_stay_on_this_origin() {
    for file in own() {
        let calls = file.text.matches("fetch(").count();
        assert_eq!(calls, usize::from(file.path == "api.js"), "{}", file.path);
        let foreign = file.text.replace("http://www.w3.org/2000/svg", "");
        assert!(!foreign.contains("http://") && !foreign.contains("https://"), "{}", file.path);
    }
}

#[test]
fn the_index_has_nothing_inline() {
    let index = file("index.html");
    assert!(!index.contains("<style") && !index.contains("style=") && !index.contains(" on"), "{index}");
    for script in index.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains(" src=\"/console/assets/") && rest.starts_with("</script>"), "{tag}");
    }
    for file in scripts() {
        assert!(!file.text.contains(" style="), "{}", file.path);
    }
}

#[test]
fn what_is_served_is_the_source_without_the_lines_that_are_comments_alone() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    for file in own().filter(|file| file.path != "index.html") {
        let source = fs::read_to_string(assets.join(file.path)).unwrap();
        let mut served = file.text.lines().peekable();
        let mut comment = String::new();
        for line in source.lines() {
            if served.next_if_eq(&line).is_some() {
                assert_eq!(comment, "", "{}: {line}", file.path);
                continue;
            }
            comment.push_str(line.trim());
            let is_line = comment.starts_with("//");
            let is_whole = comment.starts_with("/*") && comment.find("*/") == Some(comment.len() - 2);
            assert!(is_line || comment.starts_with("/*"), "{}: {comment}", file.path);
            if is_line || is_whole {
                comment.clear();
            }
        }
        assert_eq!((served.next(), &*comment), (None, ""), "{}", file.path);
        let starts = file.text.lines().map(str::trim_start);
        assert_eq!(starts.filter(|line| line.starts_with("//")).count(), 0, "{}", file.path);
    }
}

/// What a visit loads has its own budgets below. The whole tree has every page. The first estimate was 160 kB (60 kB
/// compressed); the same text compressed as one stream has 59 kB.
#[test]
fn the_tree_keeps_its_budget() {
    let raw: usize = FILES.iter().map(|file| file.text.len()).sum();
    let compressed: usize = FILES.iter().map(|file| file.gzip.len()).sum();
    assert!(raw <= 214_500, "{raw} bytes");
    assert!(compressed <= 84_000, "{compressed} bytes compressed");
    for file in &FILES {
        assert!(file.text.len() <= 16_000, "{}: {} bytes", file.path, file.text.len());
    }
}

#[test]
fn what_others_wrote_is_unmodified() {
    let mut pins = String::from("lit-html 3.3.3\n");
    for file in FILES.iter().filter(|file| file.path.starts_with("vendor/lit-html/")) {
        let digest = Sha256::digest(file.text).iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        writeln!(pins, "{digest}  {}", file.path.trim_start_matches("vendor/")).unwrap();
    }
    let sorted = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(file("vendor/PINS")), sorted(&pins));
}

#[test]
fn every_call_is_a_route_of_the_template() {
    let template = fs::read_to_string(root().join("template.yaml")).unwrap();
    let lines = template
        .lines()
        .filter_map(|line| line.split_once("ApiId: !Ref Api, Method: ")?.1.split_once(", Path: \""));
    let routes: BTreeSet<_> =
        lines.map(|(method, path)| format!("{method} {}", path.split('"').next().unwrap())).collect();
    assert!(routes.contains("GET /console/{path+}"), "{routes:?}");
    let mut called = 0;
    for line in file("api.js").lines().filter(|line| line.starts_with("export const")) {
        let route = line.split('\'').nth(1).unwrap();
        assert!(routes.contains(route), "{route}");
        called += 1;
    }
    assert!(called > 30, "{called}");
}

#[test]
fn every_action_of_the_audit_log_can_be_chosen() {
    let actions = fs::read_to_string(root().join("shared/domain/src/audit.rs")).unwrap();
    let actions: Vec<_> = actions
        .lines()
        .filter_map(|line| line.trim().strip_suffix("\",")?.split_once(" => \"")?.1.split_once('.'))
        .collect();
    assert!(actions.len() > 15, "{actions:?}");
    for (target, action) in actions {
        let (_, names) = file("pages/audit.js").split_once(&format!(" {target}: '")).unwrap();
        let mut names = names.split('\'').next().unwrap().split(' ');
        assert!(names.any(|name| name == action), "{target}.{action}");
    }
}

#[test]
fn every_problem_of_the_api_has_a_sentence() {
    let codes = fs::read_to_string(root().join("shared/api/src/problem_code.rs")).unwrap();
    let codes: Vec<_> =
        codes.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \"")).collect();
    assert!(codes.len() > 15, "{codes:?}");
    for (_, rest) in codes {
        let code = rest.split('"').next().unwrap();
        assert!(file("problems.js").contains(&format!("\n  {code}: ")), "{code}");
    }
}

#[test]
fn every_import_and_every_page_is_there() {
    for file in scripts() {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for import in file.text.split("from '").skip(1).chain(file.text.split("import('").skip(1)) {
            let target = import.split('\'').next().unwrap();
            let path = match target.strip_prefix("../") {
                Some(above) => above.to_owned(),
                None if folder.is_empty() => target.trim_start_matches("./").to_owned(),
                None => format!("{folder}/{}", target.trim_start_matches("./")),
            };
            assert!(crate::assets::find(&path).is_some(), "{}: {target}", file.path);
        }
    }
    for line in file("router.js").lines().filter(|line| line.starts_with("  ['")) {
        let page = line.split('\'').nth(3).unwrap();
        assert!(crate::assets::find(&format!("pages/{page}.js")).is_some(), "{page}");
    }
}

/// Lists the files that `entry` loads, itself included: all that it and they import at once.
fn loaded(entry: &str, found: &mut BTreeSet<String>) {
    if !found.insert(entry.to_owned()) {
        return;
    }
    let folder = entry.rsplit_once('/').map_or("", |(folder, _)| folder);
    let text = file(entry);
    let quote = if entry.starts_with("vendor/") { "from\"" } else { "from '" };
    for import in text.split(quote).skip(1) {
        let target = import.split(['\'', '"']).next().unwrap();
        let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in target.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                name => parts.push(name),
            }
        }
        loaded(&parts.join("/"), found);
    }
}

/// What a browser loads to show one's own keys.
fn first_visit() -> BTreeSet<String> {
    let mut found: BTreeSet<_> =
        ["index.html", "console.css", "dialogs.css", "icon.svg"].map(str::to_owned).into_iter().collect();
    loaded("main.js", &mut found);
    loaded("pages/my-keys.js", &mut found);
    found
}

#[test]
fn the_first_visit_keeps_its_budget() {
    let files = first_visit();
    let weight: usize = files.iter().map(|path| crate::assets::find(path).unwrap().gzip.len()).sum();
    assert!(files.len() <= 25, "{} files: {files:?}", files.len());
    assert!(weight <= 45_000, "{weight} bytes compressed");
}

#[test]
fn a_change_of_page_loads_three_modules_at_most() {
    let known = first_visit();
    for page in FILES.iter().filter(|file| file.path.starts_with("pages/")) {
        let mut all = known.clone();
        loaded(page.path, &mut all);
        let added: Vec<_> = all.difference(&known).collect();
        assert!(added.len() <= 3, "{}: {added:?}", page.path);
    }
}

#[test]
fn rights_are_those_of_the_domain() {
    let rights = file("rights.js");
    let mut count = 0;
    for (action, permission, extent) in domain::access::rules() {
        let line = format!("\n  {action:?}: ['{permission}', '{extent:?}'],\n");
        assert!(rights.contains(&line), "{line}");
        count += 1;
    }
    assert_eq!(rights.lines().filter(|line| line.starts_with("  ") && line.ends_with("'],")).count(), count);
}
