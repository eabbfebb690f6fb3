//! Calls that are held, so that a test can choose what happens before them.

use std::sync::Arc;

use tokio::sync::watch;

const LIVES: &str = "the sender lives as long as self";

/// The calls that are held now. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holds {
    held: Arc<watch::Sender<usize>>,
    releases: Arc<watch::Sender<u64>>,
}

impl Holds {
    /// Waits for the next release.
    pub(crate) async fn hold(&self) {
        let mut releases = self.releases.subscribe();
        self.held.send_modify(|held| *held += 1);
        releases.changed().await.expect(LIVES);
        self.held.send_modify(|held| *held -= 1);
    }

    /// Waits until a call is held.
    pub(crate) async fn until_held(&self) {
        self.held.subscribe().wait_for(|held| *held > 0).await.expect(LIVES);
    }

    /// Lets all held calls go on.
    pub(crate) fn release(&self) {
        self.releases.send_modify(|releases| *releases += 1);
    }
}
