//! The whole decision about one request: as a tree for people, as JSON for programs. Both show
//! the same answer.

pub(crate) mod document;
mod flips;
pub(crate) mod text;
mod verdict;
pub(crate) mod words;

use meshwalk_models::flip::Flips;
use meshwalk_models::walk::{Answer, OutsideClient, Question, Sender, full_name};
use meshwalk_models::world::World;

use super::places::Places;

/// What is shown.
pub(crate) struct View<'v> {
    /// Who exists.
    pub(crate) world: &'v World,
    /// What was asked.
    pub(crate) question: &'v Question,
    /// What was found.
    pub(crate) answer: &'v Answer,
    /// What would change the verdict; `None` where nobody asked.
    pub(crate) flips: Option<&'v Flips>,
    /// The name of the profile.
    pub(crate) profile: &'v str,
    /// What was expected, if anything.
    pub(crate) expected: Option<String>,
    /// How the answer differs from that.
    pub(crate) mismatch: Option<&'v str>,
    /// The texts that origins point into.
    pub(crate) places: Places<'v>,
}

/// The question in one line, such as `POST checkout:8080/pay from web/deploy/frontend`.
pub(crate) fn title(world: &World, question: &Question) -> String {
    let path = question.path.as_deref().unwrap_or("/");
    let sender = match &question.sender {
        Sender::Pod(caller) => format!("from {}", full_name(world, caller.workload)),
        Sender::Outside(gateway) => format!("from outside at {gateway}"),
        Sender::Client(OutsideClient::Somebody(Some(address))) => format!("from outside/{address}"),
        Sender::Client(_) => "from outside".to_owned(),
        Sender::Controller(controller) => format!("from outside at {}", controller.name()),
    };
    format!("{} {}{path} {sender}", question.method, question.target)
}
