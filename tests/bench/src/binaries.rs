//! Builds what is measured, as it is deployed: each function in its own folder.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use flate2::{Compression, write::DeflateEncoder};

use crate::{arguments::Arguments, failure::Failure, report::progress};

/// What the product is measured against, below `floors/`.
pub(crate) const FLOORS: [&str; 5] = [NOTHING, LOGGING, LEAN, DOCUMENTED, HASHING];
/// Does nothing.
pub(crate) const NOTHING: &str = "nothing";
/// Does nothing, and writes a log line as long as the authorizer's for a malformed credential.
pub(crate) const LOGGING: &str = "logging";
/// Does the authorizer's read, lean.
pub(crate) const LEAN: &str = "lean";
/// Does the authorizer's read with the SDK set up as its documentation shows.
pub(crate) const DOCUMENTED: &str = "documented";
/// Makes one argon2 run.
pub(crate) const HASHING: &str = "hashing";
/// What is measured in the first place.
pub(crate) const AUTHORIZER: &str = "authorize-request";

/// Bytes of a ZIP file besides its one entry's data.
const ZIP_FRAME: usize = 132;

/// The release binaries that are needed, copied, and where the bench may write.
#[derive(Debug)]
pub(crate) struct Binaries {
    pub(crate) workspace: PathBuf,
    pub(crate) logs: PathBuf,
    pub(crate) functions: Vec<String>,
    files: BTreeMap<String, PathBuf>,
}

/// How large a binary is, in bytes.
#[derive(Debug)]
pub(crate) struct Size {
    pub(crate) name: String,
    pub(crate) binary: usize,
    pub(crate) zipped: usize,
}

impl Binaries {
    /// Builds the floors and functions that the wanted sections need, where they are not up to date, and copies them.
    ///
    /// A copy is written from its beginning to its end, as Lambda unpacks a zip. The file that the linker wrote starts
    /// a tenth later.
    pub(crate) fn build(arguments: &Arguments) -> Result<Self, Failure> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = here.ancestors().nth(2).unwrap_or(here).to_owned();
        let program = std::env::current_exe().map_err(Failure::system("cannot find this program"))?;
        let target = program.ancestors().nth(3).unwrap_or(&workspace).to_owned();
        let functions = folders(&workspace.join("functions"))?;
        let floors = FLOORS.map(|floor| (floor.to_owned(), here.join("floors").join(floor)));
        let own = functions.iter().map(|name| (name.clone(), workspace.join("functions").join(name)));
        let needed = |(name, _): &(String, PathBuf)| arguments.needs(name);
        let all: Vec<_> = floors.into_iter().chain(own).filter(needed).collect();
        let copies = target.join("bench-binaries");
        fs::create_dir_all(&copies).map_err(|cause| Failure::File { path: copies.clone(), cause })?;
        let mut files = BTreeMap::new();
        for (position, (name, folder)) in all.iter().enumerate() {
            if arguments.builds() {
                progress(&format!("building {name} ({} of {})", position + 1, all.len()));
                build(folder, &target)?;
            }
            let file = target.join("release").join(name);
            if file.is_file() {
                let copy = copies.join(name);
                fs::copy(&file, &copy).map_err(|cause| Failure::File { path: copy.clone(), cause })?;
                files.insert(name.clone(), copy);
            }
        }
        let functions = functions.into_iter().filter(|name| files.contains_key(name)).collect();
        Ok(Self { workspace, logs: target.join("bench-logs"), functions, files })
    }

    pub(crate) fn file(&self, name: &str) -> Result<PathBuf, Failure> {
        self.files.get(name).cloned().ok_or_else(|| Failure::NoBinary(name.to_owned()))
    }

    /// Measures the binaries, and what they are once zipped, in bytes.
    pub(crate) fn sizes(&self) -> Result<Vec<Size>, Failure> {
        progress("zipping");
        thread::scope(|scope| {
            let sizes: Vec<_> =
                self.files.iter().map(|(name, file)| (name, scope.spawn(|| size(file)))).collect();
            sizes
                .into_iter()
                .map(|(name, size)| {
                    let (binary, zipped) = size.join().expect("zipping does not panic")?;
                    Ok(Size { name: name.clone(), binary, zipped })
                })
                .collect()
        })
    }
}

fn size(file: &Path) -> Result<(usize, usize), Failure> {
    let failed = |cause| Failure::File { path: file.to_owned(), cause };
    let binary = fs::read(file).map_err(failed)?;
    let mut zipped = DeflateEncoder::new(Vec::new(), Compression::default());
    zipped.write_all(&binary).map_err(failed)?;
    Ok((binary.len(), zipped.finish().map_err(failed)?.len() + ZIP_FRAME))
}

/// What Cargo tells the program that it runs; build scripts that watch it would run again.
fn is_cargos_own(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn build(folder: &Path, target: &Path) -> Result<(), Failure> {
    let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    command.current_dir(folder).args(["build", "--release", "--quiet", "--target-dir"]).arg(target);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_cargos_own)) {
        command.env_remove(name);
    }
    let status = command.stdin(Stdio::null()).status().map_err(Failure::system("cannot run Cargo"))?;
    if status.success() { Ok(()) } else { Err(Failure::Build(folder.to_owned())) }
}

fn folders(path: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |cause| Failure::File { path: path.to_owned(), cause };
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
