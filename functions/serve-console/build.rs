//! Embeds the files of the console: one hash for the whole tree, and each file plain and compressed. Of our own files the
//! lines that are comments alone stay behind.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

#[path = "src/comment_lines.rs"]
mod comment_lines;
#[path = "../build.rs"]
mod fixed_address;

use comment_lines::without_comment_lines;

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
    let texts: Vec<_> = files.iter().map(|file| served(file)).collect::<io::Result<_>>()?;
    let hash = hash(&files, &texts);
    let mut code = format!(
        "/// Names the content of the whole tree.\npub(crate) const HASH: &str = \"{hash}\";\n\n/// All files, by path.\npub(crate) static FILES: [File; {}] = [\n",
        files.len()
    );
    for (number, (file, content)) in files.iter().zip(texts).enumerate() {
        let path = text(file.strip_prefix(ASSETS).expect("it was found there"));
        let content = if path == "index.html" { content.replace(PLACE, &hash) } else { content };
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

/// Reads a file as it is served. What others wrote is served unmodified.
fn served(file: &Path) -> io::Result<String> {
    let content = fs::read_to_string(file)?;
    let is_code = file.extension().is_some_and(|extension| extension == "js" || extension == "css");
    let is_own = !file.starts_with(Path::new(ASSETS).join("vendor"));
    if !(is_code && is_own) {
        return Ok(content);
    }
    without_comment_lines(&content).map_err(|fault| io::Error::other(format!("{}: {fault}", file.display())))
}

/// Returns 16 hexadecimal digits. Another path or another byte that is served makes another hash.
fn hash(files: &[PathBuf], texts: &[String]) -> String {
    let mut hasher = Sha256::new();
    for (file, content) in files.iter().zip(texts) {
        hasher.update(format!("{}\n{}\n", file.display(), content.len()));
        hasher.update(content);
    }
    hasher.finalize().iter().take(8).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
