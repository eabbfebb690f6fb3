//! Requests whose second is known.

use crate::World;

impl World {
    /// Calls `attempt` with the current second, and again if the second has passed, and returns the result of the last call. An
    /// attempt sets up all that it needs.
    ///
    /// # Panics
    /// When no attempt of a hundred fits in one second.
    pub async fn in_one_second<T>(&self, mut attempt: impl AsyncFnMut(i64) -> T) -> T {
        for _ in 0..100 {
            let second = self.stack.clock().now().as_second();
            let result = attempt(second).await;
            if self.stack.clock().now().as_second() == second {
                return result;
            }
        }
        panic!("no attempt fits in one second");
    }
}
