//! Embeds the files of the console: one hash for the whole tree, and each file plain and compressed.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

#[path = "../build.rs"]
mod fixed_address;

const ASSETS: &str = "assets";

/// Where `index.html` names the hash.
const PLACE: &str = "{hash}";

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script its target in the environment")]
fn main() {
    fixed_address::main();
    println!("cargo::rerun-if-changed={ASSETS}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets the variables of a build script"));
    embed(&out).expect("the assets can be read, and the output directory can be written");
}

fn embed(out: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    collect(Path::new(ASSETS), &mut files)?;
    files.sort();
    let hash = hash(&files)?;
    let mut code = format!(
        "/// Names the content of the whole tree.\npub(crate) const HASH: &str = \"{hash}\";\n\n/// All files, by path.\npub(crate) static FILES: [File; {}] = [\n",
        files.len()
    );
    for (number, file) in files.iter().enumerate() {
        let path = text(file.strip_prefix(ASSETS).expect("it was found there"));
        let content =
            fs::read_to_string(file)?.replace(PLACE, if path == "index.html" { &hash } else { PLACE });
        let (plain, compressed) = (out.join(format!("{number}.txt")), out.join(format!("{number}.gz")));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content.as_bytes())?;
        fs::write(&compressed, encoder.finish()?)?;
        fs::write(&plain, content)?;
        let (plain, compressed) = (text(&plain), text(&compressed));
        writeln!(
            code,
            "    File {{ path: {path:?}, text: include_str!({plain:?}), gzip: include_bytes!({compressed:?}) }},"
        )
        .expect("text takes every character");
    }
    code.push_str("];\n");
    fs::write(out.join("assets.rs"), code)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the paths of the assets are text")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Returns 16 hexadecimal digits. Another path or another byte makes another hash.
fn hash(files: &[PathBuf]) -> io::Result<String> {
    let mut hasher = Sha256::new();
    for file in files {
        let content = fs::read(file)?;
        hasher.update(format!("{}\n{}\n", file.display(), content.len()));
        hasher.update(content);
    }
    Ok(hasher.finalize().iter().take(8).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")))
}
