//! Filter patterns, as the tests read them.

use kit::cloudwatch::Pattern;

#[test]
fn a_pattern_selects_as_cloudwatch_does() {
    let line = r#"{"level":"ERROR","count":5,"a":{"b":"x-y"},"none":null,"yes":true,"dotted.name":"z"}"#;
    for (pattern, selected) in [
        (r#"{ $.level = "ERROR" }"#, true),
        (r#"{$.level="ERROR"}"#, true),
        (r"{ $.level = ERROR }", true),
        (r#"{ $.level = "error" }"#, false),
        (r#"{ $.level != "INFO" }"#, true),
        (r#"{ $.missing != "INFO" }"#, false),
        (r#"{ $.level = "E*R" && $.count >= 5 }"#, true),
        (r"{ $.count > 5 || $.count < 5 }", false),
        (r#"{ ($.count = 5 || $.count = 6) && $.a.b = "x*" }"#, true),
        (r"{ $.count = 6 && $.level = ERROR || $.yes IS TRUE }", true),
        (r"{ $.none IS NULL && $.missing NOT EXISTS }", true),
        (r"{ $.level NOT EXISTS }", false),
        // A name with a dot is a path.
        (r#"{ $.dotted.name = "z" }"#, false),
    ] {
        assert_eq!(Pattern::parse(pattern).unwrap().selects(line), selected, "{pattern}");
    }
    assert!(!Pattern::parse(r#"{ $.level = "ERROR" }"#).unwrap().selects("ERROR"));
    for odd in [
        "ERROR",
        "{ level = 1 }",
        "{ $.level }",
        "{ $.a = 1",
        "{ $.a = 1 } x",
        "{ $.a = %x% }",
        "{ ($.a = 1 }",
    ] {
        assert!(Pattern::parse(odd).is_err(), "{odd}");
    }
}
