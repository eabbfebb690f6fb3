//! The page to which a person returns after signing in.

/// The longest path with its query, bytes. It travels in a cookie.
const MAX_LENGTH: usize = 1_024;

const CONSOLE: &str = "/console";

/// Below the console, what is no page to return to.
const NO_PAGES: [&str; 6] = ["sign-in", "callback", "session", "sign-out", "sign-in-failed", "signed-out"];

/// A page of the console: a path of this origin with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnTo(String);

impl Default for ReturnTo {
    fn default() -> Self {
        Self(CONSOLE.to_owned())
    }
}

impl ReturnTo {
    /// Reads a path of the console. `None` for any other text, and for one that a browser would read as another path.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let below = path.strip_prefix(CONSOLE)?;
        let in_path = |byte: u8| byte.is_ascii_alphanumeric() || b"._~/-".contains(&byte);
        let in_query = |byte: u8| byte.is_ascii_alphanumeric() || b"._~=&%-".contains(&byte);
        let mut segments = below.split('/');
        // Before the first slash there is nothing, or the path only starts like the console's.
        let starts_right = segments.next() == Some("");
        let is_right = text.len() <= MAX_LENGTH
            && starts_right
            && below.bytes().all(in_path)
            && query.bytes().all(in_query)
            && segments.all(|segment| !matches!(segment, "" | "." | ".."));
        let first = below.split('/').nth(1).unwrap_or_default();
        (is_right && !NO_PAGES.contains(&first)).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_are_returned_to() {
        for page in [
            "/console",
            "/console/O/access-keys",
            "/console/a-b_c.d~e/f",
            "/console?x=1",
            "/console/O/access-keys?status=active&q=a%20b&x=.~-_",
        ] {
            let parsed = ReturnTo::parse(page);
            assert_eq!(parsed.as_ref().map(ReturnTo::as_str), Some(page));
        }
        let [longest, long] = [1_015, 1_016].map(|more| format!("/console/{}", "a".repeat(more)));
        assert!(ReturnTo::parse(&longest).is_some());
        for other in [
            "",
            "/",
            "console",
            "/consolex",
            "/console.example",
            "/Console",
            "//evil.example",
            "/\\evil.example",
            "/console//evil.example",
            "/console/\\evil.example",
            "https://evil.example/console",
            "/console@evil.example",
            "/console:80",
            "javascript:alert(1)",
            "/v1/organizations",
            "/console/../v1/organizations",
            "/console/./x",
            "/console/",
            "/console/x/",
            "/console/%2e%2e/v1",
            "/console/x\r\nset-cookie: a=b",
            "/console/x y",
            "/console/x#y",
            "/console?x=/y",
            "/console?x=y?z",
            "/console?x=\r\ny",
            "/console/é",
            "/console/sign-in",
            "/console/sign-in?return_to=x",
            "/console/callback?code=x",
            "/console/session",
            "/console/sign-out",
            "/console/sign-in-failed?reason=denied",
            "/console/signed-out",
            &long,
        ] {
            assert_eq!(ReturnTo::parse(other), None, "{other:?}");
        }
    }

    /// Reads a text as a browser reads the target of a link on this origin: the path that it asks for, or `None` if it
    /// asks another origin.
    fn path_asked_for(text: &str) -> Option<String> {
        let text = text.trim_matches(|c: char| c <= ' ').replace(['\t', '\n', '\r'], "").replace('\\', "/");
        let path =
            text.split(['?', '#']).next().filter(|path| path.starts_with('/') && !path.starts_with("//"))?;
        let mut segments = Vec::new();
        for segment in path.split('/').skip(1) {
            match &*segment.to_ascii_lowercase().replace("%2e", ".") {
                "." => {}
                ".." => drop(segments.pop()),
                _ => segments.push(segment),
            }
        }
        Some(format!("/{}", segments.join("/")))
    }

    #[test]
    fn fuzzed_pages_are_those_of_the_console_to_a_browser_too() {
        fuzz::texts("return_to").play(|text| {
            let Some(page) = ReturnTo::parse(text) else { return false };
            assert_eq!(page.as_str(), text);
            assert!(text.len() <= 1_024 && text.bytes().all(|byte| byte.is_ascii_graphic()));
            let path = path_asked_for(text).unwrap();
            assert!(text == path || text.starts_with(&format!("{path}?")), "{path}");
            let mut segments = path.split('/').skip(1);
            assert_eq!(segments.next(), Some("console"));
            assert!(segments.next().is_none_or(|first| !first.is_empty() && !NO_PAGES.contains(&first)));
            true
        });
    }
}
