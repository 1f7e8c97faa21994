//! The graph on nexosim: a model for each service, on one thread, which is nexosim's fastest way
//! to run so small a graph.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use meshwalk_models::units::SimDuration;
use meshwalk_sim::kernel::{CounterDraw, Distribution};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, EventSource, Output, SinkState, event_slot};
use nexosim::simulation::{Mailbox, SimInit, SimulationError};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use super::{Outcome, RATE_PER_S, TRAVEL, WORK_MEAN, WORKERS};

/// For each service the two that it calls; the first is the front.
const CALLEES: [&[usize]; 7] = [&[1, 2], &[3, 4], &[5, 6], &[], &[], &[], &[]];

/// The purpose of the draws between arrivals; services draw by their number.
const ARRIVALS: u64 = 1_000;

/// A request under way, as all its calls carry it.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Request {
    number: u64,
    begun: MonotonicTime,
}

fn duration(length: SimDuration) -> Duration {
    Duration::from_nanos(length.as_ns())
}

/// An exponential draw that is not zero, which nexosim would not schedule.
fn exponential(mean: SimDuration, key: u64, purpose: u64) -> Duration {
    let distribution = Distribution::exponential(mean).expect("the means are not zero");
    let drawn = distribution.sample(&mut CounterDraw::keyed(key, purpose));
    duration(drawn.max(SimDuration::from_ns(1)))
}

#[derive(Default, Serialize, Deserialize)]
struct Client {
    requests: Output<Request>,
    sent: u64,
    answered: u64,
    latency_sum_ns: u64,
    report: Output<(u64, u64)>,
}

#[Model]
impl Client {
    /// Begins the stream of requests.
    fn start(&mut self, _: (), cx: &Context<Self>) {
        self.schedule_next(cx);
    }

    #[nexosim(schedulable)]
    fn send(&mut self, _: (), cx: &Context<Self>) {
        let request = Request { number: self.sent, begun: cx.time() };
        self.sent += 1;
        self.schedule_next(cx);
        cx.schedule_event(duration(TRAVEL), schedulable!(Self::deliver), request)
            .expect("the time is not zero");
    }

    #[nexosim(schedulable)]
    async fn deliver(&mut self, request: Request) {
        self.requests.send(request).await;
    }

    fn answer(&mut self, request: Request, cx: &Context<Self>) {
        self.answered += 1;
        self.latency_sum_ns += cx.time().duration_since(request.begun).as_nanos() as u64;
    }

    /// Says what was found so far.
    async fn tell(&mut self) {
        self.report.send((self.answered, self.latency_sum_ns)).await;
    }

    fn schedule_next(&self, cx: &Context<Self>) {
        let mean = SimDuration::from_ns(1_000_000_000 / u64::from(RATE_PER_S));
        let gap = exponential(mean, self.sent, ARRIVALS);
        cx.schedule_event(gap, schedulable!(Self::send), ()).expect("the gap is not zero");
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Service {
    number: u64,
    callees: u32,
    busy: u32,
    waiting: VecDeque<Request>,
    /// Answers that requests still wait for.
    awaited: BTreeMap<u64, u32>,
    calls: Output<Request>,
    answers: Output<Request>,
}

#[Model]
impl Service {
    fn receive(&mut self, request: Request, cx: &Context<Self>) {
        if self.busy < WORKERS {
            self.busy += 1;
            self.work(request, cx);
        } else {
            self.waiting.push_back(request);
        }
    }

    #[nexosim(schedulable)]
    fn worked(&mut self, request: Request, cx: &Context<Self>) {
        match self.waiting.pop_front() {
            Some(next) => self.work(next, cx),
            None => self.busy -= 1,
        }
        if self.callees == 0 {
            self.respond(request, cx);
        } else {
            self.awaited.insert(request.number, self.callees);
            cx.schedule_event(duration(TRAVEL), schedulable!(Self::deliver_calls), request)
                .expect("the time is not zero");
        }
    }

    #[nexosim(schedulable)]
    async fn deliver_calls(&mut self, request: Request) {
        self.calls.send(request).await;
    }

    #[nexosim(schedulable)]
    async fn deliver_answer(&mut self, request: Request) {
        self.answers.send(request).await;
    }

    fn answer(&mut self, request: Request, cx: &Context<Self>) {
        let awaited = self.awaited.get_mut(&request.number).expect("the request made this call");
        *awaited -= 1;
        if *awaited == 0 {
            self.awaited.remove(&request.number);
            self.respond(request, cx);
        }
    }

    fn work(&self, request: Request, cx: &Context<Self>) {
        let work = exponential(WORK_MEAN, request.number, self.number);
        cx.schedule_event(work, schedulable!(Self::worked), request).expect("work is not zero");
    }

    fn respond(&self, request: Request, cx: &Context<Self>) {
        cx.schedule_event(duration(TRAVEL), schedulable!(Self::deliver_answer), request)
            .expect("the time is not zero");
    }
}

/// Runs the graph to its end.
pub(super) fn run(end: SimDuration) -> Outcome {
    simulate(end).expect("the model has no deadlock and no lost message")
}

fn simulate(end: SimDuration) -> Result<Outcome, SimulationError> {
    let service = |(row, callees): (usize, &&[usize])| Service {
        number: row as u64,
        callees: callees.len() as u32,
        ..Service::default()
    };
    let mut services: Vec<Service> = CALLEES.iter().enumerate().map(service).collect();
    let mailboxes: Vec<Mailbox<Service>> = CALLEES.iter().map(|_| Mailbox::new()).collect();
    let (mut client, client_mailbox) = (Client::default(), Mailbox::new());
    client.requests.connect(Service::receive, &mailboxes[0]);
    services[0].answers.connect(Client::answer, &client_mailbox);
    for (caller, callees) in CALLEES.iter().enumerate() {
        for &callee in *callees {
            services[caller].calls.connect(Service::receive, &mailboxes[callee]);
            services[callee].answers.connect(Service::answer, &mailboxes[caller]);
        }
    }

    let mut bench = SimInit::with_num_threads(1);
    let (sink, mut reports) = event_slot(SinkState::Enabled);
    client.report.connect_sink(sink);
    let start = EventSource::new().connect(Client::start, &client_mailbox).register(&mut bench);
    let tell = EventSource::new().connect(Client::tell, &client_mailbox).register(&mut bench);
    bench = bench.add_model(client, client_mailbox, "client");
    for (number, (service, mailbox)) in services.into_iter().zip(mailboxes).enumerate() {
        bench = bench.add_model(service, mailbox, &format!("service-{number}"));
    }
    let mut simulation = bench.init(MonotonicTime::EPOCH)?;

    simulation.process_event(&start, ())?;
    simulation.step_until(duration(end))?;
    simulation.process_event(&tell, ())?;
    let (answered, latency_sum_ns) = reports.try_read().unwrap_or_default();
    Ok(Outcome {
        calls: answered * CALLEES.len() as u64,
        mean_latency_ms: latency_sum_ns as f64 / answered as f64 / 1e6,
    })
}
