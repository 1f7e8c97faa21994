//! The queue and its server on nexosim: a source that sends jobs to a server, on one thread, which
//! is nexosim's fastest way to run so small a model.

use std::collections::VecDeque;
use std::time::Duration;

use meshwalk_models::units::{SimDuration, SimTime};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, EventSource, Output, SinkState, event_slot};
use nexosim::simulation::{Mailbox, SimInit, SimulationError};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use super::{Demand, Outcome};

fn duration(length: SimDuration) -> Duration {
    Duration::from_nanos(length.as_ns())
}

#[derive(Default, Serialize, Deserialize)]
struct Source {
    jobs: Output<()>,
    sent: u64,
}

#[Model]
impl Source {
    /// Begins the stream of arrivals.
    fn start(&mut self, _: (), cx: &Context<Self>) {
        self.schedule_next(cx);
    }

    #[nexosim(schedulable)]
    async fn send(&mut self, _: (), cx: &Context<Self>) {
        self.sent += 1;
        self.schedule_next(cx);
        self.jobs.send(()).await;
    }

    fn schedule_next(&self, cx: &Context<Self>) {
        let gap = duration(Demand::Gap.of_job(self.sent));
        cx.schedule_event(gap, schedulable!(Self::send), ()).expect("the gap is not zero");
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Server {
    waiting: VecDeque<MonotonicTime>,
    arrivals: u64,
    departures: u64,
    sojourn_sum_ns: u64,
    report: Output<(u64, u64, u64)>,
}

#[Model]
impl Server {
    fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.arrivals += 1;
        self.waiting.push_back(cx.time());
        if self.waiting.len() == 1 {
            self.schedule_departure(cx);
        }
    }

    #[nexosim(schedulable)]
    fn depart(&mut self, _: (), cx: &Context<Self>) {
        self.departures += 1;
        let arrived = self.waiting.pop_front().expect("the job in service is in the queue");
        self.sojourn_sum_ns += cx.time().duration_since(arrived).as_nanos() as u64;
        if !self.waiting.is_empty() {
            self.schedule_departure(cx);
        }
    }

    /// Says what was found so far.
    async fn tell(&mut self) {
        self.report.send((self.arrivals, self.departures, self.sojourn_sum_ns)).await;
    }

    fn schedule_departure(&self, cx: &Context<Self>) {
        let service = duration(Demand::Service.of_job(self.departures));
        cx.schedule_event(service, schedulable!(Self::depart), ()).expect("the time is not zero");
    }
}

/// Runs the model to its end.
pub(super) fn run(end: SimTime) -> Outcome {
    simulate(end).expect("the model has no deadlock and no lost message")
}

fn simulate(end: SimTime) -> Result<Outcome, SimulationError> {
    let (mut source, mut server) = (Source::default(), Server::default());
    let (source_mailbox, server_mailbox) = (Mailbox::new(), Mailbox::new());
    source.jobs.connect(Server::arrive, &server_mailbox);

    let mut bench = SimInit::with_num_threads(1);
    let (sink, mut reports) = event_slot(SinkState::Enabled);
    server.report.connect_sink(sink);
    let start = EventSource::new().connect(Source::start, &source_mailbox).register(&mut bench);
    let tell = EventSource::new().connect(Server::tell, &server_mailbox).register(&mut bench);
    let mut simulation = bench
        .add_model(source, source_mailbox, "source")
        .add_model(server, server_mailbox, "server")
        .init(MonotonicTime::EPOCH)?;

    simulation.process_event(&start, ())?;
    simulation.step_until(Duration::from_nanos(end.as_ns()))?;
    simulation.process_event(&tell, ())?;
    let (arrivals, departures, sojourn_sum_ns) = reports.try_read().unwrap_or_default();
    Ok(Outcome { arrivals, departures, sojourn_sum_ns })
}
