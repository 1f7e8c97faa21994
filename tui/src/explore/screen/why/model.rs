//! Everything that the screen shows, as plain data. How it looks is `draw`'s business.

use std::sync::Arc;

use meshwalk_models::flip::{Flip, Flips};
use meshwalk_models::walk::{Answer, Verdict, full_name};
use meshwalk_models::world::{Origin, PodId, TableId};
use meshwalk_sim::flow::Unasked;
use meshwalk_sim::timeline::EventId;

use crate::explore::asking::{Answered, Dear, Elsewhere, Sought, There};
use crate::explore::look::{Role, Sign};
use crate::explore::scene::Scene;
use crate::explore::wording::{Happened, Words, ending};
use crate::report::places::Places;
use crate::report::why::title;
use crate::report::why::words::{others, seen, verdict_line};

use super::about::About;
use super::agreement::{Agreement, agreement};
use super::item::{Fold, FoldState, Item};
use super::{CHOICES, DECISION, ELSEWHERE, FLIPS, IDENTITY, LISTS, chain, choices, tree};

/// The key of what is worth knowing, among rows that fold.
const WORTH: &str = "worth";

/// What the screen shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// What stands above the tree.
    pub(super) headline: Vec<Item>,
    /// The rows of each pane.
    pub(super) lists: [Vec<Item>; LISTS],
    /// The row of each pane that is selected while nobody selects another.
    pub(super) first: [usize; LISTS],
    /// What the screen is about; `None` where nothing is.
    pub(super) about: Option<About>,
}

impl Model {
    /// What is true at the cursor of a scene.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let (log, plan) = (scene.log(), scene.session.plan());
        let Some(about) = About::at(log, plan, scene.event()) else {
            return Self::of_nothing();
        };
        let places = Places::new(&scene.session.sources);
        let words = Words::new(scene.session.world(), plan, places);
        let maker = Maker { scene, words, about };
        maker.model()
    }

    fn of_nothing() -> Self {
        let text = "no request is under way at this entry";
        let mut model = Self { headline: vec![Item::new(Role::Warn, text)], ..Self::default() };
        let more = "go on to the next decision, or choose a request on the Step screen";
        model.headline.push(Item::new(Role::Dim, more));
        model
    }
}

struct Maker<'m> {
    scene: &'m Scene<'m>,
    words: Words<'m>,
    about: About,
}

impl Maker<'_> {
    fn model(self) -> Model {
        let call = self.about.call;
        let asking = self.scene.asking;
        let reply = asking.answer(call.call, call.pod, call.at);
        let mut model = Model::default();
        let until = self.scene.event();
        let (log, plan) = (self.scene.log(), self.scene.session.plan());
        let answer = reply.as_ref().ok().map(|answered| &answered.answer);
        model.lists[CHOICES] =
            choices::choices(log, (plan, &self.words), (&self.about, answer), until);
        model.first[CHOICES] = model.lists[CHOICES].len().saturating_sub(1);
        match &reply {
            Ok(answered) => {
                let dear = asking.dear(call.call, call.pod, call.at);
                self.tell(answered, &dear, &mut model);
            }
            Err(reason) => self.tell_unasked(*reason, &mut model),
        }
        if model.lists[CHOICES].is_empty() {
            let text = "nothing was chosen so far: no draw, no breaker, no retry";
            model.lists[CHOICES].push(Item::new(Role::Dim, text));
        }
        model.about = Some(self.about);
        model
    }

    fn tell(&self, answered: &Arc<Answered>, dear: &Dear, model: &mut Model) {
        let answer = &answered.answer;
        let world = self.scene.session.world();
        let role = role_of(answer.verdict);
        model.headline.push(Item::new(role, headline(answer)).signed(sign_of(answer.verdict)));
        let mut asked = title(world, &answered.question);
        if let Some(place) = answered.written {
            asked.push_str(&format!("  {}", self.place(Origin::Scenario(place))));
        }
        model.headline.extend(self.fate(Some(answer)));
        model.headline.insert(2, Item::new(Role::Dim, asked));
        let view = self.scene.view;
        let rows = tree::rows(answer, &|key| view.is_turned_over(DECISION, key));
        model.first[DECISION] = rows.decides;
        model.lists[DECISION] = rows.items;
        self.add_worth(answer, &mut model.lists[DECISION]);
        model.lists[IDENTITY] = chain::chain(self.scene.log(), &self.words, &self.about, answer);
        model.lists[ELSEWHERE] = self.elsewhere(answer, &dear.elsewhere);
        model.lists[FLIPS] = self.flips(answer.verdict, &dear.flips);
    }

    /// The walk has no question for this call; what the plan says of it is told all the same.
    fn tell_unasked(&self, reason: Unasked, model: &mut Model) {
        model.headline.push(Item::new(Role::Warn, format!("no tree of reasons: {reason}")));
        model.headline.extend(self.fate(None));
        let plan = self.scene.session.plan();
        let ruled = self.about.fate.ruled;
        if let Some(row) = ruled.and_then(|it| plan.gates.decisions.get(it.decision.0 as usize)) {
            model.lists[DECISION].push(Item::new(Role::Text, row.sentence.clone()));
            for origin in &row.origins {
                let item = Item::new(Role::Dim, self.place(*origin)).from(Some(*origin));
                model.lists[DECISION].push(item);
            }
        }
        if model.lists[DECISION].is_empty() {
            let text =
                "no policy turned it away: none of the network, and none of the server's side";
            model.lists[DECISION].push(Item::new(Role::Dim, text));
        }
        for pane in [IDENTITY, ELSEWHERE, FLIPS] {
            model.lists[pane].push(Item::new(Role::Dim, "not known: the call cannot be walked"));
        }
    }

    /// What the log says became of the call, and whether that is what the answer says.
    fn fate(&self, answer: Option<&Answer>) -> Vec<Item> {
        let fate = &self.about.fate;
        let mut text = "in the run: ".to_owned();
        if let Some(ruled) = fate.ruled {
            text.push_str(&format!("{} at {}, ", ruled.ruling.name(), ruled.event.dense_name()));
        }
        text.push_str(&match fate.ended {
            Some((event, by)) if event > self.scene.event() => {
                format!("will end at {}: {}", event.dense_name(), ending(by))
            }
            Some((event, by)) => format!("ended at {}: {}", event.dense_name(), ending(by)),
            None => "has not ended".to_owned(),
        });
        let agreement = answer.map(|it| agreement(it, self.verdict(it), fate));
        let (role, sign, more) = match agreement {
            None | Some(Agreement::NotYet) => (Role::Text, None, String::new()),
            Some(Agreement::Same) => {
                (Role::Text, Some(Sign::Good), "; this agrees with the answer".to_owned())
            }
            Some(Agreement::EndedByState) => {
                let more = "; nothing written turns it away: state or a draw did, see Choices";
                (Role::Warn, Some(Sign::Changed), more.to_owned())
            }
            Some(Agreement::Unknown) => {
                let more = "; the answer is not known and cannot be held against this";
                (Role::Warn, Some(Sign::Unknown), more.to_owned())
            }
            Some(Agreement::Differ(how)) => {
                let more = format!("; {how}: one of them is wrong, a mistake of meshwalk");
                (Role::Bad, Some(Sign::Bad), more)
            }
        };
        let mut item = Item::new(role, format!("{text}{more}"));
        item.sign = sign;
        let mut items = vec![item];
        if let Some(event) = self.about.decision {
            let text = format!("{} {}", event.dense_name(), self.said(event));
            items.push(Item::new(Role::Dim, text).about(event));
        }
        items
    }

    /// The verdict of the server that the run chose, where servers differ.
    fn verdict(&self, answer: &Answer) -> Verdict {
        if answer.verdict != Verdict::Unknown || answer.if_allowed.is_some() {
            return answer.verdict;
        }
        let world = self.scene.session.world();
        let servers = self.about.servers();
        let pods = servers.iter().filter(|row| (**row as usize) < world.pods.len());
        let names: Vec<String> = pods
            .map(|row| full_name(world, world.pods[PodId::from_index(*row as usize)].workload))
            .collect();
        let chosen = names.last();
        let mut verdicts = answer.servers.iter();
        let found = verdicts.find(|it| Some(&it.server) == chosen);
        found.map_or(answer.verdict, |it| it.verdict)
    }

    /// What is worth knowing, and what is not modelled.
    fn add_worth(&self, answer: &Answer, items: &mut Vec<Item>) {
        for untold in &answer.not_modelled {
            let text =
                format!("not modelled, and may change this: {}: {}", untold.what, untold.touches);
            items.push(Item::new(Role::Warn, text).signed(Sign::Unknown).from(untold.origin));
        }
        if answer.findings.is_empty() {
            return;
        }
        let is_open = self.scene.view.is_turned_over(DECISION, WORTH);
        let state = if is_open { FoldState::Open } else { FoldState::Closed };
        let mut head = Item::new(Role::Dim, format!("worth knowing ({})", answer.findings.len()));
        head.fold = Some(Fold { key: WORTH.to_owned(), state });
        items.push(head);
        if !is_open {
            return;
        }
        for finding in &answer.findings {
            let text = format!("{} [{}]", finding.sentence, finding.id);
            let mut item = Item::new(Role::Text, text).from(finding.origins.first().copied());
            item.depth = 1;
            items.push(item);
        }
    }

    fn elsewhere(&self, answer: &Answer, sought: &Sought<Vec<Elsewhere>>) -> Vec<Item> {
        let mut items = vec![there_item("this run", &There::of(answer), Own::No)];
        let found = match found(sought) {
            Ok(found) => found,
            Err(item) => {
                items.push(*item);
                return items;
            }
        };
        let file = &self.scene.session.scenario.file;
        let is_alone = file.data_paths.is_empty();
        for elsewhere in found.iter() {
            let is_own = is_alone && file.data_path.name() == elsewhere.path;
            let own = if is_own { Own::Yes } else { Own::No };
            items.push(match &elsewhere.there {
                Some(there) => there_item(elsewhere.path, there, own),
                None => {
                    let text = format!("{}: not modelled yet, so nothing is known", elsewhere.path);
                    Item::new(Role::Dim, text).signed(Sign::Unknown)
                }
            });
        }
        items
    }

    fn flips(&self, verdict: Verdict, sought: &Sought<Flips>) -> Vec<Item> {
        let found = match found(sought) {
            Ok(found) => found,
            Err(item) => return vec![*item],
        };
        let mut items: Vec<Item> = found.found.iter().map(flip_item).collect();
        if found.evaluations == 0 {
            let text = match verdict {
                Verdict::Unknown => "nothing is tried: the verdict is not known",
                _ => "no policy speaks of this request: there is nothing to try",
            };
            items.push(Item::new(Role::Dim, text));
        } else if items.is_empty() {
            let text =
                format!("none of {} edits that were tried changes the verdict", found.evaluations);
            items.push(Item::new(Role::Dim, text));
        }
        if found.left_out > 0 {
            let text = format!("{} edits were not tried", found.left_out);
            items.push(Item::new(Role::Dim, text));
        }
        items
    }

    fn said(&self, event: EventId) -> String {
        let log = self.scene.log();
        let connection = log.connection_at(event).map(|row| u64::from(row.0));
        let happened = Happened { step: log.step(event), pod: log.pod(event), connection };
        self.words.sentence(happened)
    }

    fn place(&self, origin: Origin) -> String {
        Places::new(&self.scene.session.sources).show(origin)
    }
}

/// The verdict in one line: who decides before the details, which may be long.
fn headline(answer: &Answer) -> String {
    let line = verdict_line(answer);
    let details = answer.details.as_ref().map(|details| format!("  {details}"));
    match details.filter(|details| line.contains(details.as_str())) {
        Some(details) => format!("{} ({})", line.replacen(&details, "", 1), details.trim()),
        None => line,
    }
}

/// What was found, or a row that says why there is nothing.
fn found<T>(sought: &Sought<T>) -> Result<&Arc<T>, Box<Item>> {
    let item = match sought {
        Sought::Found(found) => return Ok(found),
        Sought::Looking => Item::new(Role::Info, "looking …  (Esc: stop)").signed(Sign::Waiting),
        Sought::Cancelled => {
            Item::new(Role::Warn, "stopped  (Enter: look again)").signed(Sign::Pause)
        }
        Sought::Nothing => {
            let text = "policies that are not modelled may decide: no edit of the others is tried";
            Item::new(Role::Dim, text)
        }
    };
    Err(Box::new(item))
}

/// Whether a data path is the run's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Yes,
    No,
}

/// A data path in one line, and who decides there in another.
fn there_item(path: &str, there: &There, own: Own) -> Item {
    let mut text = format!("{path}: {}", there.verdict.word().to_uppercase());
    match (there.status, seen(&there.sees)) {
        (Some(status), _) => text.push_str(&format!(" {status}")),
        (None, Some(sees)) => text.push_str(&format!(", {sees}")),
        (None, None) => {}
    }
    if own == Own::Yes {
        text.push_str(" (as in this run)");
    }
    let mut item = Item::new(role_of(there.verdict), text).signed(sign_of(there.verdict));
    if let Some((kind, of)) = &there.by {
        item.below.push((Role::Dim, format!("by the {kind}, {of}")));
    }
    item.from(there.origins.first().copied())
}

fn flip_item(flip: &Flip) -> Item {
    let edits: Vec<&str> = flip.edits.iter().map(|edit| edit.sentence.as_str()).collect();
    let admitted = flip.admitted.as_ref().map(others).unwrap_or_default();
    let text = format!("{} -> {}{admitted}", edits.join(", and "), flip.verdict.word());
    let place = flip.edits.iter().find_map(|edit| edit.place);
    let item = Item::new(role_of(flip.verdict), text).signed(sign_of(flip.verdict));
    let item = item.from(place.map(Origin::Manifest));
    match flip.edits.first() {
        Some(edit) => item.by(edit.kind().rule()),
        None => item,
    }
}

/// How a verdict looks.
const fn role_of(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Allowed => Role::Good,
        Verdict::Unknown => Role::Warn,
        Verdict::Denied | Verdict::Dropped | Verdict::Reset | Verdict::Unauthenticated => Role::Bad,
    }
}

const fn sign_of(verdict: Verdict) -> Sign {
    match verdict {
        Verdict::Allowed => Sign::Good,
        Verdict::Unknown => Sign::Unknown,
        Verdict::Denied | Verdict::Dropped | Verdict::Reset | Verdict::Unauthenticated => Sign::Bad,
    }
}
