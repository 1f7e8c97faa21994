//! What an upstream does, attempt by attempt, as the case writes it. When it does so is the drive
//! loop's business.

use meshwalk_models::units::SimDuration;

use super::fields::{Fields, Read};
use super::json::Json;

/// How an attempt ends if it does not end well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// The answer is sent whole.
    #[default]
    Whole,
    /// Nothing ever comes.
    Hang,
    /// The connection or the stream is reset in place of an answer.
    Reset,
    /// HTTP/2 only: the stream is refused.
    Refused,
    /// HTTP/2 only: the stream is cancelled.
    Cancelled,
    /// The connection is closed in place of an answer.
    Close,
    /// Headers and one byte come, and then a reset.
    ResetAfterHeaders,
}

/// What the upstream does with one attempt.
#[derive(Clone, Debug, Default)]
pub(super) struct Action {
    pub(super) status: Option<u16>,
    pub(super) delay: SimDuration,
    /// In the order written.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
    pub(super) chunks: Option<Vec<String>>,
    pub(super) chunk_gap: SimDuration,
    pub(super) body_delay: SimDuration,
    pub(super) ending: Endings,
    /// HTTP/2 only: the headers are all there is.
    pub(super) headers_only: bool,
}

/// The ending on HTTP/1.1 and on HTTP/2; what only the other one knows is passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Endings {
    pub(super) http1: Ending,
    pub(super) http2: Ending,
}

/// A list of actions; the last one repeats, or all of them in turn.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    actions: Vec<Action>,
    repeat: Repeat,
    next: usize,
}

/// What comes after the last action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Repeat {
    /// The last one again.
    #[default]
    Last,
    /// The first one again.
    Cycle,
}

impl Script {
    /// The script of an endpoint or of a cluster.
    pub(super) fn read(fields: &Fields<'_>) -> Read<Self> {
        let repeat = match fields.text("repeat")?.unwrap_or("last") {
            "last" => Repeat::Last,
            "cycle" => Repeat::Cycle,
            other => {
                return fields.wrong("repeat", &format!("`{other}` is neither last nor cycle"));
            }
        };
        Ok(Self { actions: fields.objects("script", action)?, repeat, next: 0 })
    }

    /// The next action.
    pub(super) fn next(&mut self) -> Action {
        let at = self.next;
        self.next += 1;
        let last = self.actions.len().saturating_sub(1);
        let at = match self.repeat {
            Repeat::Last => at.min(last),
            Repeat::Cycle => at % self.actions.len().max(1),
        };
        self.actions.get(at).cloned().unwrap_or_default()
    }
}

fn action(fields: &Fields<'_>) -> Read<Action> {
    let chunks = match fields.get("chunks") {
        Some(_) => Some(fields.texts("chunks")?),
        None => None,
    };
    // Trailers only end the response: no decision looks at them, and clients speak HTTP/1.1.
    fields.text_map("trailers")?;
    let duration = |name| Ok::<_, String>(fields.ms(name)?.unwrap_or(SimDuration::ZERO));
    Ok(Action {
        status: fields.whole("status")?,
        delay: duration("delay_ms")?,
        headers: fields.text_map("headers")?,
        body: fields.text("body")?.map(str::to_owned),
        chunks,
        chunk_gap: duration("chunk_gap_ms")?,
        body_delay: duration("body_delay_ms")?,
        ending: endings(fields)?,
        headers_only: fields.switch("headers_only")?,
    })
}

fn endings(fields: &Fields<'_>) -> Read<Endings> {
    let hang = fields.switch("hang")?;
    let reset = match fields.get("reset") {
        None | Some(Json::Bool(false)) => None,
        Some(Json::Bool(true)) => Some(Ending::Reset),
        Some(Json::Text(text)) if text == "before_headers" => Some(Ending::Reset),
        Some(Json::Text(text)) if text == "after_headers" => Some(Ending::ResetAfterHeaders),
        Some(other) => return fields.wrong("reset", &format!("{other} is no kind of reset")),
    };
    let refused = fields.switch("refused_stream")?;
    let cancelled = fields.switch("cancel_stream")?;
    let close = fields.switch("close")?;
    let before = reset.filter(|reset| *reset == Ending::Reset);
    let first = |endings: &[(bool, Ending)]| {
        let given = endings.iter().find(|(given, _)| *given).map(|(_, ending)| *ending);
        given.or(reset).unwrap_or_default()
    };
    let (hangs, resets) = ((hang, Ending::Hang), (before.is_some(), Ending::Reset));
    let closes = (close, Ending::Close);
    Ok(Endings {
        http1: first(&[hangs, resets, closes]),
        http2: first(&[
            hangs,
            resets,
            (refused, Ending::Refused),
            (cancelled, Ending::Cancelled),
            closes,
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Read<Script> {
        Fields::read(&Json::parse(text).unwrap(), "case", Script::read)
    }

    fn statuses(text: &str) -> Vec<Option<u16>> {
        let mut script = script(text).unwrap();
        (0..5).map(|_| script.next().status).collect()
    }

    #[test]
    fn the_last_action_repeats_unless_all_of_them_do() {
        let actions = r#""script": [{"status": 503}, {"status": 200}]"#;
        let last = statuses(&format!("{{{actions}}}"));
        assert_eq!(last, [Some(503), Some(200), Some(200), Some(200), Some(200)]);
        let cycle = statuses(&format!(r#"{{{actions}, "repeat": "cycle"}}"#));
        assert_eq!(cycle, [Some(503), Some(200), Some(503), Some(200), Some(503)]);
        assert_eq!(statuses("{}"), [None; 5]);
    }

    #[test]
    fn what_only_the_other_protocol_knows_is_passed_over() {
        let ending = |text: &str| {
            let text = format!(r#"{{"script": [{text}]}}"#);
            let Endings { http1, http2 } = script(&text).unwrap().next().ending;
            (http1, http2)
        };
        assert_eq!(ending(r#"{"refused_stream": true}"#), (Ending::Whole, Ending::Refused));
        let after = (Ending::ResetAfterHeaders, Ending::ResetAfterHeaders);
        assert_eq!(ending(r#"{"reset": "after_headers"}"#), after);
        assert_eq!(ending(r#"{"close": true, "hang": true}"#), (Ending::Hang, Ending::Hang));
        assert!(script(r#"{"script": [{"reset": "sometimes"}]}"#).is_err());
    }
}
