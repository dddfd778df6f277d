//! Who waits for something hears of it: at once from this process, as soon as a backend notices from others.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
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
        News {
            receiver: followed.sender.subscribe(),
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

    /// Tells those who follow exactly that.
    pub(crate) fn announce_only(&self, topic: Topic) {
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = topics.get(&topic) {
            followed.sender.send_replace(());
        }
    }

    /// Something changed and nobody knows what.
    pub(crate) fn announce_all(&self) {
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
