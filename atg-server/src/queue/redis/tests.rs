//! The suite over a real Redis, and what only Redis can do.

use std::sync::Arc;

use async_trait::async_trait;
use atg_sdk::JobId;
use uuid::Uuid;

use super::{RedisOptions, RedisQueue};
use crate::queue::{Backend, ManualClock, Policy, suite};

#[expect(dead_code, reason = "other tests do more with it")]
mod server;

/// One queue in the server of this binary.
struct Place {
    name: String,
}

impl Place {
    fn new() -> Self {
        Self {
            name: format!("t{}", Uuid::now_v7().simple()),
        }
    }

    fn options(&self) -> RedisOptions {
        RedisOptions::parse(&server::shared().url())
            .unwrap()
            .with_name(&self.name)
            .unwrap()
    }

    fn key(&self, rest: &str) -> String {
        format!("{{{}}}:{rest}", self.name)
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(server::shared().url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }
}

#[async_trait]
impl suite::Fixture for Place {
    async fn open(&self, policy: Policy, clock: Arc<ManualClock>) -> Arc<dyn Backend> {
        Arc::new(
            RedisQueue::open_with_clock(self.options(), policy, clock)
                .await
                .unwrap(),
        )
    }

    async fn lose_lease(&self, id: JobId) {
        let lost: u32 = redis::cmd("ZREM")
            .arg(self.key("lease"))
            .arg(id.to_string())
            .query_async(&mut self.connection().await)
            .await
            .unwrap();
        assert_eq!(lost, 1);
    }

    /// As a newer version would have written it: under its own number, wherever that counts.
    async fn make_newer(&self, id: JobId) {
        let mut connection = self.connection().await;
        let job = self.key(&format!("j:{id}"));
        let fields: Vec<String> = redis::cmd("HMGET")
            .arg(&job)
            .arg(&["lane", "prio", "owner", "tenant", "op", "ver", "num"])
            .query_async(&mut connection)
            .await
            .unwrap();
        let [lane, prio, owner, tenant, op, version, number] = fields.as_slice() else {
            panic!("{fields:?}");
        };
        let who = format!("{lane}:{prio}:{}:{owner}", owner.len());
        let newer: u32 = version.parse::<u32>().unwrap() + 1;
        let group = |version: &str| format!("{tenant}|{op}|{version}");
        let (old, new) = (group(version), group(&newer.to_string()));
        let groups = self.key(&format!("g:{who}"));
        redis::pipe()
            .atomic()
            .hset(&job, "ver", newer)
            .zrem(self.key(&format!("r:{who}:{old}")), id.to_string())
            .zrem(&groups, &old)
            .zadd(self.key(&format!("r:{who}:{new}")), id.to_string(), number)
            .zadd(&groups, &new, number)
            .exec_async(&mut connection)
            .await
            .unwrap();
    }
}

mod of_every_backend {
    crate::queue::suite::queue_suite!(super::Place::new());
}
