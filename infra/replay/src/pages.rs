//! Lists that are read page by page.

use table::Page;

/// Reads a list to its end, and calls `visit` with each item. `read` gets the `next` of the page before.
pub(crate) async fn each<T, N, F: Future<Output = Result<Page<T, N>, table::Error>>>(
    read: impl Fn(Option<N>) -> F,
    mut visit: impl FnMut(T),
) -> Result<(), table::Error> {
    let mut after = None;
    loop {
        let page = read(after).await?;
        page.items.into_iter().for_each(&mut visit);
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
