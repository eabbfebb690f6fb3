//! Why a request does not pass: it is refused, or the decision failed.

use api::{MayConflict, app::PepperFailure};

use sign_in::{IssuerFailure, NotAccepted};

use crate::{failure::Failure, refusal::Refusal};

/// Why a request does not pass.
///
/// Both are errors, so that `?` carries them to the one place that tells them apart.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The request may not pass.
    Refused(Refusal),
    /// The authorizer cannot know whether it may.
    Failed(Failure),
}

impl MayConflict for Stop {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Failed(Failure::Table(table::Error::Conflict)))
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<table::Error> for Stop {
    fn from(error: table::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<PepperFailure> for Stop {
    fn from(failure: PepperFailure) -> Self {
        Self::Failed(failure.into())
    }
}

impl From<NotAccepted> for Stop {
    fn from(why: NotAccepted) -> Self {
        match why {
            NotAccepted::Refused(reason) => Refusal::BadJwt(reason).into(),
            NotAccepted::Issuer(failure) => failure.into(),
        }
    }
}

impl From<IssuerFailure> for Stop {
    fn from(failure: IssuerFailure) -> Self {
        match failure {
            // Whoever causes them by many requests is refused: a failure would set off an alarm.
            IssuerFailure::TooManyTokens(_) => Refusal::TooManyTokens.into(),
            IssuerFailure::TooOften(_) => Refusal::IssuerBusy.into(),
            failure => Self::Failed(failure.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_conflict_of_the_table_is_a_conflict() {
        assert!(Stop::from(table::Error::Conflict).is_conflict());
        let contended = table::Error::Contended { operation: "TransactWriteItems" };
        for other in
            [Stop::from(contended), Stop::Failed(Failure::BadTime), Stop::Refused(Refusal::Malformed)]
        {
            assert!(!other.is_conflict(), "{other:?}");
        }
    }
}
