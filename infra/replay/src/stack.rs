//! The table of a stack, as `CloudFormation` names it: the events of a table go to the bus of its own stack alone.

use api::causes;
use aws_sdk_cloudformation::Client;

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
    let output = found.outputs().iter().find(|output| output.output_key() == Some(OUTPUT));
    let former = found.parameters().iter().find(|parameter| parameter.parameter_key() == Some(FORMER));
    let used = output.and_then(|output| output.output_value()).unwrap_or_default();
    let former = former.and_then(|parameter| parameter.parameter_value()).unwrap_or_default();
    if !table.is_empty() && [used, former].contains(&table) {
        return Ok(());
    }
    Err(format!(
        "the stack {stack} uses the table {used:?}, not {table:?}: name its own table, or while a restore runs the one of its \
         parameter {FORMER}"
    ))
}
