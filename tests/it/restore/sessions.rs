//! Sessions of the console, which a restore revives.

use kit::{Effect, Fault, Service, When, run_with, with_console};
use serde_json::json;

#[test]
fn a_restore_revives_sessions_and_the_replay_ends_those_that_began_before_it() {
    run_with(with_console(), async |world| {
        // The replay takes the time of this machine.
        world.travel(-10);
        let (signed_out, staying) = (world.web_client(), world.web_client());
        signed_out.sign_in("alice").await;
        staying.sign_in("bob").await;
        let copy = world.copy_table();
        let page = signed_out.page();
        signed_out.sign_out(json!({"everywhere": true})).await.expect(200);
        world.restore(&copy);
        page.get("/v1/organizations").await.expect(200);

        let planned = world.replay(&copy, &["--dry-run"]).await;
        assert_eq!((planned.code, world.items_of("SESSION").len()), (0, 2), "{planned:?}");
        // A run that breaks off leaves the rest to the next one.
        let fault = Fault::on(Service::DynamoDb, Effect::LoseRequest).operation("DeleteItem");
        world.stack.faults().add(fault.when(When::Nth(2)));
        let broken = world.replay(&copy, &[]).await;
        assert_eq!((broken.code, world.items_of("SESSION").len()), (1, 1), "{broken:?}");
        world.stack.faults().clear();
        // People sign in again, and the next run leaves them in peace.
        world.travel(0);
        let again = world.web_client();
        again.sign_in("alice").await;
        let finished = world.replay(&copy, &[]).await;
        assert_eq!((finished.code, world.items_of("SESSION").len()), (0, 1), "{finished:?}");
        let ended = [broken.ids("deleted"), finished.ids("deleted")].concat();
        let mut ended: Vec<_> = ended.into_iter().map(str::to_owned).collect();
        ended.sort();
        assert_eq!(ended, planned.ids("deleted"));
        assert_eq!(ended.len(), 2);
        page.get("/v1/organizations").await.expect_forbidden_by_gateway();
        staying.session().await.expect(401);
        again.session().await.expect(200);
    });
}
