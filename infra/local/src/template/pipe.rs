//! The pipe from the table's stream to a bus of `EventBridge`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Resources,
    policy::{self, Role},
    resolve::{Resolver, plain_text},
};
use crate::{
    error::TemplateError,
    pipe::{event_pattern::EventPattern, input_template::InputTemplate},
};

const PIPE: &str = "AWS::Pipes::Pipe";

/// A pipe of the template, with its role.
#[derive(Debug)]
pub(crate) struct PipeDeclaration {
    /// The name of its resource.
    pub(crate) name: String,
    /// The ARN of the stream.
    pub(crate) source: String,
    /// The ARN of the bus.
    pub(crate) bus: String,
    /// The ARN of the queue for events that cannot be delivered.
    pub(crate) queue: String,
    /// A record passes if one of them matches.
    pub(crate) patterns: Vec<EventPattern>,
    /// The detail of an event.
    pub(crate) input_template: InputTemplate,
    /// The `source` of an event.
    pub(crate) event_source: String,
    /// The `detail-type` of an event: a text, or a path in the record.
    pub(crate) detail_type: String,
    pub(crate) role: Role,
}

/// Reads the pipe, if the template has one whose condition is met. The stack serves one with a stream as its source.
pub(crate) fn read(
    resources: &Resources,
    resolver: &Resolver,
) -> Result<Option<PipeDeclaration>, TemplateError> {
    let mut pipes = resources.iter().filter(|(_, resource)| resource["Type"] == PIPE);
    let Some((name, resource)) = pipes.next() else { return Ok(None) };
    if pipes.next().is_some() {
        return Err(TemplateError::new("Resources", "holds more than one pipe, and the stack serves one"));
    }
    let properties = resolver.resolve(&resource["Properties"])?;
    let place = |property: &str| format!("{name}.{property}");
    let text = |property: &str, value: &Value| {
        let missing = || TemplateError::new(place(property), "is missing");
        value.as_str().map(str::to_owned).ok_or_else(missing)
    };
    let stream = &properties["SourceParameters"]["DynamoDBStreamParameters"];
    if stream["StartingPosition"] != "TRIM_HORIZON" {
        return Err(TemplateError::new(
            place("StartingPosition"),
            "is not TRIM_HORIZON: events of a new pipe are lost",
        ));
    }
    let filters = properties["SourceParameters"]["FilterCriteria"]["Filters"].as_array();
    let patterns = filters.into_iter().flatten().map(|filter| {
        let read = EventPattern::read(&plain_text(&filter["Pattern"]));
        read.map_err(|reason| TemplateError::new(place("Pattern"), reason))
    });
    let target = &properties["TargetParameters"];
    let bus = &target["EventBridgeEventBusParameters"];
    let template = InputTemplate::read(&text("InputTemplate", &target["InputTemplate"])?);
    Ok(Some(PipeDeclaration {
        source: text("Source", &properties["Source"])?,
        bus: text("Target", &properties["Target"])?,
        queue: text("DeadLetterConfig", &stream["DeadLetterConfig"]["Arn"])?,
        patterns: patterns.collect::<Result<_, _>>()?,
        input_template: template.map_err(|reason| TemplateError::new(place("InputTemplate"), reason))?,
        event_source: text("EventBridgeEventBusParameters.Source", &bus["Source"])?,
        detail_type: text("EventBridgeEventBusParameters.DetailType", &bus["DetailType"])?,
        role: policy::role_of(name, &properties["RoleArn"], resources, resolver)?,
        name: (*name).to_owned(),
    }))
}

/// Adds the role of the pipe to those of the functions.
pub(crate) fn with_role(
    mut roles: BTreeMap<String, Role>,
    pipe: Option<&PipeDeclaration>,
) -> BTreeMap<String, Role> {
    roles.extend(pipe.map(|pipe| (pipe.name.clone(), pipe.role.clone())));
    roles
}
