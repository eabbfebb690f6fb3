//! The table of a stack, as `CloudFormation` names it: the events of a table go to the bus of its own stack alone.

use api::causes;
use aws_sdk_cloudformation::{
    Client,
    types::{Output, Parameter, Stack},
};

/// The output of the template that names the table in use.
const OUTPUT: &str = "TableName";

/// The parameter that names the table that was in use until a restore.
const FORMER: &str = "FormerTableName";

/// Checks that a stack uses a table, or used it until a restore.
///
/// # Errors
/// Why the table is none of the stack, and what to do.
pub async fn check_table(client: &Client, stack: &str, table: &str) -> Result<(), String> {
    let described = client.describe_stacks().stack_name(stack).send().await;
    let described = described.map_err(|error| format!("the stack {stack}: {}", causes(&error)))?;
    let found = described.stacks.unwrap_or_default().into_iter().next();
    let found = found.ok_or_else(|| format!("the stack {stack} is not described"))?;
    check(&found, table).map_err(|uses| {
        format!(
            "the stack {stack} uses the table {uses:?}, not {table:?}: name its own table, or while a restore runs the one of its \
             parameter {FORMER}"
        )
    })
}

/// Checks that a described stack uses or used a table. Fails with the table that it uses.
fn check(stack: &Stack, table: &str) -> Result<(), String> {
    let output = stack.outputs().iter().find(|output| output.output_key() == Some(OUTPUT));
    let former = stack.parameters().iter().find(|parameter| parameter.parameter_key() == Some(FORMER));
    let used = output.and_then(Output::output_value).unwrap_or_default();
    let former = former.and_then(Parameter::parameter_value).unwrap_or_default();
    if !table.is_empty() && [used, former].contains(&table) { Ok(()) } else { Err(used.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_uses_the_table_of_its_output_and_while_a_restore_runs_the_former_one() {
        let pair = |key: &str, value: &str| {
            (
                Output::builder().output_key(key).output_value(value).build(),
                Parameter::builder().parameter_key(key).parameter_value(value).build(),
            )
        };
        let (output, wrong_parameter) = pair("TableName", "new");
        let (wrong_output, former) = pair("FormerTableName", "old");
        let stack = Stack::builder().outputs(output).parameters(wrong_parameter).outputs(wrong_output);
        let between = stack.clone().parameters(former).build();
        let stack = stack.parameters(pair("FormerTableName", "").1).build();
        assert_eq!((check(&stack, "new"), check(&stack, "old")), (Ok(()), Err("new".to_owned())));
        assert_eq!((check(&between, "new"), check(&between, "old")), (Ok(()), Ok(())));
        assert!(check(&stack, "").is_err() && check(&Stack::builder().build(), "").is_err());
    }
}
