//! One case as it is written: the proxy and its upstreams, what clients do, and what a real proxy
//! did. It runs nothing.

use meshwalk_models::units::SimDuration;

use super::fields::{Fields, Read};
use super::json::Json;
use super::render::{self, World};

/// A case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) world: World,
    pub(super) steps: Vec<Step>,
    /// How results are written down and compared.
    pub(super) terms: Terms,
    /// How long counters settle after the last step.
    pub(super) settle: SimDuration,
    pub(super) recorded: Recorded,
}

/// How results are written down and compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Whether hosts are renamed in the order in which they were first tried.
    pub(super) names: Names,
    /// Whether every body is written down, not only those that are out of the ordinary.
    pub(super) bodies: Bodies,
    /// How far times may be apart.
    pub(super) tolerance_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    AsWritten,
    InOrderOfUse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bodies {
    OfOddAnswers,
    OfAll,
}

/// What a real proxy did.
#[derive(Clone, Debug)]
pub(super) enum Recorded {
    /// The same each time, but for some paths.
    Once {
        observed: Json,
        /// Places where the recordings differed from each other.
        unstable: Vec<String>,
    },
    /// Samples.
    Samples { kind: Sampled, runs: Vec<Json> },
}

/// What is counted of a statistical case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampled {
    /// Endpoints, statuses and flags.
    Counts,
    /// And the pauses before retries.
    Gaps,
    /// And the times of all attempts.
    Times,
}

/// What clients do next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Sleep(SimDuration),
    /// The health of all hosts is written down.
    Snapshot(String),
    /// Requests at the same time, each after its own delay.
    Together(Vec<ClientRequest>),
    /// One request after the other.
    InTurn {
        request: ClientRequest,
        times: u32,
        gap: SimDuration,
    },
}

/// A request as a client sends it.
#[derive(Clone, Debug)]
pub(super) struct ClientRequest {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) host: String,
    pub(super) headers: Vec<(String, String)>,
    /// `None` sends no body and says so.
    pub(super) body_bytes: Option<u64>,
    /// The name of the client's certificate.
    pub(super) certificate: Option<String>,
    /// When the client gives up.
    pub(super) patience: SimDuration,
    /// After the beginning of the step.
    pub(super) at: SimDuration,
}

impl Case {
    /// Reads the text of a case.
    pub(super) fn parse(text: &str) -> Read<Self> {
        Fields::read(&Json::parse(text)?, "case", Self::read)
    }

    fn read(fields: &Fields<'_>) -> Read<Self> {
        fields.text("name")?;
        fields.text("about")?;
        let anonymous = fields.switch("anon_endpoints")?;
        let all_bodies = fields.switch("keep_body")?;
        Ok(Self {
            world: render::world(fields)?,
            steps: fields.objects("steps", step)?.into_iter().flatten().collect(),
            terms: Terms {
                names: if anonymous { Names::InOrderOfUse } else { Names::AsWritten },
                bodies: if all_bodies { Bodies::OfAll } else { Bodies::OfOddAnswers },
                tolerance_ms: fields.whole("tol_ms")?.unwrap_or(60),
            },
            settle: fields.ms("settle_ms")?.unwrap_or(SimDuration::from_ms(120)),
            recorded: recorded(fields)?,
        })
    }
}

fn step(fields: &Fields<'_>) -> Read<Vec<Step>> {
    if let Some(pause) = fields.ms("sleep_ms")? {
        return Ok(vec![Step::Sleep(pause)]);
    }
    if let Some(label) = fields.text("snapshot")? {
        return Ok(vec![Step::Snapshot(label.to_owned())]);
    }
    if fields.get("par").is_some() {
        let requests = fields.objects("par", |own| {
            let times = own.whole::<u16>("repeat")?.unwrap_or(1);
            Ok(vec![request(own)?; usize::from(times)])
        })?;
        return Ok(vec![Step::Together(requests.into_iter().flatten().collect())]);
    }
    let times = fields.whole("repeat")?.unwrap_or(1);
    let gap = fields.ms("gap_ms")?.unwrap_or(SimDuration::ZERO);
    Ok(vec![Step::InTurn { request: request(fields)?, times, gap }])
}

fn request(fields: &Fields<'_>) -> Read<ClientRequest> {
    let own = |name: &str, default: &str| {
        Ok::<_, String>(fields.text(name)?.unwrap_or(default).to_owned())
    };
    let header = |(place, item): (String, &Json)| match item {
        Json::List(pair) => match &pair[..] {
            [Json::Text(name), Json::Text(value)] => Ok((name.clone(), value.clone())),
            _ => Err(format!("{place}: expected a name and a value")),
        },
        _ => Err(format!("{place}: expected a list of a name and a value")),
    };
    Ok(ClientRequest {
        method: own("method", "GET")?,
        path: own("path", "/")?,
        host: own("host", "svc")?,
        headers: fields.list("headers")?.into_iter().map(header).collect::<Read<_>>()?,
        body_bytes: fields.whole("body_len")?,
        certificate: fields.text("client_cert")?.map(str::to_owned),
        patience: fields.ms("client_timeout_ms")?.unwrap_or(SimDuration::from_secs(40)),
        at: fields.ms("at_ms")?.unwrap_or(SimDuration::ZERO),
    })
}

fn recorded(fields: &Fields<'_>) -> Read<Recorded> {
    let unstable = fields.object("observed_meta", |inner| {
        // How it was recorded says nothing of what must be.
        for name in ["envoy", "runs", "reproducible", "elapsed_ms_runs"] {
            inner.get(name);
        }
        inner.texts("unstable_paths")
    })?;
    let kind = match fields.get("stat") {
        None | Some(Json::Bool(false)) => None,
        Some(Json::Bool(true)) => Some(Sampled::Counts),
        Some(Json::Text(text)) if text == "gaps" => Some(Sampled::Gaps),
        Some(Json::Text(text)) if text == "times" => Some(Sampled::Times),
        Some(other) => return fields.wrong("stat", &format!("{other} is no kind of statistics")),
    };
    let Some(observed) = fields.get("observed") else {
        return fields.wrong("observed", "nothing was recorded");
    };
    match (kind, observed.get("runs")) {
        (None, _) => Ok(Recorded::Once {
            observed: observed.clone(),
            unstable: unstable.unwrap_or_default(),
        }),
        (Some(kind), Some(Json::List(runs))) if !runs.is_empty() => {
            Ok(Recorded::Samples { kind, runs: runs.clone() })
        }
        (Some(_), _) => fields.wrong("observed", "expected samples under `runs`"),
    }
}
