//! What the head of an item says: whether it is rewritten, and what its mutants return.

use syn::{
    Attribute, Block, Expr, GenericArgument, Item, Lit, PathArguments, ReturnType, Signature, Stmt, Type,
};

/// Returns what a function's mutants return instead of its value.
pub(crate) fn values(signature: &Signature, body: &Block) -> Vec<&'static str> {
    let ReturnType::Type(_, returned) = &signature.output else { return Vec::new() };
    if type_name(returned) == "bool" {
        let only = only_value(body);
        return ["true", "false"].into_iter().filter(|value| only != Some(*value)).collect();
    }
    let is_check = signature.asyncness.is_none() && is_result_of_nothing(returned);
    (is_check && !is_nothing_but_ok(body)).then_some("Ok(())").into_iter().collect()
}

/// Tells whether `Ok(())` is all of a body.
fn is_nothing_but_ok(body: &Block) -> bool {
    let [Stmt::Expr(Expr::Call(call), None)] = body.stmts.as_slice() else { return false };
    let is_ok = matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Ok"));
    is_ok && matches!(call.args.first(), Some(Expr::Tuple(tuple)) if tuple.elems.is_empty())
}

/// Returns the literal that is all of a body.
fn only_value(body: &Block) -> Option<&'static str> {
    match body.stmts.as_slice() {
        [Stmt::Expr(Expr::Lit(literal), None)] => match &literal.lit {
            Lit::Bool(value) => Some(if value.value { "true" } else { "false" }),
            _ => None,
        },
        _ => None,
    }
}

fn is_result_of_nothing(returned: &Type) -> bool {
    let Type::Path(path) = returned else { return false };
    let Some(last) = path.path.segments.last().filter(|last| last.ident.to_string().ends_with("Result"))
    else {
        return false;
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    matches!(arguments.args.first(), Some(GenericArgument::Type(Type::Tuple(tuple))) if tuple.elems.is_empty())
}

/// Returns the last name of a type, without what it holds.
pub(crate) fn type_name(named: &Type) -> String {
    match named {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => String::new(),
    }
}

/// Tells whether an item is compiled for tests or documents alone.
pub(crate) fn is_left_out(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let Ok(list) = attribute.meta.require_list() else { return false };
        ["test", "feature = \"openapi\""].contains(&list.tokens.to_string().as_str())
    })
}

/// Returns the attributes of an item that may hold functions.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        _ => &[],
    }
}
