//! Who waits for something hears of it: at once from this process, as soon as a backend notices from others.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use atg_sdk::JobId;
use tokio::sync::watch;

/// What to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Every change of that job.
    Job(JobId),
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
    topics: Mutex<HashMap<Topic, Followed>>,
}

#[derive(Debug)]
struct Followed {
    sender: watch::Sender<()>,
    followers: usize,
}

impl Hub {
    /// Hears of what is announced from now on.
    pub(crate) fn follow(self: &Arc<Self>, topic: Topic) -> News {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let followed = topics.entry(topic).or_insert_with(|| Followed {
            sender: watch::Sender::new(()),
            followers: 0,
        });
        followed.followers += 1;
        News {
            receiver: followed.sender.subscribe(),
            hub: Arc::clone(self),
            topic,
        }
    }

    pub(crate) fn announce(&self, topic: Topic) {
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
