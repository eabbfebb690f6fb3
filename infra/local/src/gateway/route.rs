//! Chooses the route of a request.

use std::cmp::Reverse;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::template::api::Route;

/// The route of a request, and its path parameters.
#[derive(Debug)]
pub(super) struct RouteMatch<'r> {
    pub(super) route: &'r Route,
    /// Decoded values by name.
    pub(super) path_parameters: Map<String, Value>,
}

/// Finds the route of a request. An exact segment beats a parameter, a parameter beats a greedy one, and a method beats
/// `ANY`. `$default` comes last.
pub(super) fn find<'r>(routes: &'r [Route], method: &str, path: &str) -> Option<RouteMatch<'r>> {
    let candidates = routes.iter().filter(|route| route.method == method || route.method == "ANY");
    let matched = candidates.filter_map(|route| {
        let (rank, path_parameters) = match_path(&route.path, path)?;
        Some((Reverse(rank), route.method != "ANY", RouteMatch { route, path_parameters }))
    });
    matched
        .max_by(|(rank, exact, _), (other, other_exact, _)| (rank, exact).cmp(&(other, other_exact)))
        .map(|best| best.2)
}

/// Decodes a path, or a part of it.
pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

const EXACT: u8 = 0;
const PARAMETER: u8 = 1;
const GREEDY: u8 = 2;
const DEFAULT: u8 = 3;

fn match_path(pattern: &str, path: &str) -> Option<(Vec<u8>, Map<String, Value>)> {
    let mut parameters = Map::new();
    if pattern == "$default" {
        return Some((vec![DEFAULT], parameters));
    }
    let mut rank = Vec::new();
    let mut rest = Some(path.strip_prefix('/')?);
    for segment in pattern.strip_prefix('/')?.split('/') {
        let whole = rest?;
        let (value, after) =
            whole.split_once('/').map_or((whole, None), |(value, after)| (value, Some(after)));
        match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            None if decode(value) == segment => rank.push(EXACT),
            None => return None,
            Some(name) => {
                let (name, value, kind) = match name.strip_suffix('+') {
                    Some(greedy) => (greedy, whole, GREEDY),
                    None => (name, value, PARAMETER),
                };
                if value.is_empty() {
                    return None;
                }
                parameters.insert(name.to_owned(), decode(value).into());
                rank.push(kind);
                if kind == GREEDY {
                    return Some((rank, parameters));
                }
            }
        }
        rest = after;
    }
    rest.is_none().then_some((rank, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(routes: &[&str], request: &str, expected: Option<(&str, &[(&str, &str)])>) {
        let route = |key: &&str| {
            let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
            Route {
                method: method.to_owned(),
                path: path.to_owned(),
                function: String::new(),
                authorizer: None,
            }
        };
        let routes: Vec<Route> = routes.iter().map(route).collect();
        let (method, path) = request.split_once(' ').unwrap();
        let found = find(&routes, method, path).map(|matched| {
            (
                matched.route.key(),
                matched
                    .path_parameters
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect::<Vec<_>>(),
            )
        });
        let expected = expected.map(|(key, parameters)| {
            (
                key.to_owned(),
                parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect(),
            )
        });
        assert_eq!(found, expected, "{request}");
    }

    #[test]
    fn exact_beats_parameter_beats_greedy_beats_default() {
        let routes = ["GET /a/{id}", "GET /a/b", "GET /a/{proxy+}", "$default", "ANY /a/b", "GET /{x}/b"];
        check(&routes, "GET /a/b", Some(("GET /a/b", &[])));
        check(&routes, "POST /a/b", Some(("ANY /a/b", &[])));
        check(&routes, "GET /a/c", Some(("GET /a/{id}", &[("id", "c")])));
        check(&routes, "GET /a/c/d", Some(("GET /a/{proxy+}", &[("proxy", "c/d")])));
        check(&routes, "GET /z/b", Some(("GET /{x}/b", &[("x", "z")])));
        check(&routes, "GET /z", Some(("$default", &[])));
    }

    #[test]
    fn paths_are_not_normalised() {
        let routes = ["GET /a/{id}", "GET /a"];
        check(&routes, "GET /a/", None);
        check(&routes, "GET /a/b/", None);
        check(&routes, "GET //a", None);
        check(&routes, "GET /a//b", None);
        check(&routes, "GET /A", None);
        check(&routes, "PUT /a", None);
        check(&routes, "GET /a/b%2Fc", Some(("GET /a/{id}", &[("id", "b/c")])));
        check(&routes, "GET /%61", Some(("GET /a", &[])));
    }
}
