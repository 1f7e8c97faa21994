//! The verdict as JSON: what the client sees, who decides, who is believed to be whom.

use meshwalk_models::walk::{
    BoxKind, Crossing, EndKind, EnforcedBy, Leg, LegEncryption, LegEnd, SeenAnswer, SeenIdentity,
    Sees, ServerVerdict, Verdict,
};
use serde::Serialize;

use crate::report::places::Places;

#[derive(Debug, Default, Serialize)]
pub(super) struct SeesOut<'v> {
    kind: &'static str,
    status: Option<u16>,
    body: Option<&'v str>,
    details: Option<&'v str>,
    /// How long the client waits, where that is not at once.
    after_ms: Option<f64>,
    syns: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(super) struct EnforcedByOut<'v> {
    r#box: BoxKind,
    of: &'v str,
    origins: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct IdentityOut<'v> {
    principal: Option<&'v str>,
    source: &'v str,
}

#[derive(Debug, Serialize)]
pub(super) struct LegOut<'v> {
    from: EndOut<'v>,
    to: EndOut<'v>,
    encryption: LegEncryption,
    crosses_node: Crossing,
    origin: Option<String>,
}

#[derive(Debug, Serialize)]
struct EndOut<'v> {
    kind: EndKind,
    of: &'v str,
    /// Who the other end takes this one for.
    identity: IdentityOut<'v>,
}

#[derive(Debug, Serialize)]
pub(super) struct ServerOut<'v> {
    server: &'v str,
    /// From 0 to 1.
    share: f64,
    verdict: Verdict,
    why: Option<&'v str>,
}

pub(super) fn sees(sees: &Sees) -> SeesOut<'_> {
    let ms = |after: meshwalk_models::units::SimDuration| after.as_secs_f64() * 1e3;
    let of = |kind| SeesOut { kind, ..SeesOut::default() };
    match sees {
        Sees::Server => of("server"),
        Sees::Answer(SeenAnswer { status, body, details, after }) => SeesOut {
            status: Some(*status),
            body: body.as_deref(),
            details: details.as_deref(),
            after_ms: after.map(ms),
            ..of("answer")
        },
        Sees::Refused => of("refused"),
        Sees::Reset { after } => SeesOut { after_ms: after.map(ms), ..of("reset") },
        Sees::TlsError => of("tls_error"),
        Sees::TimeOut { after, syns } => {
            SeesOut { after_ms: Some(ms(*after)), syns: Some(*syns), ..of("time_out") }
        }
        Sees::NotResolved { after } => SeesOut { after_ms: after.map(ms), ..of("not_resolved") },
        Sees::Unknown => of("unknown"),
    }
}

pub(super) fn enforced_by<'v>(by: &'v EnforcedBy, places: Places<'_>) -> EnforcedByOut<'v> {
    let origins = by.origins.iter().map(|&origin| places.show(origin)).collect();
    EnforcedByOut { r#box: by.kind, of: &by.of, origins }
}

pub(super) fn identity(identity: &SeenIdentity) -> IdentityOut<'_> {
    IdentityOut { principal: identity.principal.as_deref(), source: &identity.source }
}

pub(super) fn leg<'v>(leg: &'v Leg, places: Places<'_>) -> LegOut<'v> {
    LegOut {
        from: end(&leg.from),
        to: end(&leg.to),
        encryption: leg.encryption,
        crosses_node: leg.crosses_node,
        origin: leg.origin.map(|origin| places.show(origin)),
    }
}

fn end(end: &LegEnd) -> EndOut<'_> {
    EndOut { kind: end.kind, of: &end.of, identity: identity(&end.believed) }
}

pub(super) fn server(server: &ServerVerdict) -> ServerOut<'_> {
    ServerOut {
        server: &server.server,
        share: server.share_ppm as f64 / 1e6,
        verdict: server.verdict,
        why: server.why.as_deref(),
    }
}
