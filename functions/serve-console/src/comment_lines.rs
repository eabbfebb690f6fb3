//! Drops the lines of our own files that are comments alone. `build.rs` does it, and tests try it.

/// Drops the lines of a script or style sheet that hold nothing but a comment. A comment beside code stays.
///
/// # Errors
/// Says which line looks like such a comment but stands in a template literal, where it is text.
pub(crate) fn without_comment_lines(content: &str) -> Result<String, String> {
    let mut kept = String::new();
    let mut is_in_comment = false;
    let mut nesting = Nesting::default();
    for line in content.split_inclusive('\n') {
        let text = line.trim();
        let starts = text.starts_with("/*");
        let ends_here = text.find("*/").is_none_or(|end| end + 2 == text.len());
        if is_in_comment || text.starts_with("//") || (starts && ends_here) {
            if nesting.is_in_template() {
                return Err(format!("a line of a template literal looks like a comment: {text}"));
            }
            is_in_comment = (is_in_comment || starts) && !text.ends_with("*/");
        } else {
            nesting.read(text);
            kept.push_str(line);
        }
    }
    let unread = || "brackets or template literals do not end as they begin".to_owned();
    nesting.0.is_empty().then_some(kept).ok_or_else(unread)
}

/// The template literals and curly brackets that are open, from outside to inside.
#[derive(Default)]
struct Nesting(Vec<char>);

impl Nesting {
    fn is_in_template(&self) -> bool {
        self.0.last() == Some(&'`')
    }

    /// Reads a line that is not a comment alone.
    fn read(&mut self, line: &str) {
        let mut quote = None;
        let mut rest = line.chars();
        while let Some(letter) = rest.next() {
            match (letter, self.0.last()) {
                ('\\', _) => drop(rest.next()),
                _ if quote.is_some() => quote = quote.filter(|quote| *quote != letter),
                ('`', Some('`')) => drop(self.0.pop()),
                ('$', Some('`')) if rest.as_str().starts_with('{') => self.0.extend(rest.next()),
                (_, Some('`')) => {}
                ('`' | '{', _) => self.0.push(letter),
                ('}', _) => drop(self.0.pop()),
                ('\'' | '"', _) => quote = Some(letter),
                ('/', _) if rest.as_str().starts_with('/') => return,
                ('/', _) if rest.as_str().starts_with('*') => {
                    rest = rest.as_str().split_once("*/").map_or("", |(_, after)| after).chars();
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_comment_lines;

    fn check(content: &str, kept: Result<&str, &str>) {
        assert_eq!(without_comment_lines(content).as_deref().map_err(String::as_str), kept, "{content}");
    }

    #[test]
    fn lines_that_are_comments_alone_are_dropped_and_others_stay_as_they_are() {
        check("// One.\na(); // Two.\n/* Three\n four */\nb();\n", Ok("a(); // Two.\nb();\n"));
        check(
            "x = `a ${f(`b`, '`', { c: 1 })}\n`;\n// Not text.\n",
            Ok("x = `a ${f(`b`, '`', { c: 1 })}\n`;\n"),
        );
        check("x = `\n${\n// Not text.\n{}}\n`;\n", Ok("x = `\n${\n{}}\n`;\n"));
        check(
            "f(/\\`\\/\\//g, \"//\", '/*'); /* ` */ g();\n",
            Ok("f(/\\`\\/\\//g, \"//\", '/*'); /* ` */ g();\n"),
        );
    }

    #[test]
    fn a_line_of_a_template_literal_is_no_comment() {
        let looks = "a line of a template literal looks like a comment: //x.example/${y}";
        check("x = html`\n  //x.example/${y}\n`;\n", Err(looks));
        check("x = html`${all.map((y) => html`\n//x.example/${y}\n`)}`;\n", Err(looks));
        check(
            "x = html`${'`'}\n/* a */\n`;\n",
            Err("a line of a template literal looks like a comment: /* a */"),
        );
        check("x = `a;\n", Err("brackets or template literals do not end as they begin"));
    }
}
