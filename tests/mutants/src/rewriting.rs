//! Rewrites one source file so that it holds all its mutants, each behind a switch of its own.
//!
//! | in the file | its mutants |
//! | --- | --- |
//! | `a < b`, `<=`, `>`, `>=` | the same with and without the boundary |
//! | `a == b`, `!=` | the opposite |
//! | `(a..=b).contains(c)`, `..` | the opposite where `c` is `a`; where it is `b` |
//! | `a.contains(b)`, of anything but a range in parentheses | `true`; `false` |
//! | `a.min(b)`, `a.max(b)`, `a.clamp(b, c)` | `a` |
//! | `a.take(n)`, `a.truncate(n)` | all of `a` |
//! | a function that returns `bool` | it returns `true`; it returns `false` |
//! | a function that returns `Result<(), _>` and is not async | it returns `Ok(())` |
//!
//! A bound is known by the method's name and number of arguments alone: no method of the product has such a name for
//! anything else.
//!
//! The text between the changes stays as it is, and so do its lines. Tests, OpenAPI descriptions and constants are left
//! out. A `const fn` becomes a plain one, unless constants call it.

use std::{collections::HashMap, ops::Range};

use proc_macro2::Span;
use syn::{
    BinOp, Block, Expr, ExprBinary, ExprMacro, ExprMethodCall, ExprRange, ExprRepeat, ImplItemConst,
    ImplItemFn, Item, ItemConst, ItemFn, ItemImpl, ItemStatic, Pat, RangeLimits, ReturnType, Signature,
    TraitItemConst, TraitItemFn, TypeArray,
    parse::ParseStream,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::{signature, switch};

/// Functions that constants call.
const CONSTANT: [&str; 3] = ["by_reason", "from_seconds", "of"];

/// A file that holds its mutants.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// The names of the mutants, as they stand in the file.
    pub(crate) names: Vec<String>,
}

/// Rewrites a file. `path` is that from the root of the repository.
pub(crate) fn rewrite(path: &str, text: &str) -> syn::Result<Rewritten> {
    let file = syn::parse_file(text)?;
    let mut rewriting = Rewriting::new(path, text);
    rewriting.visit_file(&file);
    Ok(rewriting.apply())
}

struct Rewriting<'p> {
    path: &'p str,
    text: &'p str,
    /// The types and functions around the current place.
    around: Vec<String>,
    /// How often a name was given.
    given: HashMap<String, usize>,
    names: Vec<String>,
    /// What replaces which bytes. Of two at one place the first stands first.
    edits: Vec<(Range<usize>, String)>,
}

impl<'p> Rewriting<'p> {
    fn new(path: &'p str, text: &'p str) -> Self {
        Self { path, text, around: Vec::new(), given: HashMap::new(), names: Vec::new(), edits: Vec::new() }
    }

    fn apply(mut self) -> Rewritten {
        let text = self.text;
        self.edits.sort_by_key(|(range, _)| range.start);
        let (mut rewritten, mut copied) = (String::new(), 0);
        for (range, replacement) in &self.edits {
            rewritten.push_str(&text[copied..range.start]);
            rewritten.push_str(replacement);
            copied = range.end;
        }
        rewritten.push_str(&text[copied..]);
        Rewritten { text: rewritten, names: self.names }
    }

    /// Names a mutant at the current place, and returns the number of its switch.
    fn name(&mut self, change: &str) -> u64 {
        let name = format!("{} {}: {change}", self.path, self.around.join("::"));
        let times = self.given.entry(name.clone()).or_default();
        *times += 1;
        let name = if *times == 1 { name } else { format!("{name} #{times}") };
        let number = switch::number(&name);
        self.names.push(name);
        number
    }

    fn insert(&mut self, place: usize, text: &str) {
        self.edits.push((place..place, text.to_owned()));
    }

    fn within(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.around.push(name);
        visit(self);
        self.around.pop();
    }

    fn function(&mut self, signature: &Signature, body: &Block) {
        if signature.constness.is_some() && CONSTANT.contains(&signature.ident.to_string().as_str()) {
            return;
        }
        self.within(signature.ident.to_string(), |this| {
            let open = body.brace_token.span.open().byte_range().end;
            for value in signature::values(signature, body) {
                let number = this.name(&format!("returns {value}"));
                this.insert(open, &format!(" if crate::mutant::is({number:#x}) {{ return {value}; }} "));
            }
            this.visit_block(body);
            if let Some(constant) = &signature.constness {
                this.edits.push((constant.span.byte_range(), String::new()));
            }
        });
    }

    fn comparison(&mut self, comparison: &ExprBinary) {
        let Some((function, sign, other)) = opposite(&comparison.op) else {
            return visit::visit_expr_binary(self, comparison);
        };
        let number = self.name(&format!("{other} for {sign}"));
        let (left, right) = (bytes(comparison.left.span()), bytes(comparison.right.span()));
        self.insert(left.start, &format!("crate::mutant::{function}({number:#x}, &("));
        self.visit_expr(&comparison.left);
        self.edits.push((bytes(comparison.op.span()), "), &(".to_owned()));
        self.visit_expr(&comparison.right);
        self.insert(right.end, "))");
    }

    fn range(&mut self, call: &ExprMethodCall, range: &ExprRange, value: &Expr) {
        let sign = if matches!(range.limits, RangeLimits::Closed(_)) { "..=" } else { ".." };
        let mut opposites = Vec::new();
        for (place, end) in [("start", &range.start), ("end", &range.end)] {
            let Some(end) = end else { continue };
            let number = self.name(&format!("other {place} of {sign}"));
            let [end, value] = [end.span(), value.span()].map(|span| &self.text[bytes(span)]);
            opposites.push(format!(" ^ crate::mutant::is_end({number:#x}, &({end}), {value})"));
        }
        let place = bytes(call.span());
        self.insert(place.start, "(");
        visit::visit_expr_method_call(self, call);
        self.insert(place.end, &format!("{})", opposites.concat()));
    }

    fn membership(&mut self, call: &ExprMethodCall) {
        let [yes, no] = ["contained", "not contained"].map(|answer| self.name(answer));
        let place = bytes(call.span());
        self.insert(place.start, &format!("(crate::mutant::is({yes:#x}) || !crate::mutant::is({no:#x}) && "));
        visit::visit_expr_method_call(self, call);
        self.insert(place.end, ")");
    }

    fn bound(&mut self, call: &ExprMethodCall, name: &'static str) {
        let number = self.name(&format!("no {name}"));
        if matches!(name, "take" | "truncate") {
            let most = bytes(call.args[0].span());
            self.visit_expr(&call.receiver);
            self.insert(most.start, &format!("crate::mutant::most({number:#x}, "));
            self.visit_expr(&call.args[0]);
            return self.insert(most.end, ")");
        }
        self.insert(bytes(call.span()).start, &format!("crate::mutant::{name}({number:#x}, "));
        self.visit_expr(&call.receiver);
        let open = call.paren_token.span.open().byte_range();
        self.edits.push((bytes(call.dot_token.span()).start..open.end, ", ".to_owned()));
        for bound in &call.args {
            self.visit_expr(bound);
        }
    }
}

/// Returns the name of a call that keeps something within bounds; `None` for any other.
fn bounding(call: &ExprMethodCall) -> Option<&'static str> {
    let named = |(name, bounds): &(&str, usize)| call.method == name && call.args.len() == *bounds;
    let all = [("min", 1), ("max", 1), ("clamp", 2), ("take", 1), ("truncate", 1)];
    all.into_iter().find(named).map(|(name, _)| name)
}

/// Returns the range and the value of `(a..=b).contains(c)`.
fn tested_range(call: &ExprMethodCall) -> Option<(&ExprRange, &Expr)> {
    let Expr::Paren(receiver) = call.receiver.as_ref() else { return None };
    let Expr::Range(range) = receiver.expr.as_ref() else { return None };
    let value = call.args.first().filter(|_| call.method == "contains")?;
    Some((range, value))
}

/// Returns the function that compares, the sign in the source, and the sign of the mutant.
fn opposite(sign: &BinOp) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match sign {
        BinOp::Lt(_) => ("lt", "<", "<="),
        BinOp::Le(_) => ("le", "<=", "<"),
        BinOp::Gt(_) => ("gt", ">", ">="),
        BinOp::Ge(_) => ("ge", ">=", ">"),
        BinOp::Eq(_) => ("eq", "==", "!="),
        BinOp::Ne(_) => ("ne", "!=", "=="),
        _ => return None,
    })
}

fn bytes(span: Span) -> Range<usize> {
    span.byte_range()
}

/// Reads the condition of `matches!(value, pattern if condition)`.
fn guard(input: ParseStream<'_>) -> syn::Result<Option<Expr>> {
    input.parse::<Expr>()?;
    input.parse::<syn::Token![,]>()?;
    Pat::parse_multi_with_leading_vert(input)?;
    let condition =
        if input.parse::<Option<syn::Token![if]>>()?.is_some() { Some(input.parse()?) } else { None };
    input.parse::<Option<syn::Token![,]>>()?;
    Ok(condition)
}

impl<'f> Visit<'f> for Rewriting<'_> {
    fn visit_item(&mut self, item: &'f Item) {
        if !signature::is_left_out(signature::attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'f ItemImpl) {
        self.within(signature::type_name(&item.self_ty), |this| visit::visit_item_impl(this, item));
    }

    fn visit_item_fn(&mut self, item: &'f ItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'f ImplItemFn) {
        if !signature::is_left_out(&item.attrs) {
            self.function(&item.sig, &item.block);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'f TraitItemFn) {
        if let Some(body) = &item.default {
            self.function(&item.sig, body);
        }
    }

    fn visit_expr_binary(&mut self, comparison: &'f ExprBinary) {
        self.comparison(comparison);
    }

    fn visit_expr_method_call(&mut self, call: &'f ExprMethodCall) {
        match (tested_range(call), bounding(call)) {
            (Some((range, value)), _) => self.range(call, range, value),
            (None, Some(name)) => self.bound(call, name),
            (None, None) if call.method == "contains" => self.membership(call),
            (None, None) => visit::visit_expr_method_call(self, call),
        }
    }

    fn visit_expr_macro(&mut self, called: &'f ExprMacro) {
        let condition = called.mac.path.is_ident("matches").then(|| called.mac.parse_body_with(guard));
        if let Some(Ok(Some(condition))) = condition {
            self.visit_expr(&condition);
        }
    }

    // Constants cannot call a function that reads a switch.
    fn visit_item_const(&mut self, _: &'f ItemConst) {}
    fn visit_impl_item_const(&mut self, _: &'f ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'f TraitItemConst) {}
    fn visit_item_static(&mut self, _: &'f ItemStatic) {}
    fn visit_type_array(&mut self, _: &'f TypeArray) {}
    fn visit_return_type(&mut self, _: &'f ReturnType) {}

    fn visit_expr_repeat(&mut self, repeated: &'f ExprRepeat) {
        self.visit_expr(&repeated.expr);
    }
}

#[cfg(test)]
mod tests;
