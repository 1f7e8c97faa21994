//! Which edits are worth trying: those that touch what decides about the caller and its servers.
//! Whether one of them changes the verdict, only an evaluation tells.

mod access;
mod labels;
mod network;
mod request;
mod tls;

use std::collections::BTreeSet;

use crate::manifest::kinds::ObjectMeta;

use super::edit::{At, Change, Edit, EditKind, Width};
use super::scene::Scene;

/// Where a verdict is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// The request is to pass.
    Admit,
    /// It is to be stopped.
    Stop,
}

/// Edits that are made together.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) edits: Vec<Edit>,
}

/// How candidates are put in order: the smallest first.
pub(super) type Rank = (u32, usize, Vec<(EditKind, Width)>, Vec<String>);

impl Candidate {
    pub(super) fn rank(&self) -> Rank {
        let size = self.edits.iter().map(|edit| edit.size).sum();
        let mut kinds: Vec<_> = self.edits.iter().map(|edit| (edit.kind(), edit.width())).collect();
        let mut sentences: Vec<_> = self.edits.iter().map(|it| it.sentence.clone()).collect();
        // The order in which edits are made makes no other candidate.
        kinds.sort();
        sentences.sort();
        (size, self.edits.len(), kinds, sentences)
    }
}

/// All candidates for a question, the smallest first.
pub(super) fn candidates(scene: &Scene<'_>, goal: Goal) -> Vec<(Rank, Candidate)> {
    let mut found = Found { scene, goal, candidates: Vec::new() };
    network::add(&mut found);
    access::add(&mut found);
    tls::add(&mut found);
    request::add(&mut found);
    let mut ranked: Vec<(Rank, Candidate)> =
        found.candidates.into_iter().map(|it| (it.rank(), it)).collect();
    ranked.sort_by(|one, other| one.0.cmp(&other.0));
    let mut seen = BTreeSet::new();
    ranked.retain(|(rank, _)| seen.insert(rank.clone()));
    ranked
}

/// Candidates while they are collected.
struct Found<'f, 's> {
    scene: &'f Scene<'s>,
    goal: Goal,
    candidates: Vec<Candidate>,
}

impl Found<'_, '_> {
    fn one(&mut self, edit: Edit) {
        self.candidates.push(Candidate { edits: vec![edit] });
    }

    fn together(&mut self, edits: Vec<Edit>) {
        self.candidates.push(Candidate { edits });
    }

    /// Takes an object away.
    fn delete(&mut self, at: At, meta: &ObjectMeta, title: &str, size: u32) {
        self.one(Edit {
            change: Change::Delete,
            at: Some(at),
            place: Some(meta.place),
            sentence: format!("delete {title}"),
            size,
        });
    }
}

/// Such as `NetworkPolicy shop/db`.
fn title(kind: &str, default_namespace: &str, meta: &ObjectMeta) -> String {
    format!("{kind} {}/{}", namespace_of(default_namespace, meta), meta.name.value)
}

fn namespace_of<'m>(default_namespace: &'m str, meta: &'m ObjectMeta) -> &'m str {
    meta.namespace.as_ref().map_or(default_namespace, |it| it.value.as_str())
}
