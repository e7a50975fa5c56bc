//! Group commit: decisions of one process that wait at the same time share one write and one sync.
//!
//! There is no thread of its own. Who comes first leads: it takes everything that is queued, appends it as one
//! batch and hands each waiter its anchor. Who comes meanwhile queues, and one of them leads next.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::chain::Chain;
use crate::{Anchor, Draft, Error, Log, Result, frame};

/// One log, shared by several threads.
pub struct GroupCommit {
    log: Mutex<Box<dyn Log>>,
    queue: Mutex<Queue>,
    news: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(u64, Draft)>,
    done: Vec<(u64, Result<Anchor>)>,
    tickets: u64,
    led: bool,
}

impl fmt::Debug for GroupCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupCommit").finish_non_exhaustive()
    }
}

/// How often a batch is tried when other processes append as well.
const ATTEMPTS: u32 = 16;

impl GroupCommit {
    /// Shares `log`, which may stand anywhere.
    pub fn new(log: Box<dyn Log>) -> GroupCommit {
        GroupCommit {
            log: Mutex::new(log),
            queue: Mutex::default(),
            news: Condvar::new(),
        }
    }

    /// Appends `draft` at whatever the tail is by then, and returns when it is durable.
    ///
    /// # Errors
    /// As [`Log::append`]. All drafts that shared a commit get its error; an invalid draft never joins one.
    pub fn append(&self, draft: Draft) -> Result<Anchor> {
        frame::check(&draft)?;
        let mut queue = self.queue();
        let ticket = queue.tickets;
        queue.tickets += 1;
        queue.waiting.push((ticket, draft));
        loop {
            if let Some(at) = queue.done.iter().position(|(done, _)| *done == ticket) {
                return queue.done.swap_remove(at).1;
            }
            if queue.led {
                queue = self
                    .news
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
            } else {
                queue = self.lead(queue);
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // The queue is whole at every point where a holder could panic.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lead<'a>(&'a self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        let (tickets, drafts): (Vec<u64>, Vec<Draft>) =
            std::mem::take(&mut queue.waiting).into_iter().unzip();
        queue.led = true;
        drop(queue);
        let mut led = Led {
            group: self,
            tickets,
            outcome: None,
        };
        led.outcome = Some(self.commit(&drafts));
        drop(led);
        self.queue()
    }

    /// Appends the batch behind whatever is there, and tells every draft's anchor.
    fn commit(&self, drafts: &[Draft]) -> Result<Vec<Anchor>> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 1..ATTEMPTS {
            let before = log.position();
            match log.append(before.map_or(0, |tail| tail.seq + 1), drafts) {
                Ok(tail) => return Ok(anchors(before, tail, drafts)),
                Err(Error::Conflict { .. }) => log.seek_tail()?,
                Err(error) => return Err(error),
            };
        }
        let tail = log.seek_tail()?.tail;
        let expected = tail.map_or(0, |tail| tail.seq + 1);
        log.append(expected, drafts)
            .map(|after| anchors(tail, after, drafts))
    }
}

/// The log tells only the last frame's anchor; those before it follow from the chain.
fn anchors(before: Option<Anchor>, tail: Anchor, drafts: &[Draft]) -> Vec<Anchor> {
    let Some((_, others)) = drafts.split_last() else {
        return Vec::new();
    };
    let mut all = Vec::with_capacity(drafts.len());
    let mut line = Vec::new();
    let mut chain = before.map(|before| Chain::after(before, 0));
    for draft in others {
        let chain = chain
            .as_mut()
            .expect("a log that took a batch has a frame before it");
        line.clear();
        let b3 = frame::encode_into(&mut line, chain.key(), chain.next(), draft);
        let anchor = Anchor {
            seq: chain.next(),
            b3,
        };
        chain.advance(anchor, draft.epoch);
        all.push(anchor);
    }
    all.push(tail);
    all
}

/// Leadership. It is laid down whatever happens: a leader that panics must not leave its followers waiting.
struct Led<'a> {
    group: &'a GroupCommit,
    tickets: Vec<u64>,
    outcome: Option<Result<Vec<Anchor>>>,
}

impl Drop for Led<'_> {
    fn drop(&mut self) {
        let mut queue = self.group.queue();
        queue.led = false;
        let tickets = std::mem::take(&mut self.tickets).into_iter();
        match self.outcome.take() {
            Some(Ok(anchors)) => queue.done.extend(tickets.zip(anchors.into_iter().map(Ok))),
            Some(Err(error)) => queue
                .done
                .extend(tickets.map(|ticket| (ticket, Err(error.again())))),
            None => {
                let panicked = || Error::invalid("commit", "the thread that led it panicked");
                queue
                    .done
                    .extend(tickets.map(|ticket| (ticket, Err(panicked()))));
            }
        }
        self.group.news.notify_all();
    }
}
