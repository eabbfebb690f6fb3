//! Tests of the rewriting: snippets in, snippets out.

use super::*;

/// Writes a switch as `{name}`, so that no test depends on numbers.
fn rewritten(text: &str) -> (String, Vec<String>) {
    let Rewritten { mut text, names } = rewrite("a.rs", text).unwrap();
    for name in &names {
        let short = name.strip_prefix("a.rs ").unwrap();
        text = text.replace(&format!("{:#x}", switch::number(name)), &format!("{{{short}}}"));
    }
    (text.replace("crate::mutant::", "@"), names)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(rewritten(text).0, expected);
}

#[track_caller]
fn check_unchanged(text: &str) {
    assert_eq!(rewritten(text), (text.to_owned(), Vec::new()));
}

#[test]
fn each_comparison_has_a_switch() {
    for (sign, function, other) in [
        ("<", "lt", "<="),
        ("<=", "le", "<"),
        (">", "gt", ">="),
        (">=", "ge", ">"),
        ("==", "eq", "!="),
        ("!=", "ne", "=="),
    ] {
        let expected = format!("fn f() {{ g(@{function}({{f: {other} for {sign}}}, &(a ), &( b + 1))); }}");
        check(&format!("fn f() {{ g(a {sign} b + 1); }}"), &expected);
    }
}

#[test]
fn comparisons_stand_in_chains_closures_guards_macros_and_each_other() {
    check(
        "fn f() { if let Some(x) = y && x < 1 {} }",
        "fn f() { if let Some(x) = y && @lt({f: <= for <}, &(x ), &( 1)) {} }",
    );
    check("fn f() { a.all(|x| x != 1) }", "fn f() { a.all(|x| @ne({f: == for !=}, &(x ), &( 1))) }");
    check(
        "fn f() { match x { y if y > 1 => {} _ => {} } }",
        "fn f() { match x { y if @gt({f: >= for >}, &(y ), &( 1)) => {} _ => {} } }",
    );
    check(
        "fn f() { matches!(x, Some(y) if y > 1) }",
        "fn f() { matches!(x, Some(y) if @gt({f: >= for >}, &(y ), &( 1))) }",
    );
    check(
        "fn f() { (a == b) == c }",
        "fn f() { @eq({f: != for ==}, &((@eq({f: != for == #2}, &(a ), &( b))) ), &( c)) }",
    );
}

#[test]
fn each_end_of_a_range_has_a_switch() {
    check(
        "fn f() { !(1..=n + 1).contains(&x.len()) }",
        "fn f() { !((1..=n + 1).contains(&x.len()) ^ @is_end({f: other start of ..=}, &(1), &x.len()) \
         ^ @is_end({f: other end of ..=}, &(n + 1), &x.len())) }",
    );
    check(
        "fn f() { (a..).contains(x) == y }",
        "fn f() { @eq({f: != for ==}, &(((a..).contains(x) ^ @is_end({f: other start of ..}, &(a), x)) ), &( y)) }",
    );
    check_unchanged("fn f() { (a..b).rev(); }");
}

#[test]
fn each_answer_of_a_membership_has_a_switch() {
    check(
        "fn f() { !a.b().contains(&c) == d }",
        "fn f() { @eq({f: != for ==}, &(!(@is({f: contained}) || !@is({f: not contained}) && a.b().contains(&c)) ), &( d)) }",
    );
    check_unchanged("fn f() { a.contains_key(b); }");
}

#[test]
fn each_bound_has_a_switch() {
    check("fn f() { a.g().min(b + 1) }", "fn f() { @min({f: no min}, a.g(), b + 1) }");
    check(
        "fn f() { a\n    .max(b)\n    .min(c) }",
        "fn f() { @min({f: no min}, @max({f: no max}, a\n    , b)\n    , c) }",
    );
    check("fn f() { (a * b).clamp(c, d) }", "fn f() { @clamp({f: no clamp}, (a * b), c, d) }");
    check("fn f() { a.iter().take(n) }", "fn f() { a.iter().take(@most({f: no take}, n)) }");
    check(
        "fn f() { a.truncate(b.min(n)) }",
        "fn f() { a.truncate(@most({f: no truncate}, @min({f: no min}, b, n))) }",
    );
    check_unchanged("fn f() { a.take(); a.iter().min(); std::mem::take(a); }");
}

#[test]
fn lines_and_comments_stay_where_they_are() {
    let text = "fn f() {\n    // Why.\n    a // é\n        < b\n}\n";
    check(text, "fn f() {\n    // Why.\n    @lt({f: <= for <}, &(a // é\n        ), &( b))\n}\n");
}

#[test]
fn what_a_function_returns_has_a_switch() {
    let returns = |value: &str| format!(" if @is({{f: returns {value}}}) {{ return {value}; }} ");
    let both = format!("{}{}", returns("true"), returns("false"));
    check("fn f() -> bool { g() }", &format!("fn f() -> bool {{{both} g() }}"));
    check("async fn f() -> bool { g() }", &format!("async fn f() -> bool {{{both} g() }}"));
    check("fn f() -> bool { true }", &format!("fn f() -> bool {{{} true }}", returns("false")));
    check(
        "fn f() -> Result<(), E> { g() }",
        &format!("fn f() -> Result<(), E> {{{} g() }}", returns("Ok(())")),
    );
    check_unchanged("fn f() -> Result<(), E> { Ok(()) }");
    check_unchanged("async fn f() -> Result<(), E> { g() }");
    check_unchanged("fn f() -> Result<u8, E> { g() }");
    check_unchanged("fn f() -> fmt::Result { g() }");
}

#[test]
fn names_say_the_type_and_the_function_and_which_one_of_several() {
    let text = "impl<T> Limit<T> { fn f() { a < b; c < d; } } impl Rule for Name { fn f() { a < b } }";
    let names = ["Limit::f: <= for <", "Limit::f: <= for < #2", "Name::f: <= for <"];
    assert_eq!(rewritten(text).1, names.map(|name| format!("a.rs {name}")));
    assert_ne!(switch::number("a"), switch::number("b"));
}

#[test]
fn constants_tests_and_documents_are_left_out() {
    check_unchanged("const A: bool = 1 < 2; static B: bool = 1 < 2; impl C { const D: bool = 1 < 2; }");
    check_unchanged("fn f(a: [u8; (1 < 2) as usize]) { [0; (1 < 2) as usize]; }");
    check_unchanged("#[cfg(test)] mod tests { fn f() -> bool { a < b } }");
    check_unchanged("#[cfg(test)] fn f() -> bool { a < b }");
    check_unchanged("impl A { #[cfg(test)] fn f() -> bool { a < b } }");
    check_unchanged("#[cfg(feature = \"openapi\")] mod openapi { fn f() -> bool { a < b } }");
}

#[test]
fn a_constant_function_becomes_a_plain_one_unless_constants_call_it() {
    check("pub const fn f() { a < b }", "pub  fn f() { @lt({f: <= for <}, &(a ), &( b)) }");
    check("pub const fn f() { a }", "pub  fn f() { a }");
    check_unchanged("pub const fn from_seconds() { a < b }");
}
