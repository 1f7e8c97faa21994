//! The desk for dear questions: they are answered at once by whoever asks, or by a worker beside,
//! whose answers arrive as messages. What is asked and answered is not known here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// Says whether an answer is still wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Nobody wants the answer any more.
    pub(crate) fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody still wants the answer.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Answers a question in parts, and hands each part on as soon as it is there.
pub(crate) type Clerk<Q, A> = Box<dyn Fn(&Q, &Cancel, &mut dyn FnMut(A)) + Send>;

/// Where questions are put. Only the last one is of interest: a new one takes the place of those
/// before it.
pub(crate) struct Desk<Q, A> {
    how: How<Q, A>,
}

enum How<Q, A> {
    Inline(Clerk<Q, A>),
    Beside(Worker<Q, A>),
}

/// A worker of its own.
struct Worker<Q, A> {
    shared: Arc<Shared<Q>>,
    answers: Receiver<(Q, Part<A>)>,
}

/// A part of an answer, or word that there are no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part<A> {
    /// A part.
    Of(A),
    /// The question is done with; parts that did not come were cancelled.
    Done,
}

struct Shared<Q> {
    place: Mutex<Place<Q>>,
    changed: Condvar,
}

/// What lies on the desk.
struct Place<Q> {
    next: Option<(Q, Cancel)>,
    /// What the worker is at.
    at: Option<(Q, Cancel)>,
    is_closed: bool,
}

impl<Q: Clone + PartialEq + Send + 'static, A: Send + 'static> Desk<Q, A> {
    /// Whoever asks waits for the answer: no thread takes part, so that the same questions always
    /// give the same screens.
    pub(crate) fn inline(clerk: Clerk<Q, A>) -> Self {
        Self { how: How::Inline(clerk) }
    }

    /// A worker answers beside; `notify` is called from there whenever an answer is to be taken.
    pub(crate) fn beside(clerk: Clerk<Q, A>, notify: Box<dyn Fn() + Send>) -> Self {
        let place = Mutex::new(Place { next: None, at: None, is_closed: false });
        let shared = Arc::new(Shared { place, changed: Condvar::new() });
        let (sender, answers) = mpsc::channel();
        let own = Arc::clone(&shared);
        #[expect(
            clippy::disallowed_methods,
            reason = "what it finds does not depend on when it is found, and no run is made there"
        )]
        thread::spawn(move || work(&own, &clerk, &sender, &notify));
        Self { how: How::Beside(Worker { shared, answers }) }
    }

    /// Puts a question. Its answer is there at once, or arrives in time.
    pub(crate) fn put(&self, question: Q) -> Vec<Part<A>> {
        match &self.how {
            How::Inline(clerk) => {
                let mut parts = Vec::new();
                clerk(&question, &Cancel::default(), &mut |part| parts.push(Part::Of(part)));
                parts.push(Part::Done);
                parts
            }
            How::Beside(worker) => {
                worker.shared.put(question);
                Vec::new()
            }
        }
    }

    /// What has arrived since the last time.
    pub(crate) fn take(&self) -> Vec<(Q, Part<A>)> {
        match &self.how {
            How::Inline(_) => Vec::new(),
            How::Beside(worker) => worker.answers.try_iter().collect(),
        }
    }

    /// Nobody wants what was asked any more; what of it had been found still arrives.
    pub(crate) fn cancel(&self) {
        if let How::Beside(worker) = &self.how {
            let mut place = worker.shared.lock();
            place.next = None;
            if let Some((_, cancel)) = &place.at {
                cancel.cancel();
            }
        }
    }
}

impl<Q, A> Drop for Desk<Q, A> {
    /// The worker ends by itself at its next look; nobody waits for it.
    fn drop(&mut self) {
        if let How::Beside(worker) = &self.how {
            let mut place = worker.shared.lock();
            place.is_closed = true;
            if let Some((_, cancel)) = &place.at {
                cancel.cancel();
            }
            drop(place);
            worker.shared.changed.notify_all();
        }
    }
}

impl<Q> Shared<Q> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Place<Q>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q: PartialEq> Shared<Q> {
    fn put(&self, question: Q) {
        let mut place = self.lock();
        let is_at_it = place.at.as_ref().is_some_and(|(at, cancel)| {
            if *at != question {
                cancel.cancel();
            }
            *at == question && cancel.is_wanted()
        });
        place.next = (!is_at_it).then(|| (question, Cancel::default()));
        drop(place);
        self.changed.notify_all();
    }
}

/// Answers one question after the other until the desk is closed.
fn work<Q: Clone, A>(
    shared: &Shared<Q>,
    clerk: &Clerk<Q, A>,
    answers: &Sender<(Q, Part<A>)>,
    notify: &dyn Fn(),
) {
    while let Some((question, cancel)) = next(shared) {
        // Whoever put the question may be gone; then there is nobody to tell.
        let tell = |part| {
            let _ = answers.send((question.clone(), part));
            notify();
        };
        clerk(&question, &cancel, &mut |part| tell(Part::Of(part)));
        shared.lock().at = None;
        tell(Part::Done);
    }
}

/// Waits for the next question; `None` once the desk is closed.
fn next<Q: Clone>(shared: &Shared<Q>) -> Option<(Q, Cancel)> {
    let mut place = shared.lock();
    loop {
        if place.is_closed {
            return None;
        }
        if let Some(next) = place.next.take() {
            place.at = Some(next.clone());
            return Some(next);
        }
        place = shared.changed.wait(place).unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> Clerk<u32, u32> {
        Box::new(|question, cancel, hand_on| {
            for part in 0..*question {
                if cancel.is_wanted() {
                    hand_on(part);
                }
            }
        })
    }

    fn tells(notify: Sender<()>) -> Box<dyn Fn() + Send> {
        Box::new(move || {
            let _ = notify.send(());
        })
    }

    /// Takes answers until a question is done with.
    fn all_of(desk: &Desk<u32, u32>, arrived: &Receiver<()>, question: u32) -> Vec<u32> {
        let mut parts = Vec::new();
        loop {
            arrived.recv().expect("the worker is there");
            for (of, part) in desk.take() {
                match part {
                    Part::Of(part) if of == question => parts.push(part),
                    Part::Done if of == question => return parts,
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn an_inline_desk_answers_at_once() {
        let desk = Desk::inline(counting());
        assert_eq!(desk.put(2), [Part::Of(0), Part::Of(1), Part::Done]);
        assert_eq!(desk.take(), []);
    }

    #[test]
    fn a_worker_hands_on_each_part_and_says_when_it_is_done() {
        let (notify, arrived) = mpsc::channel();
        let desk = Desk::beside(counting(), tells(notify));
        assert_eq!(desk.put(3), []);
        assert_eq!(all_of(&desk, &arrived, 3), [0, 1, 2]);
        desk.put(1);
        assert_eq!(all_of(&desk, &arrived, 1), [0]);
    }

    #[test]
    fn a_new_question_cancels_the_one_before() {
        let (notify, arrived) = mpsc::channel();
        let waits: Clerk<u32, u32> = Box::new(|question, cancel, hand_on| {
            // The first one would go on for ever.
            while *question == 0 && cancel.is_wanted() {
                thread::yield_now();
            }
            hand_on(*question);
        });
        let desk = Desk::beside(waits, tells(notify));
        desk.put(0);
        desk.put(7);
        assert_eq!(all_of(&desk, &arrived, 7), [7]);
    }

    #[test]
    fn a_question_that_is_cancelled_is_done_with() {
        let (notify, arrived) = mpsc::channel();
        let (begins, began) = mpsc::channel();
        let waits: Clerk<u32, u32> = Box::new(move |_, cancel, _| {
            let _ = begins.send(());
            while cancel.is_wanted() {
                thread::yield_now();
            }
        });
        let desk = Desk::beside(waits, tells(notify));
        desk.put(0);
        began.recv().expect("it begins");
        desk.cancel();
        assert!(all_of(&desk, &arrived, 0).is_empty());
    }
}
