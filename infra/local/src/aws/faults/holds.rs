//! Held calls: a test chooses which one goes on, and with which fault.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

use super::Effect;
use crate::{runtime::Caller, tasks::lock};

/// How long a test waits for calls. Only a call that never comes or never ends takes so long.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// A call that [`Effect::Hold`] holds.
#[derive(Debug, Clone)]
pub struct HeldCall {
    /// Identifies the call among those of the stack.
    pub id: u64,
    /// The calling function; empty if the call is not signed.
    pub function: String,
    /// The number of the calling instance, from 1; 0 if the call is not signed.
    pub instance: u32,
    /// The operation, as AWS names it.
    pub operation: String,
    /// The whole request body.
    pub request: Bytes,
}

/// The calls that are held now. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holds {
    calls: Arc<Mutex<Calls>>,
    changes: Arc<watch::Sender<()>>,
}

#[derive(Debug, Default)]
struct Calls {
    count: u64,
    held: BTreeMap<u64, (HeldCall, LetGo)>,
    going: usize,
}

/// A call that goes on. It counts until it ends.
#[derive(Debug)]
pub(crate) struct GoingCall(Holds);

/// Sends a held call the effect with which it goes on.
type LetGo = oneshot::Sender<(GoingCall, Option<Effect>)>;

/// Forgets a call that ends while it is held.
struct Held<'h>(&'h Holds, u64);

impl Holds {
    /// Waits until the call is let go. Returns the effect that it gets then.
    pub(crate) async fn hold(
        &self,
        operation: &str,
        caller: Option<&Caller>,
        request: &Bytes,
    ) -> (GoingCall, Option<Effect>) {
        let (let_go, is_let_go) = oneshot::channel();
        let id = self.change(|calls| {
            calls.count += 1;
            let call = HeldCall {
                id: calls.count,
                function: caller.map(|caller| caller.function.clone()).unwrap_or_default(),
                instance: caller.map_or(0, |caller| caller.instance),
                operation: operation.to_owned(),
                request: request.clone(),
            };
            calls.held.insert(call.id, (call, let_go));
            calls.count
        });
        let _held = Held(self, id);
        is_let_go.await.expect("the sender is kept until it sends")
    }

    /// Lets a held call go on, with an effect.
    pub(crate) fn let_go(&self, id: u64, effect: Option<Effect>) -> bool {
        let let_go = self.change(|calls| {
            let (_, let_go) = calls.held.remove(&id)?;
            calls.going += 1;
            Some(let_go)
        });
        // If the call has ended, or ends before it receives this, the `GoingCall` is dropped with it.
        let_go.is_some_and(|let_go| let_go.send((GoingCall(self.clone()), effect)).is_ok())
    }

    /// Lets all held calls go on.
    pub(crate) fn release(&self) {
        let held: Vec<_> = lock(&self.calls).held.keys().copied().collect();
        for id in held {
            self.let_go(id, None);
        }
    }

    /// Waits until the held calls and the number of those that go on are as wanted.
    ///
    /// # Panics
    /// When that takes a minute: a caller has died, or waits for something else.
    pub(crate) async fn until(&self, is_wanted: impl Fn(&[HeldCall], usize) -> bool) {
        self.until_within(MAX_WAIT, is_wanted).await.unwrap_or_else(|state| panic!("{state}"));
    }

    /// Waits as [`Holds::until`] does, or returns the calls that are there after the limit.
    async fn until_within(
        &self,
        limit: Duration,
        is_wanted: impl Fn(&[HeldCall], usize) -> bool,
    ) -> Result<(), String> {
        timeout(limit, self.wait(is_wanted)).await.map_err(|_| {
            let calls = lock(&self.calls);
            let name = |call: &HeldCall| format!("{} of {} {}", call.operation, call.function, call.instance);
            let held: Vec<_> = calls.held.values().map(|(call, _)| name(call)).collect();
            format!("no wanted call for {limit:?}: {held:?} held, {} let go and not ended", calls.going)
        })
    }

    async fn wait(&self, is_wanted: impl Fn(&[HeldCall], usize) -> bool) {
        let mut changes = self.changes.subscribe();
        loop {
            let (held, going) = {
                let calls = lock(&self.calls);
                (calls.held.values().map(|(call, _)| call.clone()).collect::<Vec<_>>(), calls.going)
            };
            if is_wanted(&held, going) {
                return;
            }
            changes.changed().await.expect("the sender lives as long as self");
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Calls) -> T) -> T {
        let result = change(&mut lock(&self.calls));
        self.changes.send_modify(|()| ());
        result
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.change(|calls| calls.held.remove(&self.1));
    }
}

impl Drop for GoingCall {
    fn drop(&mut self) {
        self.0.change(|calls| calls.going -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn held_calls_go_on_in_the_chosen_order_with_the_chosen_effect() {
        let (holds, ended) = (Holds::default(), Mutex::new(Vec::new()));
        let call = async |operation: &'static str| {
            let body = Bytes::new();
            let (_going, effect) = holds.hold(operation, None, &body).await;
            lock(&ended).push((operation, effect));
        };
        let chosen = async {
            holds.until(|held, going| held.len() == 2 && going == 0).await;
            assert!(holds.let_go(2, Some(Effect::Throttle)));
            assert!(!holds.let_go(2, None), "it goes already");
            holds.until(|held, going| held.len() == 1 && going == 0).await;
            holds.release();
        };
        tokio::join!(call("GetItem"), call("PutItem"), chosen);
        assert_eq!(*lock(&ended), [("PutItem", Some(Effect::Throttle)), ("GetItem", None)]);
    }

    #[tokio::test]
    async fn a_wait_for_a_call_that_never_comes_or_never_ends_says_which_there_are() {
        let (holds, body) = (Holds::default(), Bytes::new());
        let wanted = |held: &[HeldCall], going| held.len() == 1 && going == 1;
        tokio::select! {
            _ = holds.hold("GetItem", None, &body) => panic!("it was let go"),
            result = holds.until_within(Duration::ZERO, wanted) => {
                let state = result.unwrap_err();
                assert_eq!(state, r#"no wanted call for 0ns: ["GetItem of  0"] held, 0 let go and not ended"#);
            }
        }
    }

    #[tokio::test]
    async fn a_call_whose_caller_is_gone_is_not_held_any_more() {
        let (holds, body) = (Holds::default(), Bytes::new());
        tokio::select! {
            _ = holds.hold("GetItem", None, &body) => panic!("it was let go"),
            () = holds.until(|held, _| held.len() == 1) => {}
        }
        holds.until(|held, going| held.is_empty() && going == 0).await;
        assert!(!holds.let_go(1, None));
    }

    #[tokio::test]
    async fn a_call_that_ends_before_it_sees_that_it_may_go_on_is_not_waited_for() {
        let (holds, body) = (Holds::default(), Bytes::new());
        tokio::select! {
            biased;
            _ = holds.hold("GetItem", None, &body) => panic!("it was let go"),
            is_let_go = async { holds.let_go(1, None) } => assert!(is_let_go),
        }
        holds.until_within(Duration::ZERO, |held, going| held.is_empty() && going == 0).await.unwrap();
    }
}
