//! The files of the console, as `build.rs` embeds them.

/// A file of `assets/`.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path below `assets/`, with `/`.
    pub(crate) path: &'static str,
    /// Its text. `index.html` has the hash of the tree in it.
    pub(crate) text: &'static str,
    /// The same, compressed.
    pub(crate) gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Finds a file by its path below `assets/`.
pub(crate) fn find(path: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.path.cmp(path)).ok().map(|place| &FILES[place])
}

impl File {
    pub(crate) fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }
}
