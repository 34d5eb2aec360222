//! Rates that are followed.

use crate::rate::{both, of_day, pass_a_day, refresh, world_of};
use chrono::Duration;
use entity::clock::Clock;
use serde_json::{Value, json};
use tests::World;
use tests::feed::{FeedServer, Mode};
use tests::socket::Socket;

const FOLLOW: &str = "subscription($base: Currency!, $quote: Currency!) {
  rateChanged(base: $base, quote: $quote) { rate source stale }
}";

async fn follow(world: &World, base: &str, quote: &str) -> Socket {
    let mut socket = Socket::introduced(&world.url("/graphql"), None).await;
    socket.subscribe("rate", FOLLOW, json!({ "base": base, "quote": quote })).await;
    socket
}

async fn next(socket: &mut Socket) -> Value {
    let heard = socket.hear().await.unwrap();
    assert_eq!(heard["type"], "next", "{heard}");
    heard["payload"]["data"]["rateChanged"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_a_rate_hears_each_change_and_when_it_is_stale() {
    both(async |setup| {
        let source = FeedServer::start(Mode::Says(of_day(Clock::system().now().date_naive()))).await;
        let world = world_of(setup, &source).await;
        let mut cross = follow(&world, "USD", "JPY").await;
        let mut other = follow(&world, "EUR", "CHF").await;
        let said = |rate: &str, stale: bool| json!({ "rate": rate, "source": "ECB", "stale": stale });
        assert_eq!(next(&mut cross).await, said("157.250268528", false));
        assert_eq!(next(&mut other).await, said("0.9194", false));
        let day = pass_a_day(&world).await;
        source.set(Mode::Says(of_day(day).replace("'175.68'", "'176.68'")));
        refresh(&world).await;
        assert_eq!(next(&mut cross).await, said("158.145363409", false));
        // What did not change is said again, as of another day.
        assert_eq!(next(&mut other).await, said("0.9194", false));
        source.set(Mode::Fails);
        world.bank.clock.advance(Duration::days(30));
        assert_eq!(next(&mut cross).await, said("158.145363409", true));
        assert_eq!(next(&mut other).await, said("0.9194", true));
        // Who comes back hears how it is.
        assert_eq!(next(&mut follow(&world, "USD", "JPY").await).await, said("158.145363409", true));
        world.close().await;
    })
    .await;
}
