//! Requests whose second is known.

use crate::World;

impl World {
    /// Repeats something until all of it happens in one second, which it is given, and returns what came of it then.
    pub async fn in_one_second<T>(&self, mut attempt: impl AsyncFnMut(i64) -> T) -> T {
        loop {
            let second = self.stack.clock().now().as_second();
            let came_of_it = attempt(second).await;
            if self.stack.clock().now().as_second() == second {
                return came_of_it;
            }
        }
    }
}
