//! The test harness: a whole wallet for each test, on both setups.
//!
//! A story opens a [`World`], speaks to it as an app would, through a [`Client`], and closes it:
//! closing runs what is left and asserts that the outbox is empty, the trial balance zero and the
//! audit clean. The clock and the gateways are the world's; nothing waits for real time.

#![expect(clippy::panic, reason = "a harness that can't go on has to stop its test")]

pub mod client;
pub mod deployment;
pub mod feed;
pub mod operator;
mod place;
pub mod rails;
pub mod servers;
pub mod socket;
pub mod world;

pub use client::{Client, Person};
pub use world::{Setup, World};

/// Tells each story on both setups: SQLite with queues in memory, and PostgreSQL with Redis. Nobody is asked
/// before a payment, but where the list begins with `strict:`.
#[macro_export]
macro_rules! on_both_setups {
    (strict: $($story:ident),+ $(,)?) => {
        $crate::on_both_setups!(@ open_strict $($story),+);
    };
    (limited: $($story:ident),+ $(,)?) => {
        $crate::on_both_setups!(@ open_limited $($story),+);
    };
    (screened: $($story:ident),+ $(,)?) => {
        $crate::on_both_setups!(@ open_screened $($story),+);
    };
    ($($story:ident),+ $(,)?) => {
        $crate::on_both_setups!(@ open $($story),+);
    };
    (@ $open:ident $($story:ident),+) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let world = $crate::World::$open($crate::Setup::Embedded).await;
                super::$story(&world).await;
                world.close().await;
            })+
        }
        mod real {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let world = $crate::World::$open($crate::Setup::Real).await;
                super::$story(&world).await;
                world.close().await;
            })+
        }
    };
}
