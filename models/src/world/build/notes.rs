//! What the build has to say about its input; it decides nothing by it.

use crate::manifest::{Diagnostic, Place};

/// Something that the manifests leave open, and how the build filled it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Assumption {
    /// What it is about, such as `cluster shop` or `CronJob jobs/report`.
    pub subject: String,
    /// What was assumed, as a sentence.
    pub sentence: String,
    /// The line that leaves it open, if there is one.
    pub place: Option<Place>,
}

/// Findings and assumptions, in the order of the names they are about.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) findings: Vec<Diagnostic>,
    pub(super) assumptions: Vec<Assumption>,
}

impl Notes {
    pub(super) fn find(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    pub(super) fn assume(
        &mut self,
        subject: impl Into<String>,
        sentence: impl Into<String>,
        place: Option<Place>,
    ) {
        self.assumptions.push(Assumption {
            subject: subject.into(),
            sentence: sentence.into(),
            place,
        });
    }
}
