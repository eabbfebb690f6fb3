//! An order of calls: whose call goes next, and with which fault.

use std::fmt;

use kit::Effect;

use super::footprint::Footprint;

/// A fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallFault {
    /// It is done, and its reply is lost.
    LostReply,
    /// It is refused because too much is asked.
    Throttled,
    /// It is cancelled because another call touches the same item at that moment.
    Conflict,
}

/// Every fault of one call.
pub(super) const FAULTS: [CallFault; 3] = [CallFault::LostReply, CallFault::Throttled, CallFault::Conflict];

impl CallFault {
    /// Tells whether the call is not done.
    pub(super) const fn is_refusal(self) -> bool {
        matches!(self, Self::Throttled | Self::Conflict)
    }

    /// Tells whether a call that touches these items can have it. A read is only throttled: the SDK repeats a read whose reply is
    /// lost. A step is no call.
    pub(super) fn can_strike(self, touched: &Footprint) -> bool {
        !touched.is_of_a_step() && (touched.is_write() || self == Self::Throttled)
    }

    pub(super) const fn effect(self) -> Effect {
        match self {
            Self::LostReply => Effect::LoseReply,
            Self::Throttled => Effect::Throttle,
            Self::Conflict => Effect::TransactionConflict { position: 0 },
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::LostReply => 'L',
            Self::Throttled => 'T',
            Self::Conflict => 'C',
        }
    }
}

/// Whose call goes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    /// The position of the request among those that run.
    pub(super) request: usize,
    pub(super) fault: Option<CallFault>,
}

/// The choices of a run, as a failure prints them: `0 1 1L 0T`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Order(pub(super) Vec<Choice>);

impl Order {
    /// Parses an order that a failure printed.
    pub(super) fn parse(text: &str) -> Self {
        let choice = |word: &str| {
            let digits = word.trim_end_matches(char::is_alphabetic);
            let named = |fault: &CallFault| word[digits.len()..].starts_with(fault.letter());
            let fault = FAULTS.into_iter().find(named);
            Choice { request: digits.parse().unwrap(), fault }
        };
        Self(text.split_whitespace().map(choice).collect())
    }

    /// Tells whether a call has a fault.
    pub(super) fn has_fault(&self) -> bool {
        self.0.iter().any(|choice| choice.fault.is_some())
    }
}

impl fmt::Display for Order {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, choice) in self.0.iter().enumerate() {
            let space = if position == 0 { "" } else { " " };
            let fault = choice.fault.map(|fault| fault.letter().to_string()).unwrap_or_default();
            write!(formatter, "{space}{}{fault}", choice.request)?;
        }
        Ok(())
    }
}

#[test]
fn an_order_is_read_as_it_is_printed() {
    for text in ["", "0 1 1L 0T 2C 10"] {
        assert_eq!(Order::parse(text).to_string(), text);
    }
}
