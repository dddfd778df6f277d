//! Carries what a scan commits to its private file over to the server, one transaction there for one here.
//!
//! While the server writes one, the scan makes the next. Every query begins with the fence: it changes nothing when the
//! tenant was taken over. A transaction of which it is not known whether the server committed it is sent again in words
//! that do no harm when it did.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use atg_bolt::{Answer, Failure, Lease, Mode, Packer, Transaction, Value};
use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use rusqlite::Connection;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};

use super::{
    failure::explain,
    load::{self, Numbers},
    lock::Lock,
    server::{Server, WRITE_LIMIT, may_pass, pause, transact},
    statements::{self, Batch},
};
use crate::{
    Observer,
    graph::{
        Change, ChangeSink,
        embedded::{
            follow::Follower,
            mirror::{Carried, Mirror, Outbox},
        },
    },
};

const DOING: &str = "write to the graph";

/// How many transactions may be on their way: one that the server writes, one that is ready.
const AHEAD: usize = 2;

/// How long a server may be away (it takes some ten seconds to come back) before a scan is given up.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long a scan that has failed waits for what it sent before.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// How often a transaction that takes too long is tried.
const TOO_SLOW: u32 = 3;

/// A tenant's way to the server.
pub(super) struct Carrier {
    runtime: Handle,
    server: Server,
    lock: Lock,
    outbox: Outbox,
    numbers: Numbers,
    edges_here: bool,
    jobs: Option<mpsc::Sender<Job>>,
    worker: JoinHandle<()>,
    flying: VecDeque<Flying>,
    /// How many edges the server has been told of.
    edges: i64,
    _mirror: Arc<Mirror>,
}

/// A transaction for the server.
struct Job {
    batch: Batch,
    answer: oneshot::Sender<Result<Vec<Answer>>>,
}

/// One that is on its way, and what is told when it has arrived.
struct Flying {
    answer: oneshot::Receiver<Result<Vec<Answer>>>,
    /// Whether its first answer says which numbers new nodes got.
    creates: bool,
    made: Vec<Change>,
}

impl Carrier {
    /// For a tenant that was taken.
    pub(super) fn new(
        runtime: Handle,
        server: Server,
        mut lock: Lock,
        mirror: Arc<Mirror>,
        numbers: Numbers,
        writes: Option<Observer>,
    ) -> Self {
        lock.touch();
        let (jobs, inbox) = mpsc::channel(AHEAD);
        let worker = Worker {
            server: server.clone(),
            tenant: lock.tenant,
            fence: lock.fence,
            lease: None,
            writes,
        };
        Self {
            worker: runtime.spawn(worker.run(inbox)),
            outbox: Outbox::new(lock.tenant),
            // Where there is none there is nothing to fetch.
            edges_here: lock.edges == 0 && numbers.is_empty(),
            edges: lock.edges,
            runtime,
            server,
            lock,
            numbers,
            jobs: Some(jobs),
            flying: VecDeque::new(),
            _mirror: mirror,
        }
    }

    /// Packs what was changed. Only what was created needs no numbers of the server's.
    fn batch(&self, db: &Connection, carried: &Carried) -> Result<Batch> {
        let mut batch = Batch::new(self.lock.tenant, self.lock.fence);
        batch.create_nodes(&carried.created)?;
        batch.change_nodes(&carried.changed, &self.numbers)?;
        batch.drop_edges(db, &carried.edges_gone, &self.numbers)?;
        batch.add_edges(db, &carried.edges_new, &self.numbers)?;
        batch.set_spares(db, &carried.spares, &self.numbers)?;
        batch.set_stated(&carried.stated, &self.numbers)?;
        batch.delete_nodes(&carried.deleted, &self.numbers)?;
        batch.keep(&carried.kept, carried.dropped)?;
        Ok(batch)
    }

    fn send(
        &mut self,
        batch: Batch,
        creates: bool,
        made: Vec<Change>,
        sink: &mut dyn ChangeSink,
    ) -> Result<()> {
        while self.flying.len() >= AHEAD {
            self.land(sink)?;
        }
        let (answer, arrived) = oneshot::channel();
        let job = Job { batch, answer };
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        self.runtime.block_on(jobs.send(job)).map_err(|_| gone())?;
        self.flying.push_back(Flying {
            answer: arrived,
            creates,
            made,
        });
        Ok(())
    }

    /// Waits for the oldest that is on its way.
    fn land(&mut self, sink: &mut dyn ChangeSink) -> Result<()> {
        let Some(flying) = self.flying.pop_front() else {
            return Ok(());
        };
        let answers = self.runtime.block_on(flying.answer).map_err(|_| gone())??;
        if flying.creates {
            for row in answers
                .first()
                .map(|answer| answer.rows.as_slice())
                .unwrap_or_default()
            {
                if let [Value::Int(node), Value::Int(number)] = row.as_slice() {
                    self.numbers.set(*node, *number);
                }
            }
        }
        for change in &flying.made {
            sink.record(change)?;
        }
        Ok(())
    }
}

impl Follower for Carrier {
    fn attach(&mut self, db: &Connection) -> Result<()> {
        Outbox::attach(db)
    }

    fn is_full(&self, db: &Connection) -> Result<bool> {
        Outbox::is_full(db)
    }

    fn committed(&mut self, db: &Connection, made: Vec<Change>, sink: &mut dyn ChangeSink) -> Result<()> {
        let mut carried = self.outbox.take(db)?;
        if carried.is_empty() && made.is_empty() {
            return Ok(());
        }
        let (only_new, creates) = (carried.only_creates(), !carried.created.is_empty());
        if !only_new {
            // The numbers of nodes that are on their way are needed first.
            while self.flying.iter().any(|flying| flying.creates) {
                self.land(sink)?;
            }
            // What the server never saw need not be deleted there.
            carried
                .deleted
                .retain(|(node, _)| self.numbers.get(*node).is_ok());
        }
        if creates && !only_new {
            // What was created in the same transaction has no number yet: it goes ahead. Without edges it is what a scan
            // that ends here would leave.
            let created = std::mem::take(&mut carried.created);
            let mut batch = Batch::new(self.lock.tenant, self.lock.fence);
            batch.create_nodes(&created)?;
            self.send(batch, true, Vec::new(), sink)?;
            while !self.flying.is_empty() {
                self.land(sink)?;
            }
        }
        let mut batch = self.batch(db, &carried)?;
        if carried.edges != self.edges {
            batch.count_edges(carried.edges);
            self.edges = carried.edges;
        }
        self.send(batch, creates && only_new, made, sink)
    }

    fn flush(&mut self, sink: &mut dyn ChangeSink) -> Result<()> {
        while !self.flying.is_empty() {
            self.land(sink)?;
        }
        Ok(())
    }

    fn load_contents(&mut self, db: &Connection, nodes: &[i64]) -> Result<()> {
        // Those that are new are here.
        load::contents(&self.runtime, &self.server, &self.numbers, db, nodes)
    }

    fn load_edges(&mut self, db: &Connection) -> Result<bool> {
        if self.edges_here {
            return Ok(false);
        }
        load::edges(&self.runtime, &self.server, self.lock.tenant, &self.numbers, db)?;
        self.edges_here = true;
        Ok(true)
    }

    fn has_edges(&self) -> bool {
        self.edges_here
    }

    fn finished(&mut self, db: &Connection, sink: &mut dyn ChangeSink) -> Result<()> {
        self.flush(sink)?;
        let ending = self.outbox.ending(db)?;
        let (text, parameters) = statements::end(self.lock.tenant, self.lock.fence, &ending);
        let answer = self
            .runtime
            .block_on(self.server.write(text, &parameters, "end the scan"))?;
        if answer.single().and_then(Value::as_int) != Some(1) {
            return Err(taken_over());
        }
        self.lock.is_given_back();
        self.jobs = None;
        Ok(())
    }

    fn abandoned(&mut self) {
        self.jobs = None;
        if self.lock.is_orphaned() {
            // The runtime is going away, and every connection with it.
            return;
        }
        // What is on its way was promised; what fails on it was reported.
        let worker = &mut self.worker;
        let late = self
            .runtime
            .block_on(async { tokio::time::timeout(LAST_WORDS, worker).await.is_err() });
        if late {
            // Closing the connection ends the transaction.
            self.worker.abort();
        }
        if self.lock.is_held()
            && let Err(error) = self.runtime.block_on(self.lock.release())
        {
            tracing::warn!(%error, "the write lock of the tenant stays until its heartbeat is old");
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

fn gone() -> Error {
    Error::internal("the way to the graph has ended, after an error that was reported before")
}

pub(super) fn taken_over() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "write to the graph: another scan has taken the tenant over, because this one gave no sign of life; nothing more was \
         written, run it again when the other one has ended",
    )
}

/// Sends transactions one after the other.
struct Worker {
    server: Server,
    tenant: TenantId,
    fence: i64,
    lease: Option<Lease>,
    writes: Option<Observer>,
}

impl Worker {
    async fn run(mut self, mut inbox: mpsc::Receiver<Job>) {
        while let Some(job) = inbox.recv().await {
            let result = self.carry(job.batch).await;
            let failed = result.is_err();
            // Nobody listens any more when the scan was dropped.
            let _ = job.answer.send(result);
            if failed {
                // What comes after it must not be written without it.
                return;
            }
        }
    }

    async fn carry(&mut self, mut batch: Batch) -> Result<Vec<Answer>> {
        let began = Instant::now();
        let (mut attempt, mut slow) = (0, 0);
        loop {
            let failure = match self.try_carry(&batch).await {
                Ok(answers) => {
                    if let Some(writes) = &self.writes {
                        writes.tell(began.elapsed());
                    }
                    return self.check(&batch, answers).await;
                }
                Err(failure) => failure,
            };
            if failure.is_uncertain() {
                self.lease = None;
                batch.be_careful();
            }
            if let Failure::Server(server) = &failure
                && server.is_timed_out()
            {
                slow += 1;
                if slow >= TOO_SLOW {
                    return Err(explain(failure, DOING));
                }
            } else if !may_pass(&failure) || began.elapsed() > PATIENCE {
                return Err(explain(failure, DOING));
            }
            tracing::debug!(%failure, attempt, "a transaction is sent again");
            pause(attempt).await;
            attempt += 1;
        }
    }

    async fn try_carry(&mut self, batch: &Batch) -> Result<Vec<Answer>, Failure> {
        let lease = match &mut self.lease {
            Some(lease) => lease,
            none => none.insert(self.server.lease().await?),
        };
        let (tenant, fence) = (self.tenant.to_string(), self.fence.to_string());
        let transaction = Transaction {
            mode: Mode::Write,
            timeout: Some(WRITE_LIMIT),
            metadata: &[("atg_tenant", &tenant), ("atg_fence", &fence)],
        };
        let result = transact(lease, batch.statements(), transaction).await;
        if !lease.is_usable() {
            self.lease = None;
        }
        result
    }

    /// Every query says how many of its rows it carried out.
    async fn check(&self, batch: &Batch, answers: Vec<Answer>) -> Result<Vec<Answer>> {
        if batch.is_carried_out(&answers) {
            return Ok(answers);
        }
        let mut parameters = Packer::new();
        parameters.map(2).text("tenant").text(&self.tenant.to_string());
        parameters.text("fence").int(self.fence);
        let own = self
            .server
            .read(
                "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence}) RETURN 1",
                &parameters,
                DOING,
            )
            .await?;
        if own.rows.is_empty() {
            return Err(taken_over());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "write to the graph: nodes of the tenant were deleted by something else than ATG meanwhile; scan it again",
        ))
    }
}
