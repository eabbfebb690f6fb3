//! Tests of declarations: their rules, and whom they let pass.

use proptest::prelude::*;

use super::*;

fn declaration(undeclared: &str, routes: &[(&str, &str)]) -> Result<RouteDeclaration, BadDeclaration> {
    RouteDeclaration::parse(undeclared, routes.iter().copied())
}

fn held(permissions: &str) -> Joined<Permission> {
    permissions.to_owned().try_into().unwrap()
}

#[test]
fn a_route_is_found_by_its_method_and_by_any_and_must_meet_both() {
    let held = held("a:read");
    for (routes, method, path, permitted) in [
        (&[("GET /a", "a:read")][..], "GET", "/a", true),
        (&[("GET /a", "b")], "GET", "/a", false),
        (&[("ANY /a", "a:read")], "GET", "/a", true),
        (&[("ANY /a", "b")], "DELETE", "/a", false),
        (&[("ANY /a", "caller"), ("GET /a", "b")], "GET", "/a", false),
        (&[("ANY /a", "b"), ("GET /a", "caller")], "GET", "/a", false),
        (&[("ANY /a", "caller"), ("GET /a", "b")], "POST", "/a", true),
        (&[("GET /a", "caller")], "GET", "/a", true),
        (&[("GET /a", "caller")], "GET", "/a/", false),
        (&[("GET /a", "caller")], "POST", "/a", false),
        (&[("GET /a/{id}", "caller")], "GET", "/a/{id}", true),
        (&[("$default", "caller")], "GET", "$default", true),
        (&[("$default", "b")], "GET", "$default", false),
        (&[("$default", "caller")], "GET", "/a", false),
        (&[("$connect", "a:read")], "", "$connect", true),
        (&[("$connect", "b")], "", "$connect", false),
        (&[("$default", "caller")], "", "$connect", false),
        (&[], "GET", "/a", false),
    ] {
        let declaration = declaration("deny", routes).unwrap();
        assert_eq!(declaration.permits(method, path, &held), permitted, "{routes:?} {method} {path}");
    }
}

#[test]
fn a_route_that_is_not_declared_needs_what_the_default_says() {
    for (undeclared, permitted) in [("caller", true), ("deny", false)] {
        let declaration = declaration(undeclared, &[("GET /a", "a:read")]).unwrap();
        for (method, path) in
            [("POST", "/a"), ("GET", "/b"), ("HEAD", "/b"), ("GET", "$default"), ("", "$connect")]
        {
            assert_eq!(
                declaration.permits(method, path, &held("*")),
                permitted,
                "{undeclared} {method} {path}"
            );
        }
        assert!(declaration.permits("GET", "/a", &held("a:read")), "{undeclared}");
        assert!(!declaration.permits("GET", "/a", &held("b")), "{undeclared}");
    }
}

#[test]
fn head_needs_what_get_needs_and_its_own_need_too() {
    let held = held("a:read");
    for (undeclared, routes, permitted) in [
        ("caller", &[("GET /a", "b")][..], false),
        ("deny", &[("GET /a", "a:read")], true),
        ("deny", &[("ANY /a", "a:read")], true),
        ("caller", &[("ANY /a", "b")], false),
        ("caller", &[("HEAD /a", "b")], false),
        ("caller", &[("HEAD /a", "b"), ("GET /a", "caller")], false),
        ("caller", &[("HEAD /a", "caller"), ("GET /a", "b")], false),
        ("deny", &[("HEAD /a", "caller")], false),
        ("deny", &[("HEAD /a", "caller"), ("GET /a", "caller")], true),
    ] {
        let declaration = declaration(undeclared, routes).unwrap();
        assert_eq!(declaration.permits("HEAD", "/a", &held), permitted, "{undeclared} {routes:?}");
    }
}

#[test]
fn a_wrong_declaration_is_refused_and_says_which_route_and_why() {
    let long = format!("GET /{}", "a".repeat(MAX_ROUTE_KEY_BYTES));
    for (undeclared, key, need, told) in [
        ("", "GET /a", "a", "Default must be `caller` or `deny`"),
        ("Deny", "GET /a", "a", "Default must"),
        ("deny", "get /a", "a", r#"Routes: "get /a" must be `METHOD /path`"#),
        ("deny", "GET a", "a", r#""GET a" must"#),
        ("deny", "GET  /a", "a", "must be `METHOD"),
        ("deny", "GET /a b", "a", "must be `METHOD"),
        ("deny", "GET /é", "a", "must be `METHOD"),
        ("deny", "TRACE /a", "a", "must be `METHOD"),
        ("deny", "x1 GET /a", "a", "must be `METHOD"),
        ("deny", "$disconnect", "a", "must be `METHOD"),
        ("deny", "", "a", r#"Routes: "" must"#),
        ("deny", &long, "a", "…"),
        (
            "deny",
            "GET /a",
            "A",
            r#"Routes: "GET /a": "A" must be `caller` or a permission, which must be segments"#,
        ),
        ("deny", "GET /a", "", r#"Routes: "GET /a": "" must be"#),
        ("deny", "GET /a", "a b", "must be `caller`"),
        ("deny", "GET /a", "deny", "leave the route out"),
    ] {
        let refused = declaration(undeclared, &[(key, need)]).unwrap_err().to_string();
        assert!(refused.contains(told) && refused.len() < 500, "{refused}");
    }
}

#[test]
fn a_declaration_has_at_most_300_routes_and_64_kib() {
    let routes = |count: usize, length: usize| {
        (0..count).map(|number| (format!("GET /{number:0>length$}"), "caller".to_owned())).collect::<Vec<_>>()
    };
    let parsed = |routes: &[(String, String)]| {
        RouteDeclaration::parse("deny", routes.iter().map(|(key, need)| (key.as_str(), need.as_str())))
    };
    assert_eq!(parsed(&routes(MAX_ROUTES, 10)).unwrap().routes.len(), MAX_ROUTES);
    assert_eq!(parsed(&routes(MAX_ROUTES + 1, 10)), Err(BadDeclaration::TooMany(301)));
    let exact = MAX_DECLARATION_BYTES / 64 - "GET /".len() - "caller".len();
    assert!(parsed(&routes(64, exact)).is_ok());
    assert_eq!(parsed(&routes(64, exact + 1)), Err(BadDeclaration::TooLong(MAX_DECLARATION_BYTES + 64)));
    assert!(parsed(&routes(MAX_ROUTES, 200)).unwrap().bytes() < 2 * MAX_DECLARATION_BYTES);
}

proptest! {
    #[test]
    fn no_text_ends_the_process_and_what_is_taken_reads_back(undeclared in "caller|deny|.*", key in ".*|(GET|ANY) /[!-~]*", need in ".*|[a-z:*]{1,9}") {
        if let Ok(declaration) = declaration(&undeclared, &[(&key, &need)]) {
            let text = serde_json::to_string(&declaration).unwrap();
            prop_assert_eq!(serde_json::from_str::<RouteDeclaration>(&text).unwrap(), declaration);
        }
    }

    #[test]
    fn who_holds_more_is_never_refused_more(
        routes in prop::collection::vec(("(GET|HEAD|ANY|POST) /[ab]", "caller|[ab]|\\*"), 0..6),
        method in "GET|HEAD|POST", path in "/[abc]", held in "[ab]", deny in any::<bool>(),
    ) {
        let routes: Vec<_> = routes.iter().map(|(key, need)| (key.as_str(), need.as_str())).collect();
        let declaration = declaration(if deny { "deny" } else { "caller" }, &routes).unwrap();
        let one = declaration.permits(&method, &path, &super::tests::held(&held));
        prop_assert!(!one || declaration.permits(&method, &path, &super::tests::held("*")));
        let get = declaration.permits("GET", &path, &super::tests::held(&held));
        prop_assert!(get || !declaration.permits("HEAD", &path, &super::tests::held(&held)));
    }
}
