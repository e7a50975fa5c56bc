//! The body of a response: piece by piece, with pauses, and with the end that the script wants. It keeps the books:
//! only it knows what was handed to the connection.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::{ledger::Ticket, manner::End, reply::Sending};

/// A deliberate end of the connection.
#[derive(Debug, thiserror::Error)]
#[error("the script says to hang up")]
pub(super) struct HungUp;

/// A body on its way out.
#[derive(Debug)]
pub(super) struct Pieces {
    signs: Option<Signs>,
    pieces: VecDeque<Bytes>,
    end: End,
    length: Option<u64>,
    pause: Duration,
    wait: Wait,
    /// Of an answer that is sold.
    ticket: Option<Ticket>,
    spoiled: bool,
}

#[derive(Debug)]
struct Signs {
    line: &'static str,
    every: Duration,
    left: Option<u32>,
}

/// What comes before the next piece.
#[derive(Debug)]
enum Wait {
    No,
    /// One turn of the connection, in which it writes out what it has.
    Turn,
    Pause(Pin<Box<Sleep>>),
}

impl Pieces {
    /// The body of `sending`. The head that goes out with it is the first byte of the answer, unless signs of life
    /// come in between.
    pub(super) fn new(sending: Sending, ticket: Option<Ticket>) -> Self {
        let signs = sending.keep_alive.map(|(signs, line)| Signs {
            line,
            every: signs.every,
            left: (signs.times > 0).then_some(signs.times),
        });
        let mut body = Self {
            signs,
            pieces: sending.pieces.into_iter().map(Bytes::from).collect(),
            end: sending.end,
            length: sending.length,
            pause: sending.pause,
            // A head that a cut follows must be written out before it.
            wait: if sending.end == End::Break {
                Wait::Turn
            } else {
                Wait::No
            },
            ticket,
            spoiled: sending.spoiled,
        };
        if body.signs.is_none() {
            body.book();
        }
        body
    }

    /// A body that is there at once.
    pub(super) fn whole(body: Vec<u8>) -> Self {
        let sending = Sending {
            length: Some(body.len() as u64),
            pieces: vec![body],
            ..Sending::default()
        };
        Self::new(sending, None)
    }

    fn book(&mut self) {
        let delivered = self.is_end_stream() && !self.spoiled;
        match &mut self.ticket {
            Some(ticket) if delivered => ticket.deliver(),
            Some(ticket) => ticket.book(),
            None => {}
        }
    }

    fn sign(&mut self) -> Option<Bytes> {
        let signs = self.signs.as_mut()?;
        match &mut signs.left {
            Some(0) => {
                self.signs = None;
                return None;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        self.wait = wait(signs.every);
        Some(Bytes::from_static(signs.line.as_bytes()))
    }

    fn piece(&mut self) -> Option<Bytes> {
        let piece = self.pieces.pop_front()?;
        self.book();
        let last = self.pieces.is_empty();
        self.wait = wait(if last { Duration::ZERO } else { self.pause });
        Some(piece)
    }

    fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.wait {
            Wait::No => return Poll::Ready(()),
            Wait::Turn => {
                self.wait = Wait::No;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Wait::Pause(sleep) => ready!(sleep.as_mut().poll(context)),
        }
        self.wait = Wait::No;
        Poll::Ready(())
    }
}

fn wait(pause: Duration) -> Wait {
    if pause.is_zero() {
        Wait::Turn
    } else {
        Wait::Pause(Box::pin(sleep(pause)))
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = HungUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HungUp>>> {
        ready!(self.poll_wait(context));
        if let Some(bytes) = self.sign().or_else(|| self.piece()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.end {
            End::Clean => Poll::Ready(None),
            End::Break => Poll::Ready(Some(Err(HungUp))),
            // Nobody wakes this; the client's leaving drops it.
            End::Silence => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.signs.is_none() && self.pieces.is_empty() && self.end == End::Clean
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
