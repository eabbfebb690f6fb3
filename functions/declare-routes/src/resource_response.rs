//! The answer to `CloudFormation`.

use serde::Serialize;

use crate::event::ResourceEvent;

/// The most characters of a reason. With everything else the answer stays below `CloudFormation`'s 4 KB.
const MAX_REASON: usize = 400;

/// The answer to `CloudFormation`: whether the event was carried out, and if not, why.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceResponse {
    status: &'static str,
    reason: String,
    physical_resource_id: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
}

impl ResourceResponse {
    /// Tells `CloudFormation` that it is done, and the resource's physical id from now on.
    pub(crate) fn succeeded(event: &ResourceEvent, physical_id: String) -> Self {
        Self::new(event, "SUCCESS", String::new(), physical_id)
    }

    /// Tells `CloudFormation` why nothing was changed. The deployment fails with this reason.
    pub(crate) fn failed(event: &ResourceEvent, reason: &str) -> Self {
        // A failed `Create` has an id too: the `Delete` that follows names it, and finds nothing.
        let physical_id = event.physical_id().map_or_else(|| event.new_physical_id(), str::to_owned);
        let mut cut: String = reason.chars().take(MAX_REASON).collect();
        if cut.len() < reason.len() {
            cut.push('…');
        }
        Self::new(event, "FAILED", cut, physical_id)
    }

    fn new(
        event: &ResourceEvent,
        status: &'static str,
        reason: String,
        physical_resource_id: String,
    ) -> Self {
        Self {
            status,
            reason,
            physical_resource_id,
            stack_id: event.stack_id.clone(),
            request_id: event.request_id.clone(),
            logical_resource_id: event.logical_resource_id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::route_declaration::RouteDeclaration;
    use serde_json::{Value, json};

    use super::*;
    use crate::properties::Properties;

    #[test]
    fn fuzzed_events_are_answered_within_the_4_kb_that_cloudformation_takes() {
        let sample = include_str!("../../../tests/events/declare-routes.json");
        fuzz::documents("declare_routes_event").with(sample).play(|text| {
            let payload: Value = serde_json::from_str(text).unwrap_or_default();
            let Ok(event) = ResourceEvent::parse(payload.clone()) else { return false };
            let properties = Properties::parse(&event.resource_properties);
            let answer = match &properties {
                Ok(_) => ResourceResponse::succeeded(&event, event.new_physical_id()),
                Err(refusal) => ResourceResponse::failed(&event, &refusal.to_string()),
            };
            let written = serde_json::to_value(&answer).unwrap();
            assert!(written.to_string().len() < 4_096);
            for name in ["StackId", "RequestId", "LogicalResourceId"] {
                assert_eq!(written[name], payload[name]);
            }
            // An id is for ever: the answer repeats it, or makes one that CloudFormation can hold.
            assert!(answer.physical_resource_id.len() <= 512);
            if let Ok(Properties { declaration, .. }) = &properties {
                let text = serde_json::to_string(declaration).unwrap();
                assert_eq!(serde_json::from_str::<RouteDeclaration>(&text).unwrap(), *declaration);
            }
            properties.is_ok()
        });
    }

    #[test]
    fn the_longest_answer_is_below_the_4_kb_that_cloudformation_takes() {
        let sample = include_str!("../../../tests/events/declare-routes.json");
        let mut event: Value = serde_json::from_str(sample).unwrap();
        for name in ["StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId"] {
            event[name] = json!("x".repeat(512));
        }
        let answer =
            ResourceResponse::failed(&ResourceEvent::parse(event).unwrap(), &"\u{2028}".repeat(5_000));
        let length = serde_json::to_vec(&answer).unwrap().len();
        assert!((3_000..4_000).contains(&length), "{length}");
    }
}
