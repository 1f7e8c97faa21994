//! Changes to the headers of a request or response, as data.

use crate::world::Origin;

/// What is done to the headers of a request and of its response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeaderMutations {
    /// Headers of the request that are set or added, in order.
    pub request_set: Vec<HeaderMutation>,
    /// Headers of the request that are removed, in lower case.
    pub request_remove: Vec<String>,
    /// Headers of the response that are set or added, in order.
    pub response_set: Vec<HeaderMutation>,
    /// Headers of the response that are removed, in lower case.
    pub response_remove: Vec<String>,
}

/// One header that is set or added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderMutation {
    /// In lower case.
    pub name: String,
    /// May hold command operators such as `%DOWNSTREAM_REMOTE_ADDRESS%`.
    pub value: String,
    /// What happens to a header that is there already.
    pub action: AppendAction,
    /// Where it is written.
    pub origin: Origin,
}

/// What happens to a header that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AppendAction {
    /// The value is added behind it.
    #[default]
    AppendOrAdd,
    /// It is left as it is.
    AddIfAbsent,
    /// It is replaced.
    OverwriteOrAdd,
    /// It is replaced; a header that is not there is not added.
    OverwriteIfExists,
}
