//! Several organizations, each with changes of which the order or the readable items decide, restored at once.

use kit::{DAY, run};

use super::{
    address, boundaries,
    callers::{Callers, check_nothing_ended_works},
    invariants, unreadable,
};

#[test]
fn changes_that_depend_on_each_other_and_items_that_cannot_be_read_are_repeated_too() {
    run(async |world| {
        let mut callers = Callers::default();
        let boundary = boundaries::Boundary::begin(world, &mut callers).await;
        let exchange = address::Exchange::begin(world).await;
        let successors = address::Successors::begin(world).await;
        let deletion = address::Deletion::begin(world, &mut callers).await;
        let unreadable = unreadable::Unreadable::begin(world, &mut callers).await;
        let copy = world.copy_table();
        boundary.change(world, &mut callers).await;
        exchange.change().await;
        let yan = successors.change(world, &mut callers).await;
        unreadable.change().await;
        deletion.change(world).await;
        let (rights, addresses) = (callers.rights(world).await, exchange.addresses(world));
        let rotations = world.audit("access_key.rotated");

        world.restore(&copy);
        unreadable.break_old_table(world);
        boundary.move_to_one_second(world);
        boundary.tear(world, &rotations);
        let replayed = world.replay(&copy, &[]).await;
        assert_eq!((replayed.code, replayed.error.as_str()), (2, ""), "{replayed:?}");
        boundary.check(&replayed);
        assert_eq!(exchange.addresses(world), addresses);
        successors.check(&replayed, &yan);
        assert!(replayed.ids("deleted").contains(&deletion.id()), "{replayed:?}");
        unreadable.check(&replayed);
        invariants::check(world);
        let after = callers.rights(world).await;
        check_nothing_ended_works(&rights, &after);
        for (caller, permitted) in &rights {
            let works = permitted.is_some() && !unreadable.ends(caller) && !boundary.ends(caller);
            assert_eq!(after[caller].is_some(), works, "{caller}");
        }
        let items = world.items().len();
        assert_eq!(world.replay(&copy, &[]).await.code, 2);
        assert_eq!(world.items().len(), items, "a second run writes nothing");

        world.travel(DAY);
        world.notify().await;
        let of_deleted = |item: &kit::Item| item.get("organization_id").is_some_and(|id| id == deletion.id());
        let left =
            world.items().into_iter().filter(|item| of_deleted(item) && !item.contains_key("audit_id"));
        assert_eq!(left.count(), 0, "the next run removes what is left");
    });
}
