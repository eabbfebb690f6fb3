//! A copy of the repository whose sources hold all mutants of comparisons: `target/mutants/tree`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use syn::Item;

use crate::{
    failure::Failure,
    folders::{self, read, write},
    rewriting::{self, Rewritten},
    signature, switch,
};

/// A mutant of a comparison, or of what a function returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) name: String,
    /// The folder of its crate, such as `shared/domain`.
    pub(crate) package: String,
    /// What the names of its file's unit tests start with, such as `text::visible::`.
    pub(crate) module: String,
}

/// Returns where the copy lies.
pub(crate) fn root() -> PathBuf {
    folders::of_comparisons().join("tree")
}

/// Copies the repository, and rewrites the sources of the product. Returns the mutants in order.
///
/// A file that stays as it was keeps its time, so that Cargo builds only what changed.
pub(crate) fn copy(active: &Path) -> Result<Vec<Comparison>, Failure> {
    let files = folders::files(&folders::workspace())?;
    let sources: Vec<_> = files.iter().filter_map(|path| Source::of(path)).collect();
    let left_out = left_out(&sources)?;
    let (mut mutants, mut kept) = (Vec::new(), BTreeSet::new());
    for path in &files {
        kept.insert(path.clone());
        let source = Source::of(path).filter(|source| !source.is_below(&left_out));
        let Some(source) = source else {
            copy_file(path)?;
            continue;
        };
        let text = read(&folders::workspace().join(path))?;
        let mut rewritten = rewrite(path, &text)?;
        if source.inner == "lib.rs" {
            rewritten.text.extend(["\nmod ", switch::MODULE, ";\n"]);
            let module = format!("{}/src/{}.rs", source.package, switch::MODULE);
            write(&root().join(&module), switch::module(active, &folders::of_notes()).as_bytes())?;
            kept.insert(module);
        }
        write(&root().join(path), rewritten.text.as_bytes())?;
        mutants.extend(rewritten.names.into_iter().map(|name| source.mutant(name)));
    }
    remove_others(&kept)?;
    Ok(mutants)
}

/// A source file of the product.
#[derive(Debug, Clone, Copy)]
struct Source<'p> {
    package: &'p str,
    /// The path below `src/`.
    inner: &'p str,
    path: &'p str,
}

impl<'p> Source<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let (package, inner) = path.split_once("/src/")?;
        let is_product = package.starts_with("shared/") || package.starts_with("functions/");
        let is_rust = Path::new(inner).extension().is_some_and(|extension| extension == "rs");
        // A `main.rs` only wires.
        (is_product && is_rust && inner != "main.rs").then_some(Self { package, inner, path })
    }

    /// The path of its modules: `text/visible` for `text/visible.rs`, and nothing for `lib.rs`.
    fn module(&self) -> &'p str {
        if self.inner == "lib.rs" { "" } else { self.inner.trim_end_matches(".rs") }
    }

    fn is_below(&self, modules: &BTreeSet<String>) -> bool {
        let own = self.path.trim_end_matches(".rs");
        modules.iter().any(|module| {
            own.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn mutant(&self, name: String) -> Comparison {
        let module = self.module().replace('/', "::");
        let module = if module.is_empty() { "tests::".to_owned() } else { format!("{module}::") };
        Comparison { name, package: self.package.to_owned(), module }
    }
}

/// Lists the modules that are compiled for tests or documents alone, as paths without `.rs`.
fn left_out(sources: &[Source<'_>]) -> Result<BTreeSet<String>, Failure> {
    let mut found = BTreeSet::new();
    for source in sources {
        let file = parse(source.path, &read(&folders::workspace().join(source.path))?)?;
        let below = format!("{}/src/{}/", source.package, source.module()).replace("//", "/");
        for item in file.items {
            if let Item::Mod(module) = &item
                && signature::is_left_out(signature::attributes(&item))
            {
                found.insert(format!("{below}{}", module.ident));
            }
        }
    }
    Ok(found)
}

fn parse(path: &str, text: &str) -> Result<syn::File, Failure> {
    syn::parse_file(text).map_err(|source| Failure::NoRust { path: path.to_owned(), source })
}

fn rewrite(path: &str, text: &str) -> Result<Rewritten, Failure> {
    rewriting::rewrite(path, text).map_err(|source| Failure::NoRust { path: path.to_owned(), source })
}

fn copy_file(path: &str) -> Result<(), Failure> {
    let (from, to) = (folders::workspace().join(path), root().join(path));
    let unreadable = |source| Failure::Unreadable { path: from.clone(), source };
    write(&to, &fs::read(&from).map_err(unreadable)?)?;
    let permissions = fs::metadata(&from).map_err(unreadable)?.permissions();
    fs::set_permissions(&to, permissions).map_err(|source| Failure::Unwritable { path: to.clone(), source })
}

/// Removes what an earlier copy left, or a test wrote.
fn remove_others(kept: &BTreeSet<String>) -> Result<(), Failure> {
    for path in folders::files(&root())?.difference(kept) {
        let path = root().join(path);
        fs::remove_file(&path).map_err(|source| Failure::Unwritable { path, source })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_the_product_are_rewritten() {
        let of = |path| Source::of(path).map(|source| source.mutant("a: b".to_owned()));
        for (path, package, module) in [
            ("shared/domain/src/text/visible.rs", "shared/domain", "text::visible::"),
            ("functions/manage-users/src/lib.rs", "functions/manage-users", "tests::"),
        ] {
            let (package, module) = (package.to_owned(), module.to_owned());
            assert_eq!(of(path), Some(Comparison { name: "a: b".to_owned(), package, module }));
        }
        for path in [
            "functions/manage-users/src/main.rs",
            "functions/build.rs",
            "infra/local/src/lib.rs",
            "shared/README.md",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn modules_for_tests_and_documents_are_left_out() {
        let path = "functions/describe-caller/src/openapi.rs";
        let lib = Source::of("functions/describe-caller/src/lib.rs").unwrap();
        let modules = left_out(&[lib]).unwrap();
        assert!(Source::of(path).unwrap().is_below(&modules), "{modules:?}");
        assert!(!lib.is_below(&modules));
        let longer = "functions/describe-caller/src/openapi_more.rs";
        assert!(!Source::of(longer).unwrap().is_below(&modules));
    }
}
