//! The layers of a message where it is: what comes into a box and what goes out of it, from the
//! application down to the redirection, and each field with what set it. What is not known says so.

mod fields;
mod request;
mod transport;
mod wire;

use meshwalk_models::explain::RuleId;
use meshwalk_models::walk::Answer;
use meshwalk_sim::flow::Asked;
use meshwalk_sim::timeline::{EventId, Log};

use crate::explore::hop::{Heading, Hop, Moves, Stop};
use crate::explore::wording::Words;

pub(super) use fields::{Field, field, unknown};

/// What stands where something is not known or not modelled.
const NOT_KNOWN: &str = "not known";

/// A layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// What the applications say to each other.
    Application,
    /// What proxies make of requests.
    Mesh,
    /// The tunnel around it.
    Tunnel,
    /// TLS between proxies.
    Tls,
    /// Who is believed to be whom.
    Identity,
    /// TCP.
    Tcp,
    /// How the bytes get to the proxy that takes them.
    Redirect,
}

impl Layer {
    /// From the top.
    pub(super) const ALL: [Self; 7] = [
        Self::Application,
        Self::Mesh,
        Self::Tunnel,
        Self::Tls,
        Self::Identity,
        Self::Tcp,
        Self::Redirect,
    ];

    /// Its number and name.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Application => "7 app",
            Self::Mesh => "7 mesh L7",
            Self::Tunnel => "6 tunnel",
            Self::Tls => "5 TLS",
            Self::Identity => "5 identity",
            Self::Tcp => "4 TCP",
            Self::Redirect => "3 redirect",
        }
    }

    /// Its name in a sentence.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Application => "the application's message",
            Self::Mesh => "what proxies make of requests",
            Self::Tunnel => "the tunnel",
            Self::Tls => "TLS",
            Self::Identity => "the identity",
            Self::Tcp => "TCP",
            Self::Redirect => "the redirection",
        }
    }
}

/// One side of a layer: in a few words, and field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// In a few words.
    pub(super) text: String,
    /// Field by field.
    pub(super) fields: Vec<Field>,
}

impl Cell {
    fn new(text: impl Into<String>, fields: Vec<Field>) -> Self {
        Self { text: text.into(), fields }
    }
}

/// A layer on both sides of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Which layer.
    pub(super) layer: Layer,
    /// What comes in.
    pub(super) inward: Option<Cell>,
    /// What goes out.
    pub(super) outward: Option<Cell>,
}

impl Row {
    /// Whether what goes out differs from what comes in.
    pub(super) fn changes(&self) -> bool {
        match (&self.inward, &self.outward) {
            (Some(inward), Some(outward)) => inward.text != outward.text,
            (None, _) | (_, None) => false,
        }
    }
}

/// The layers around the box that has the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layers {
    /// The box, in few letters.
    pub(super) at: String,
    /// The box that it comes from.
    pub(super) from: Option<String>,
    /// The box that it goes to.
    pub(super) to: Option<String>,
    /// Whether it is an answer.
    pub(super) heading: Heading,
    /// Whether it has left the box.
    pub(super) moves: Moves,
    /// The layers from the top.
    pub(super) rows: Vec<Row>,
    /// Why less is known than there might be.
    pub(super) missing: Option<String>,
}

/// What layers are made of.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    /// Names.
    pub(super) words: &'a Words<'a>,
    /// What was recorded.
    pub(super) log: &'a Log,
    /// Where the cursor is.
    pub(super) cursor: EventId,
    /// The call.
    pub(super) hop: &'a Hop,
    /// What its call site asks for.
    pub(super) asked: Option<&'a Asked>,
    /// What the walk says of the same request; or why it was not asked.
    pub(super) walked: Result<&'a Answer, &'a str>,
}

/// The layers where the message is; nothing before the call begins.
pub(super) fn layers(facts: Facts<'_>) -> Option<Layers> {
    let hop = facts.hop;
    let here = hop.here?;
    let (inward, outward) = hop.around();
    let name = |stop: &Stop| match stop.spot {
        Some(spot) => facts.words.spot_in_short(spot),
        None => "not chosen yet".to_owned(),
    };
    let (before, after) = match here.heading {
        Heading::There => (inward, outward.map(|leg| leg + 1)),
        Heading::Back => (inward.map(|leg| leg + 1), outward),
    };
    let row = |layer| Row {
        layer,
        inward: inward.map(|leg| cell(facts, layer, (leg, Edge::In))),
        outward: outward.map(|leg| cell(facts, layer, (leg, Edge::Out))),
    };
    Some(Layers {
        at: name(&hop.stops[here.stop]),
        from: before.map(|stop| name(&hop.stops[stop])),
        to: after.map(|stop| name(&hop.stops[stop])),
        heading: here.heading,
        moves: here.moves,
        rows: Layer::ALL.into_iter().map(row).collect(),
        missing: facts.walked.err().map(str::to_owned),
    })
}

/// On which side of the box a leg lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// The message comes over it.
    In,
    /// The message leaves over it.
    Out,
}

fn cell(facts: Facts<'_>, layer: Layer, (leg, edge): (usize, Edge)) -> Cell {
    match layer {
        Layer::Application => request::application(facts, leg),
        Layer::Mesh => request::mesh(facts, edge),
        Layer::Tunnel => wire::tunnel(facts, leg),
        Layer::Tls => wire::tls(facts, leg),
        Layer::Identity => wire::identity(facts, (leg, edge)),
        Layer::Tcp => transport::tcp(facts, leg),
        Layer::Redirect => transport::redirect(facts, leg),
    }
}

/// A rule of the catalogue, by its name.
const fn by_rule(id: &'static str) -> Option<RuleId> {
    Some(RuleId(id))
}
