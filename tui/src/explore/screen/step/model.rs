//! What the Step screen shows, as plain data: made of the scene alone.

use meshwalk_sim::timeline::Log;

use crate::explore::hop::{self, Hop};
use crate::explore::scene::Scene;
use crate::explore::wording::Words;

use super::layers::{Facts, Layers, layers};

/// The screen at the cursor.
pub(super) struct Model<'a> {
    /// Names.
    pub(super) words: Words<'a>,
    /// What was recorded.
    pub(super) log: &'a Log,
    /// The call at the cursor.
    pub(super) hop: Option<Hop>,
    /// The layers where its message is.
    pub(super) layers: Option<Layers>,
}

impl<'a> Model<'a> {
    /// Of a scene.
    pub(super) fn of(scene: &Scene<'a>) -> Self {
        let words = Words::of(scene.session);
        let log = scene.log();
        let hop = hop::build(&words, log, scene.event());
        let layers = hop.as_ref().and_then(|hop| {
            let asked = hop.call.and_then(|call| scene.session.prepared.asked.get(call as usize));
            let at = log.time(scene.event());
            let reply = hop.call.map(|call| scene.asking.answer(call, hop.caller, at));
            let unasked = match &reply {
                Some(Err(why)) => why.to_string(),
                _ => "its call site is not known".to_owned(),
            };
            let walked = match &reply {
                Some(Ok(answered)) => Ok(&answered.answer),
                _ => Err(unasked.as_str()),
            };
            layers(Facts { words: &words, log, cursor: scene.event(), hop, asked, walked })
        });
        Self { words, log, hop, layers }
    }
}
