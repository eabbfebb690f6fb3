//! The rule that no files of a crate import each other in a circle.
//!
//! A parent's `mod` and `pub use` of its children are no imports: they only list what the folder holds.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Attribute, File, ImplItemFn, Item, ItemMod, ItemUse, Path, UseTree, Visibility,
    visit::{self, Visit},
};

use super::{functions, read, root};

/// A module's path in its crate; the crate's own is empty.
type Module = Vec<String>;

/// The modules of a crate with their parsed files, and the items that each offers from others.
struct Crate {
    files: BTreeMap<Module, File>,
    reexports: BTreeMap<(Module, String), Vec<String>>,
}

impl Crate {
    fn read(folder: &str) -> Self {
        let mut files = BTreeMap::new();
        add_files(folder, &Module::new(), &mut files);
        let mut reexports = BTreeMap::new();
        for (module, file) in &files {
            for item in &file.items {
                if let Item::Use(item) = item
                    && !matches!(item.vis, Visibility::Inherited)
                {
                    for path in leaves(&item.tree) {
                        if let Some(name) = path.last() {
                            reexports.insert((module.clone(), name.clone()), path.clone());
                        }
                    }
                }
            }
        }
        Self { files, reexports }
    }

    /// Returns the module whose file holds what a path in `module` names; `None` outside the crate.
    fn target(&self, module: &Module, path: &[String]) -> Option<Module> {
        let absolute = self.absolute(module, path)?;
        let known =
            (0..=absolute.len()).rev().find(|length| self.files.contains_key(&absolute[..*length]))?;
        let found = absolute[..known].to_vec();
        match absolute.get(known).and_then(|name| self.reexports.get(&(found.clone(), name.clone()))) {
            Some(path) if *path != absolute => self.target(&found, path),
            _ => Some(found),
        }
    }

    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let mut start = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.clone(),
            "super" => module.split_last()?.1.to_vec(),
            child => {
                let mut start = module.clone();
                start.push(child.to_owned());
                if !self.files.contains_key(&start) {
                    return None;
                }
                start
            }
        };
        for segment in rest {
            if segment == "super" {
                start.pop();
            } else {
                start.push(segment.clone());
            }
        }
        Some(start)
    }

    fn imports(&self, module: &Module) -> BTreeSet<Module> {
        let mut paths = Paths::default();
        paths.visit_file(&self.files[module]);
        let targets = paths.0.iter().filter_map(|path| self.target(module, path));
        targets.filter(|target| target != module).collect()
    }
}

fn add_files(folder: &str, module: &Module, files: &mut BTreeMap<Module, File>) {
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = format!("{folder}/{name}");
        let stem = name.trim_end_matches(".rs");
        let mut child = module.clone();
        child.push(stem.to_owned());
        if root().join(&path).is_dir() {
            add_files(&path, &child, files);
        } else if name == "lib.rs" {
            files.insert(module.clone(), syn::parse_file(&read(&path)).unwrap());
        } else if stem != name && !["main", "tests"].contains(&stem) {
            files.insert(child, syn::parse_file(&read(&path)).unwrap());
        }
    }
}

/// The paths that a file names outside its tests.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl<'a> Visit<'a> for Paths {
    fn visit_path(&mut self, path: &'a Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        if matches!(item.vis, Visibility::Inherited) {
            self.0.extend(leaves(&item.tree));
        }
    }

    /// A `pub(crate)` is no import of the crate.
    fn visit_visibility(&mut self, _: &'a Visibility) {}

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg"))
}

/// Lists the paths of a `use`, one for each name.
fn leaves(tree: &UseTree) -> Vec<Vec<String>> {
    let below = |name: String, tree: &UseTree| {
        leaves(tree).into_iter().map(move |mut path| {
            path.insert(0, name.clone());
            path
        })
    };
    match tree {
        UseTree::Path(path) => below(path.ident.to_string(), &path.tree).collect(),
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
        UseTree::Name(name) if name.ident == "self" => vec![Vec::new()],
        UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        UseTree::Rename(rename) => vec![vec![rename.ident.to_string()]],
        UseTree::Glob(_) => vec![Vec::new()],
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let shared = ["domain", "table", "api", "sign-in"].map(|name| format!("shared/{name}/src"));
    let folders = functions().into_iter().map(|name| format!("functions/{name}/src")).chain(shared);
    let mut found = 0;
    for folder in folders {
        let krate = Crate::read(&folder);
        let mut open: BTreeMap<Module, BTreeSet<Module>> =
            krate.files.keys().map(|module| (module.clone(), krate.imports(module))).collect();
        found += open.values().map(BTreeSet::len).sum::<usize>();
        // Takes away the files that import nothing more: what is left imports each other.
        while let Some(leaf) =
            open.iter().find(|(_, imports)| imports.is_empty()).map(|(leaf, _)| leaf.clone())
        {
            open.remove(&leaf);
            for imports in open.values_mut() {
                imports.remove(&leaf);
            }
        }
        assert!(open.is_empty(), "{folder}: {open:#?}");
    }
    assert!(found > 300, "only {found} imports were found");
}
