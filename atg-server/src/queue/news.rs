//! Who waits for something hears of it: at once from this process, as soon as a backend notices from others.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use atg_sdk::JobId;
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    watch,
};

/// What to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Every change of that job.
    Job(JobId),
    /// Somebody asked for that job to stop, or took it from its worker. There may be false alarms.
    Wish(JobId),
    /// A job may have become ready to start, or room for one.
    Queue,
}

/// How long a wish is remembered that came before anybody followed its job: longer than from a claim to its worker.
const REMEMBERED: Duration = Duration::from_secs(20);
/// How long after it began to listen a process looks at every job that it begins. The heartbeat tells of what is missed even so.
const UNSURE: Duration = Duration::from_secs(1);
/// How many wishes to remember before those are looked for that may be forgotten.
const WISHES: usize = 1_000;

/// Tells that something changed, not what: who is told reads what it needs.
pub struct News {
    receiver: watch::Receiver<()>,
    hub: Arc<Hub>,
    topic: Topic,
}

impl News {
    /// Waits for the next change since the last call, or since this was made.
    pub async fn changed(&mut self) {
        // The sender lives in the hub, which this holds.
        let _ = self.receiver.changed().await;
    }

    /// Whether there is something that was not waited for.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.receiver.has_changed().unwrap_or(true)
    }

    /// Says that what was announced until now is known: only what follows counts.
    pub fn mark_seen(&mut self) {
        self.receiver.mark_unchanged();
    }
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("News").field("topic", &self.topic).finish()
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.hub.leave(self.topic);
    }
}

/// Where a backend announces changes.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    topics: Mutex<HashMap<Topic, Following>>,
    /// Hears which jobs are followed.
    reports: Option<UnboundedSender<Followed>>,
    wishes: Mutex<Wishes>,
}

/// Wishes that were announced lately.
#[derive(Debug, Default)]
struct Wishes {
    of: HashMap<JobId, Instant>,
    /// When any may have been missed.
    of_any: Option<Instant>,
}

#[derive(Debug)]
struct Following {
    sender: watch::Sender<()>,
    followers: usize,
}

/// Somebody began to follow a job that nobody followed, or the last one who did left.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) job: JobId,
    pub(crate) begins: bool,
}

impl Hub {
    /// One that tells which jobs are followed, for a backend that has to listen for each.
    pub(crate) fn reporting() -> (Self, UnboundedReceiver<Followed>) {
        let (reports, receiver) = unbounded_channel();
        let hub = Self {
            reports: Some(reports),
            ..Self::default()
        };
        (hub, receiver)
    }

    fn report(&self, topic: Topic, begins: bool) {
        if let (Some(reports), Topic::Job(job)) = (&self.reports, topic) {
            // Without a receiver the backend is about to go.
            let _ = reports.send(Followed { job, begins });
        }
    }

    /// The jobs that are followed.
    pub(crate) fn jobs(&self) -> Vec<JobId> {
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = topics.keys().filter_map(|topic| match topic {
            Topic::Job(job) => Some(*job),
            Topic::Wish(_) | Topic::Queue => None,
        });
        jobs.collect()
    }

    /// Hears of what is announced from now on.
    pub(crate) fn follow(self: &Arc<Self>, topic: Topic) -> News {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let followed = topics.entry(topic).or_insert_with(|| {
            self.report(topic, true);
            Following {
                sender: watch::Sender::new(()),
                followers: 0,
            }
        });
        followed.followers += 1;
        let mut receiver = followed.sender.subscribe();
        if let Topic::Wish(job) = topic
            && self.may_be_wished(job)
        {
            receiver.mark_changed();
        }
        News {
            receiver,
            hub: Arc::clone(self),
            topic,
        }
    }

    /// Tells of a change; one of a job may be a wish.
    pub(crate) fn announce(&self, topic: Topic) {
        self.announce_only(topic);
        if let Topic::Job(job) = topic {
            self.announce_only(Topic::Wish(job));
        }
    }

    /// Tells of a wish, also those who follow the job a moment later.
    pub(crate) fn announce_wish(&self, job: JobId) {
        {
            let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
            if wishes.of.len() >= WISHES {
                wishes.of.retain(|_, at| at.elapsed() < REMEMBERED);
            }
            wishes.of.insert(job, Instant::now());
        }
        self.announce_only(Topic::Wish(job));
    }

    /// Whether somebody may have asked for a job to stop before it was followed.
    fn may_be_wished(&self, job: JobId) -> bool {
        // Only a backend that hears of every wish can know that there was none.
        if self.reports.is_none() {
            return true;
        }
        let wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        wishes.of_any.is_some_and(|at| at.elapsed() < UNSURE)
            || wishes.of.get(&job).is_some_and(|at| at.elapsed() < REMEMBERED)
    }

    /// Tells those who follow exactly that.
    pub(crate) fn announce_only(&self, topic: Topic) {
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = topics.get(&topic) {
            followed.sender.send_replace(());
        }
    }

    /// Something changed and nobody knows what.
    pub(crate) fn announce_all(&self) {
        {
            let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
            wishes.of_any = Some(Instant::now());
        }
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        for followed in topics.values() {
            followed.sender.send_replace(());
        }
    }

    /// Whether anybody listens.
    pub(crate) fn is_followed(&self) -> bool {
        !self
            .topics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    fn leave(&self, topic: Topic) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = topics.get_mut(&topic) {
            followed.followers -= 1;
            if followed.followers == 0 {
                topics.remove(&topic);
                self.report(topic, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_wish_is_heard_of_by_who_follows_its_job_only_then() {
        let (hub, _reports) = Hub::reporting();
        let hub = Arc::new(hub);
        let (one, two) = (JobId::new(), JobId::new());
        hub.announce_wish(one);
        assert!(hub.follow(Topic::Wish(one)).has_changed());
        assert!(!hub.follow(Topic::Wish(two)).has_changed());
        // A connection that is new may have missed any.
        hub.announce_all();
        assert!(hub.follow(Topic::Wish(two)).has_changed());
        // Where not every wish is announced, each job has to be looked at.
        assert!(Arc::new(Hub::default()).follow(Topic::Wish(one)).has_changed());
    }

    #[tokio::test]
    async fn who_follows_a_job_hears_of_that_job_only() {
        let hub = Arc::new(Hub::default());
        let (one, two) = (Topic::Job(JobId::new()), Topic::Job(JobId::new()));
        let mut news = hub.follow(one);
        hub.announce(two);
        hub.announce(Topic::Queue);
        assert!(news.changed().now_or_never().is_none());
        hub.announce(one);
        hub.announce(one);
        news.changed().await;
        assert!(
            news.changed().now_or_never().is_none(),
            "two announcements are one piece of news"
        );
        drop(news);
        assert!(!hub.is_followed(), "nothing is kept for those who left");
    }
}
