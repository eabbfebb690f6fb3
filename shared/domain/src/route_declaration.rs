//! What the routes of an API need, as the API's own template declares it.

use std::{borrow::Borrow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{joined::Joined, permission::Permission};

/// The most routes of a declaration.
pub const MAX_ROUTES: usize = 300;

/// The most bytes of a route key.
pub const MAX_ROUTE_KEY_BYTES: usize = 1_024;

/// The most bytes of all route keys and permissions of a declaration.
pub const MAX_DECLARATION_BYTES: usize = 64 * 1024;

/// The methods of route keys. `ANY` is each of them.
const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Routes that have no method and path.
const SPECIAL: [&str; 2] = ["$connect", "$default"];

/// A route as the gateway names it: `GET /clusters/{id}`, `ANY /clusters`, `$default` or `$connect`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RouteKey(String);

/// The text is not a route key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be `METHOD /path` with GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or ANY, `$default` or `$connect`, as the gateway \
     names the route, {MAX_ROUTE_KEY_BYTES} characters of ASCII at most"
)]
pub struct BadRouteKey;

/// What a caller of a route must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Need {
    /// Nothing: each valid caller passes.
    Caller,
    /// This permission.
    Permission(Permission),
}

/// The text is not what a route can need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNeed {
    /// `deny` reads like a word of `Default`, and would be a permission that somebody may hold.
    #[error("cannot be `deny`: leave the route out, and set Default to `deny`")]
    Deny,
    /// It is no permission.
    #[error("must be `caller` or a permission, which {}", crate::permission::BadPermission)]
    NoPermission,
}

/// What routes need that a declaration does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Undeclared {
    /// Each valid caller passes.
    Caller,
    /// Nobody passes.
    Deny,
}

/// What the routes of one API need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteDeclaration {
    /// What every other route needs.
    #[serde(rename = "default")]
    pub undeclared: Undeclared,
    /// What each route needs.
    pub routes: BTreeMap<RouteKey, Need>,
}

/// Why a declaration is refused, in words for whoever deploys it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDeclaration {
    /// `Default` is none of its words.
    #[error("Default must be `caller` or `deny`")]
    Default,
    /// It has too many routes.
    #[error("Routes must be {MAX_ROUTES} at most, and are {0}")]
    TooMany(usize),
    /// It is too long.
    #[error("Routes must have {MAX_DECLARATION_BYTES} bytes at most, and have {0}")]
    TooLong(usize),
    /// A route is not named as the gateway names it.
    #[error("Routes: {0} {1}")]
    RouteKey(Quoted, #[source] BadRouteKey),
    /// A route needs something that is no permission.
    #[error("Routes: {0}: {1} {2}")]
    Need(Quoted, Quoted, #[source] BadNeed),
}

/// A text that somebody else wrote, in quotes and cut.
#[derive(Debug, PartialEq, Eq)]
pub struct Quoted(String);

impl RouteDeclaration {
    /// Checks the texts of a declaration.
    pub fn parse<'t>(
        undeclared: &str,
        routes: impl ExactSizeIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, BadDeclaration> {
        let undeclared = match undeclared {
            "caller" => Undeclared::Caller,
            "deny" => Undeclared::Deny,
            _ => return Err(BadDeclaration::Default),
        };
        if routes.len() > MAX_ROUTES {
            return Err(BadDeclaration::TooMany(routes.len()));
        }
        let (mut parsed, mut bytes) = (BTreeMap::new(), 0);
        for (key, need) in routes {
            bytes += key.len() + need.len();
            let route = RouteKey::try_from(key.to_owned())
                .map_err(|bad| BadDeclaration::RouteKey(Quoted::new(key), bad))?;
            let need = Need::try_from(need.to_owned())
                .map_err(|bad| BadDeclaration::Need(Quoted::new(key), Quoted::new(need), bad))?;
            parsed.insert(route, need);
        }
        if bytes > MAX_DECLARATION_BYTES {
            return Err(BadDeclaration::TooLong(bytes));
        }
        Ok(Self { undeclared, routes: parsed })
    }

    /// Tells whether a caller who holds `held` may use a route.
    ///
    /// `path` is the route's: `/clusters/{id}`, `$default` or `$connect`. `method` is the request's, so a request of a
    /// route `ANY /x` meets what `GET /x` and `ANY /x` need, both. `HEAD` needs what `GET` needs too: it runs the same
    /// code in most backends, and its headers describe the answer.
    #[must_use]
    pub fn permits(&self, method: &str, path: &str, held: &Joined<Permission>) -> bool {
        if SPECIAL.contains(&path) {
            return self.permits_all_of(&[path.to_owned()], held);
        }
        let of = |method: &str| format!("{method} {path}");
        let as_declared = |method| self.permits_all_of(&[of(method), of("ANY")], held);
        match method {
            "HEAD" => {
                let own = self.routes.get(of("HEAD").as_str());
                as_declared("GET") && own.is_none_or(|need| need.is_met(held))
            }
            method => as_declared(method),
        }
    }

    /// Tells whether the caller meets the needs of all of these names that are declared; of none, the default.
    fn permits_all_of(&self, names: &[String], held: &Joined<Permission>) -> bool {
        let mut declared = names.iter().filter_map(|name| self.routes.get(name.as_str())).peekable();
        match declared.peek() {
            Some(_) => declared.all(|need| need.is_met(held)),
            None => self.undeclared == Undeclared::Caller,
        }
    }

    /// Estimates the memory that the declaration takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        /// What an entry takes beside its texts.
        const EACH: usize = 96;
        let texts = self.routes.iter().map(|(key, need)| EACH + key.0.len() + need.as_str().len());
        size_of::<Self>() + texts.sum::<usize>()
    }
}

impl Need {
    fn is_met(&self, held: &Joined<Permission>) -> bool {
        match self {
            Self::Caller => true,
            Self::Permission(needed) => held.cover(needed),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Caller => "caller",
            Self::Permission(permission) => permission.as_str(),
        }
    }
}

impl TryFrom<String> for RouteKey {
    type Error = BadRouteKey;

    fn try_from(text: String) -> Result<Self, BadRouteKey> {
        let with_path = text.split_once(' ').is_some_and(|(method, path)| {
            METHODS.contains(&method) && path.starts_with('/') && path.bytes().all(|c| c.is_ascii_graphic())
        });
        let fits = text.len() <= MAX_ROUTE_KEY_BYTES;
        if fits && (with_path || SPECIAL.contains(&text.as_str())) {
            Ok(Self(text))
        } else {
            Err(BadRouteKey)
        }
    }
}

impl From<RouteKey> for String {
    fn from(key: RouteKey) -> Self {
        key.0
    }
}

impl Borrow<str> for RouteKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Need {
    type Error = BadNeed;

    fn try_from(text: String) -> Result<Self, BadNeed> {
        match text.as_str() {
            "caller" => Ok(Self::Caller),
            "deny" => Err(BadNeed::Deny),
            _ => Ok(Self::Permission(text.try_into().map_err(|_| BadNeed::NoPermission)?)),
        }
    }
}

impl From<Need> for String {
    fn from(need: Need) -> Self {
        need.as_str().to_owned()
    }
}

impl Quoted {
    /// Quotes a text, the first 100 characters of it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        const MAX: usize = 100;
        let cut: String = text.chars().take(MAX).collect();
        let rest = if cut.len() < text.len() { "…" } else { "" };
        Self(format!("{cut:?}{rest}"))
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
