//! Where the processes meet: a directory, or a Redis behind a proxy, which fails in its own ways.

use std::{path::PathBuf, thread, time::Duration};

use atg_sdk::JobId;
use atg_server::{
    QueueExecutor, QueueOptions,
    queue::{PerLane, Policy, RedisOptions, RedisQueue},
};
use rusqlite::{Connection, OpenFlags};
use std::sync::Arc;

use super::{
    Dice,
    network::{self, Network},
};
use crate::redis::{proxy::Proxy, server::Server};

/// Where the processes meet.
pub(super) struct Place {
    pub(super) data_dir: PathBuf,
    pub(super) redis: Option<Redis>,
    /// Where each process is a machine of its own.
    pub(super) network: Option<Network>,
}

/// A Redis whose every write is on the disk before it is acknowledged, and how to disturb it.
pub(super) struct Redis {
    server: Server,
    proxy: Proxy,
    host: String,
    client: redis::Client,
}

/// What can happen to a Redis.
pub(super) const FAULTS: [&str; 5] = [
    "restarted",
    "paused",
    "connections cut",
    "lease lost",
    "delivered twice",
];

impl Redis {
    pub(super) fn start(runtime: &tokio::runtime::Runtime) -> Self {
        Self::start_at(runtime, "127.0.0.1")
    }

    /// Where processes reach it at that address.
    pub(super) fn start_at(runtime: &tokio::runtime::Runtime, host: &str) -> Self {
        let server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
        Self {
            proxy: runtime.block_on(Proxy::start_at(host, server.port)),
            host: host.to_owned(),
            client: redis::Client::open(server.url()).unwrap(),
            server,
        }
    }

    /// What processes are told: the way through the proxy.
    pub(super) fn url(&self) -> String {
        format!("redis://{}:{}", self.host, self.proxy.port)
    }

    /// Does one of them; false where there is nothing to do it to.
    pub(super) fn disturb(&self, fault: &str, dice: &mut Dice) -> bool {
        match fault {
            "restarted" => {
                self.server.tell("kill");
                thread::sleep(Duration::from_millis(dice.below(1_000)));
                self.server.tell("start");
                true
            }
            "paused" => {
                self.server.tell("pause");
                thread::sleep(Duration::from_millis(500 + dice.below(3_000)));
                self.server.tell("resume");
                true
            }
            "connections cut" => {
                self.proxy.cut();
                true
            }
            "lease lost" => self
                .ask(redis::cmd("ZPOPMIN").arg("{atg}:lease"))
                .is_some_and(|lost: Vec<String>| !lost.is_empty()),
            _ => self.deliver_again(dice),
        }
    }

    /// Puts a job that somebody carries out among those that wait.
    fn deliver_again(&self, dice: &mut Dice) -> bool {
        let running: Vec<String> = self
            .ask(redis::cmd("ZRANGE").arg("{atg}:running").arg(0).arg(-1))
            .unwrap_or_default();
        if running.is_empty() {
            return false;
        }
        let id = &running[dice.below(running.len() as u64) as usize];
        let key = format!("{{atg}}:j:{id}");
        let names = ["lane", "prio", "owner", "tenant", "op", "ver", "num"];
        let Some(fields): Option<Vec<String>> = self.ask(redis::cmd("HMGET").arg(&key).arg(&names)) else {
            return false;
        };
        let [lane, prio, owner, tenant, op, version, number] = fields.as_slice() else {
            return false;
        };
        let who = format!("{lane}:{prio}:{}:{owner}", owner.len());
        let group = format!("{tenant}|{op}|{version}");
        for (key, score, member) in [
            (format!("r:{who}:{group}"), number, id),
            (format!("g:{who}"), number, &group),
            (format!("o:{lane}:{prio}"), &"0".to_owned(), owner),
            (format!("p:{lane}"), prio, prio),
        ] {
            let _: Option<i64> = self.ask(
                redis::cmd("ZADD")
                    .arg(format!("{{atg}}:{key}"))
                    .arg(score)
                    .arg(member),
            );
        }
        true
    }

    /// How much memory it uses.
    pub(super) fn memory(&self) -> Option<u64> {
        let info: String = self.ask(redis::cmd("INFO").arg("memory"))?;
        redis::InfoDict::new(&info).get("used_memory")
    }

    /// Past the proxy; nothing while the server is away.
    fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Option<T> {
        let mut connection = self
            .client
            .get_connection_with_timeout(Duration::from_secs(2))
            .ok()?;
        command.query(&mut connection).ok()
    }

    fn held_by(&self, worker: &str) -> Vec<JobId> {
        let ids: Vec<String> = self
            .ask(redis::cmd("ZRANGE").arg("{atg}:running").arg(0).arg(-1))
            .unwrap_or_default();
        let held = ids.into_iter().filter(|id| {
            let holder: Option<String> =
                self.ask(redis::cmd("HGET").arg(format!("{{atg}}:j:{id}")).arg("worker"));
            holder.as_deref() == Some(worker)
        });
        held.map(|id| id.parse().unwrap()).collect()
    }
}

impl Place {
    /// What can happen here, besides processes being killed.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        let network = self.network.iter().map(|_| network::FAULT);
        let redis = self.redis.iter().flat_map(|_| FAULTS);
        network.chain(redis).collect()
    }

    /// The jobs that a worker holds now, read past everybody.
    pub(super) fn held_by(&self, worker: &str) -> Vec<JobId> {
        if let Some(redis) = &self.redis {
            return redis.held_by(worker);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(self.data_dir.join("queue.db"), flags).unwrap();
        connection.busy_timeout(Duration::from_secs(30)).unwrap();
        let sql = "SELECT job.id FROM lease JOIN job ON job.number = lease.job WHERE worker = ?";
        let mut select = connection.prepare(sql).unwrap();
        let jobs = select.query_map([worker], |row| row.get::<_, String>(0)).unwrap();
        jobs.map(|id| id.unwrap().parse().unwrap()).collect()
    }

    pub(super) async fn queue(&self) -> QueueExecutor {
        open(&self.data_dir, self.redis.as_ref().map(Redis::url).as_deref()).await
    }
}

/// The queue of a run, with room for all of it.
pub(super) async fn open(data_dir: &std::path::Path, redis: Option<&str>) -> QueueExecutor {
    let many = PerLane {
        long: 1_000,
        short: 1_000,
    };
    let policy = Policy {
        running_per_owner: many,
        running_per_tenant: many,
        max_depth: u64::MAX >> 12,
        max_open_per_owner: u64::MAX >> 12,
        ..Policy::default()
    };
    let options = QueueOptions::new(data_dir).with_policy(policy.clone());
    let Some(url) = redis else {
        return QueueExecutor::open(options).await.unwrap();
    };
    loop {
        // It may be away just now.
        let backend = RedisQueue::open(RedisOptions::parse(url).unwrap(), policy.clone()).await;
        match backend {
            Ok(backend) => {
                return QueueExecutor::with_backend(Arc::new(backend), options)
                    .await
                    .unwrap();
            }
            Err(error) if error.is_retryable() => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(error) => panic!("{error}"),
        }
    }
}
