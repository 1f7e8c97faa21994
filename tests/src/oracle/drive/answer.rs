//! What clients get, and what the access log says of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshwalk_models::explain::Silent;
use meshwalk_models::proxy::envoy::router::{Attempt, LocalReply, More, Phase, Timer};
use meshwalk_models::proxy::envoy::routing::finish_reply;
use meshwalk_models::proxy::envoy::{HeaderMap, Reply, ResponseFlags, is_grpc};
use meshwalk_models::units::SimTime;

use super::server::Head;
use super::{Drive, HOP, Happening};

/// What a client got.
#[derive(Debug, Default)]
pub(in super::super) struct Answer {
    /// `None` before the head has come.
    pub(in super::super) status: Option<u16>,
    pub(in super::super) headers: HeaderMap,
    pub(in super::super) body: String,
    /// Whether the answer was ended as it should be.
    pub(in super::super) ended: bool,
    /// Why there is none.
    pub(in super::super) failure: Option<Failure>,
    /// When the client had all that it would get.
    pub(in super::super) finished: Option<SimTime>,
    /// Heads of responses, by attempt.
    heads: BTreeMap<Attempt, Arc<Head>>,
    forwarded: Option<Attempt>,
    asked: Option<Asked>,
}

/// Why a client has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Failure {
    /// The TLS handshake failed.
    Handshake,
    /// The client gave up.
    Impatience,
}

/// A line of the access log.
#[derive(Clone, Debug)]
pub(in super::super) struct Log {
    /// The status that the proxy sent; zero for none.
    pub(in super::super) code: u16,
    pub(in super::super) flags: ResponseFlags,
    pub(in super::super) details: String,
    pub(in super::super) attempts: u32,
    pub(in super::super) cluster: Option<String>,
    pub(in super::super) route: Option<String>,
}

/// What the router wants done as soon as it has nothing else to do.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Forward(Attempt),
    Reply(LocalReply),
    CutOff(LocalReply),
}

impl Answer {
    pub(super) fn asked_to_forward(&mut self, attempt: Attempt) {
        self.asked = Some(Asked::Forward(attempt));
    }

    pub(super) fn asked_to_reply(&mut self, reply: LocalReply) {
        self.asked = Some(Asked::Reply(reply));
    }

    pub(super) fn asked_to_cut_off(&mut self, reply: LocalReply) {
        self.asked = Some(Asked::CutOff(reply));
    }
}

impl Drive<'_> {
    pub(super) fn response_head(&mut self, call: usize, attempt: Attempt, head: &Arc<Head>) {
        self.calls[call].answer.heads.insert(attempt, Arc::clone(head));
    }

    pub(super) fn response_data(&mut self, call: usize, attempt: Attempt, text: &str, _: More) {
        let answer = &mut self.calls[call].answer;
        if answer.forwarded == Some(attempt) {
            answer.body.push_str(text);
            self.stream_moves(call);
        }
    }

    /// Something went to the client.
    fn stream_moves(&mut self, call: usize) {
        let idle = self.calls[call].plan.as_ref().map(|plan| plan.stream_idle_timeout.value);
        if let Some(idle) = idle.filter(|idle| !idle.is_zero()) {
            self.start_timer(call, Timer::StreamIdle, idle);
        }
    }

    /// Does what the router asked for.
    pub(super) fn after_router(&mut self, call: usize) {
        match self.calls[call].answer.asked.take() {
            Some(Asked::Forward(attempt)) => self.forward(call, attempt),
            Some(Asked::Reply(reply)) => self.local_reply(call, &reply),
            Some(Asked::CutOff(reply)) => {
                self.ends_with(call, reply.details.to_string());
                return;
            }
            None => {}
        }
        let own = &self.calls[call];
        let whole = own.state.phase() == Phase::Done && own.answer.forwarded.is_some();
        if whole && own.log.is_none() {
            self.calls[call].answer.ended = true;
            self.ends_with(call, "via_upstream".to_owned());
        }
    }

    /// The head of an upstream's response goes to the client.
    fn forward(&mut self, call: usize, attempt: Attempt) {
        let Some(head) = self.calls[call].answer.heads.get(&attempt).cloned() else { return };
        let mut headers = head.headers.clone();
        for name in ["connection", "transfer-encoding"] {
            headers.remove(name);
        }
        for (name, value) in self.calls[call].progress.response_headers.iter() {
            headers.append(name, value);
        }
        let own = &self.calls[call];
        if let (Some(forward), Some(routed)) = (&own.forward, &own.routed) {
            let (context, status) = (routed.context, head.status);
            forward.finish_response(context, &own.request, status, &mut headers, &mut Silent);
            forward.write_attempts(own.state.attempts(), &mut headers);
        }
        let answer = &mut self.calls[call].answer;
        answer.forwarded = Some(attempt);
        answer.status = Some(head.status);
        answer.headers = headers;
        self.stream_moves(call);
    }

    /// The router, or the connection manager in its place, answers.
    fn local_reply(&mut self, call: usize, local: &LocalReply) {
        let own = &self.calls[call];
        let Some(context) = own.routed.as_ref().map(|routed| routed.context) else { return };
        let attempts = own.state.attempts();
        match &own.forward {
            Some(forward) => {
                let request = &own.request;
                let reply = forward.local_reply(context, request, local, attempts, &mut Silent);
                self.send_reply(call, &reply);
            }
            // A filter still held the request.
            None => self.reply(call, local.to_reply()),
        }
    }

    /// A filter, or the connection manager, answers.
    pub(super) fn reply(&mut self, call: usize, mut reply: Reply) {
        let own = &self.calls[call];
        if let Some(routed) = &own.routed
            && let Some(taken) = routed.taken
        {
            let pick = routed.pick.as_ref();
            finish_reply(routed.context, taken, pick, &own.request, &mut reply, &mut Silent);
        }
        self.finished_reply(call, reply);
    }

    /// An answer whose headers are what the route makes of them.
    pub(super) fn finished_reply(&mut self, call: usize, reply: Reply) {
        let own = &mut self.calls[call];
        own.progress.flags.extend(reply.flags);
        let reply = reply.for_client(&own.request);
        self.send_reply(call, &reply);
    }

    fn send_reply(&mut self, call: usize, reply: &Reply) {
        let own = &mut self.calls[call];
        let answer = &mut own.answer;
        answer.status = Some(reply.status);
        answer.headers = reply.headers.clone();
        answer.ended = true;
        if own.spec.method != "HEAD" {
            answer.body = reply.body.to_string();
        }
        // A reply to a gRPC client is all headers, and says nothing of a length.
        if !is_grpc(&own.request.headers) {
            answer.headers.set("content-length", reply.body.len().to_string());
        }
        self.ends_with(call, reply.details.to_string());
    }

    /// The stream is over: the log is written, and the client learns of it.
    fn ends_with(&mut self, call: usize, details: String) {
        let own = &mut self.calls[call];
        let mut flags = own.progress.flags;
        flags.extend(own.state.flags());
        let routed = own.routed.as_ref();
        let pick = routed.and_then(|routed| routed.pick.as_ref());
        let cluster = pick.map(|pick| pick.cluster.value.to_string());
        let known = |name: &String| self.clusters.iter().any(|cluster| cluster.name == *name);
        let taken = routed.and_then(|routed| routed.taken);
        own.log = Some(Log {
            code: own.answer.status.unwrap_or(0),
            flags,
            details,
            attempts: own.state.attempts(),
            cluster: cluster.filter(known),
            route: taken.and_then(|taken| taken.route.name.clone()),
        });
        own.timers.clear();
        own.progress.end(&mut self.filters);
        if own.shadow_of.is_none() {
            self.after(HOP, Happening::Answered(call));
        }
    }

    /// The proxy learns that the client has gone.
    pub(super) fn client_gone(&mut self, call: usize) {
        if self.calls[call].log.is_some() {
            return;
        }
        self.with_router(call, |router| router.client_gone());
        self.ends_with(call, "downstream_remote_disconnect".to_owned());
        self.calls[call].answer.status = None;
    }
}
