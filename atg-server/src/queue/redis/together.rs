//! Calls of one script that come at the same time travel together, as one call.
//!
//! Whoever comes while another call is on its way waits for the next one; alone, nobody waits. What a script reads and writes
//! once for all is then shared by many jobs, and so is the way to the server and back.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use atg_sdk::{Error, ErrorKind};
use redis::{Arg, Cmd, Script, Value};
use tokio::sync::oneshot;

use super::link::{Fault, Link};

/// Parts of one call: a few milliseconds of the server.
const MOST: usize = 128;
/// Bytes of one call, unless one part alone is larger.
const BYTES: usize = 1 << 20;
/// Calls that are on their way at a time: one is written while another is carried out.
const SENDERS: usize = 2;

/// A script that takes any number of parts and gives an answer for each.
#[derive(Clone)]
pub(super) struct Together {
    inner: Arc<Inner>,
}

struct Inner {
    link: Arc<Link>,
    script: &'static LazyLock<Script>,
    /// What stands before the parts.
    head: Vec<String>,
    /// Whether replicas have to confirm.
    safely: bool,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    parts: VecDeque<Part>,
    senders: usize,
}

struct Part {
    /// The arguments, as a command without a name.
    arguments: Cmd,
    answer: oneshot::Sender<Result<Value, Fault>>,
}

impl Together {
    pub(super) fn new(
        link: &Arc<Link>,
        script: &'static LazyLock<Script>,
        head: Vec<String>,
        safely: bool,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                link: Arc::clone(link),
                script,
                head,
                safely,
                waiting: Mutex::default(),
            }),
        }
    }

    /// Calls the script once with these arguments, and perhaps those of others. Answers what it says to these.
    pub(super) async fn call(&self, arguments: Cmd) -> Result<Value, Fault> {
        let (sender, answer) = oneshot::channel();
        let starts = {
            let mut waiting = self.inner.lock();
            waiting.parts.push_back(Part {
                arguments,
                answer: sender,
            });
            let starts = waiting.senders < SENDERS;
            waiting.senders += usize::from(starts);
            starts
        };
        if starts {
            // In a task of its own: who gives up waiting must not take others' calls with him.
            self.inner.link.runtime().spawn(Arc::clone(&self.inner).send());
        }
        answer.await.unwrap_or_else(|_| {
            let stopped = Error::new(ErrorKind::Unavailable, "this process is about to end");
            Err(Fault::NotNow(stopped))
        })
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what waits until nothing does.
    async fn send(self: Arc<Self>) {
        while let Some(parts) = self.next() {
            let refused = match self.call(&parts).await {
                Ok(Value::Array(answers)) if answers.len() == parts.len() => {
                    for (part, answer) in parts.into_iter().zip(answers) {
                        // Nobody waits any more where that fails.
                        let _ = part.answer.send(Ok(answer));
                    }
                    continue;
                }
                Ok(_) => Fault::Refused(super::row::unexpected()),
                Err(fault) => fault,
            };
            let alone = parts.len() > 1 && matches!(refused, Fault::Refused(_));
            for part in parts {
                let fault = if alone {
                    // What is wrong with one must not be the others' fault.
                    match self.call(std::slice::from_ref(&part)).await {
                        Ok(Value::Array(mut answers)) if answers.len() == 1 => {
                            let _ = part.answer.send(Ok(answers.remove(0)));
                            continue;
                        }
                        Ok(_) => refused.clone(),
                        Err(fault) => fault,
                    }
                } else {
                    refused.clone()
                };
                let _ = part.answer.send(Err(fault));
            }
        }
    }

    /// As many as may go together; without any, this sender is done.
    fn next(&self) -> Option<Vec<Part>> {
        let mut waiting = self.lock();
        let (mut count, mut bytes) = (0, 0);
        for part in waiting.parts.iter().take(MOST) {
            bytes += part.bytes();
            if count > 0 && bytes > BYTES {
                break;
            }
            count += 1;
        }
        if count == 0 {
            waiting.senders -= 1;
            return None;
        }
        if count == waiting.parts.len() {
            return Some(mem::take(&mut waiting.parts).into());
        }
        Some(waiting.parts.drain(..count).collect())
    }

    async fn call(&self, parts: &[Part]) -> Result<Value, Fault> {
        let mut command = self.link.command(self.script);
        command.arg(&self.head);
        for part in parts {
            for argument in part.arguments.args_iter() {
                if let Arg::Simple(bytes) = argument {
                    command.arg(bytes);
                }
            }
        }
        if self.safely {
            self.link.call_safely(&command).await
        } else {
            self.link.call(&command).await
        }
    }
}

impl Part {
    fn bytes(&self) -> usize {
        let sizes = self.arguments.args_iter().map(|argument| match argument {
            Arg::Simple(bytes) => bytes.len(),
            _ => 0,
        });
        sizes.sum()
    }
}
