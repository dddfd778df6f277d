//! The queue in a real Redis.

mod container;
mod elsewhere;
mod failover;
mod interrupted;
pub(crate) mod proxy;
mod refused;
mod shared;

#[path = "../../../src/queue/redis/tests/server.rs"]
pub(crate) mod server;

use atg_server::queue::RedisOptions;
use uuid::Uuid;

/// A queue that nobody has used, in the Redis of this binary.
pub(crate) fn fresh() -> RedisOptions {
    RedisOptions::parse(&server::shared().url())
        .unwrap()
        .with_name(&format!("t{}", Uuid::now_v7().simple()))
        .unwrap()
}
