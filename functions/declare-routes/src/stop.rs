//! Why an event is not carried out: it is refused, or something failed.

use api::{FAILURE, MayConflict};
use domain::{declared_routes::NotTheOwner, route_declaration::Quoted};

use crate::{cloudformation::CallFailure, event::ResourceEvent, properties::BadProperties};

/// Why an event is not carried out. The text goes to whoever deploys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The event may not change anything.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// The table failed.
    #[error("the declaration could not be stored; deploy again")]
    Table(#[from] table::Error),
    /// `CloudFormation`'s API failed, so it is not known whether the event is its own.
    #[error("CloudFormation could not be asked; deploy again")]
    CloudFormation(#[from] CallFailure),
    /// The function's time is over.
    #[error("it took too long; deploy again")]
    TimeOut,
}

/// Why an event may not change anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Rejection {
    /// The resource has another type.
    #[error("the type of the resource must be Custom::AccessKeyRoutes")]
    ResourceType,
    /// The event is none of `CloudFormation`'s.
    #[error("RequestType must be Create, Update or Delete")]
    RequestType,
    /// The id of the stack is none.
    #[error("StackId {0}")]
    BadStackId(&'static str),
    /// The stack is elsewhere.
    #[error("the stack must be of the account and the region of the access-key service")]
    ForeignStack,
    /// The properties break a rule.
    #[error(transparent)]
    Properties(#[from] BadProperties),
    /// It is the API of the access-key service itself.
    #[error("ApiId is the API of the access-key service itself, whose routes nobody declares")]
    OwnApi,
    /// `CloudFormation` does not show the resource at work.
    #[error("CloudFormation does not show this resource in progress")]
    NotInProgress,
    /// The API is of another stack.
    #[error("ApiId {0} must be an API of this stack, or of a stack with the same root")]
    ForeignApi(Quoted),
    /// Another stack was first.
    #[error(transparent)]
    NotTheOwner(#[from] NotTheOwner),
}

impl MayConflict for Stop {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Table(table::Error::Conflict))
    }
}

impl Stop {
    /// Writes the one log line of this stop.
    pub(crate) fn log(&self, event: &ResourceEvent) {
        let (causes, item_kind) = (api::causes(self), event.request_type.as_str());
        match self {
            Self::Refused(_) => tracing::info!(causes, item_kind, "refused a declaration of routes"),
            _ => tracing::error!(causes, item_kind, metrics = %FAILURE, "could not declare routes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_conflict_of_the_table_is_a_conflict() {
        assert!(Stop::Table(table::Error::Conflict).is_conflict());
        let contended = table::Error::Contended { operation: "TransactWriteItems" };
        for other in [Stop::Table(contended), Stop::TimeOut, Stop::Refused(Rejection::OwnApi)] {
            assert!(!other.is_conflict(), "{other}");
        }
    }
}
