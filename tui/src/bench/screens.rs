//! The terminal UI as a person feels it: from a key to the screen drawn anew, on every screen, in a
//! long recording of the shop and in a world of a thousand services; and from the texts of the
//! shop to its first screen.

use std::sync::Arc;

use meshwalk_models::cost::CostProfile;
use meshwalk_models::manifest::{Manifests, SourceSet};
use meshwalk_sim::kernel::random::mix;
use meshwalk_sim::scenario::Scenario;

use super::clock::{p99_and_worst, timed};
use super::texts::{Read, read_whole};
use super::{Aim, Measurement, Size, Tell, comparison, large};
use crate::explore::keys::chords;
use crate::explore::{App, Depth, Glyphs, Look, Palette, Screen, Session};
use crate::input::{Cluster, Loaded};

/// A terminal in which every screen is full.
const SIZE: (u16, u16) = (120, 36);

/// As most terminals can.
const LOOK: Look = Look { depth: Depth::True, palette: Palette::Default, glyphs: Glyphs::Unicode };

/// A world and its aims.
struct World {
    name: &'static str,
    /// What a key may take, in seconds.
    key_s: f64,
    /// What there is to be before the first screen, in seconds.
    begin_s: Option<f64>,
    /// Jumps on each screen at full size: fewer where each takes longer, so that the whole takes
    /// minutes.
    jumps: u64,
}

const SHOP: World = World { name: "shop", key_s: 0.016, begin_s: Some(0.3), jumps: 400 };
const THOUSAND: World = World { name: "1000 services", key_s: 0.1, begin_s: None, jumps: 120 };

/// Jumps on each screen at small size.
const JUMPS_QUICK: u64 = 40;

/// After so many jumps it is told how far the measuring is.
const TOLD_AFTER: u64 = 20;

/// Records both worlds and presses keys in them.
pub(super) fn measure(size: Size, tell: Tell<'_>) -> Vec<Measurement> {
    let mut found = explored(&SHOP, comparison::whole_texts(), size, tell);
    found.extend(explored(&THOUSAND, large::thousand_texts(), size, tell));
    found
}

fn explored(
    world: &World,
    texts: (String, String),
    size: Size,
    tell: Tell<'_>,
) -> Vec<Measurement> {
    let entries = size.pick(200_000, 1_000_000);
    tell(&format!("{}: recording {entries} events", world.name));
    let begin = || {
        let mut app = App::new(session(texts), LOOK);
        // Dear questions are the worker's, as in a terminal.
        app.ask_beside(Box::new(|| ()));
        app.draw(SIZE.0, SIZE.1);
        app
    };
    let (mut app, seconds) = timed(begin);
    while app.entries() < entries && app.record_on() {}
    let first = figure(format!("{}, from texts to the first screen", world.name), seconds);
    let mut found = vec![match world.begin_s {
        Some(aim) => first.aim(Aim::AtMost(aim * 1e3)),
        None => first,
    }];
    for screen in Screen::ALL {
        found.extend(on_screen(
            world,
            (&mut app, screen),
            size.pick(JUMPS_QUICK, world.jumps),
            tell,
        ));
    }
    found
}

/// Jumps to anywhere, and after each a step on and two back.
fn on_screen(
    world: &World,
    (app, screen): (&mut App, Screen),
    count: u64,
    tell: Tell<'_>,
) -> [Measurement; 3] {
    app.begin_on(screen.word()).expect("there is such a screen");
    let (mut jumps, mut steps) = (Vec::new(), Vec::new());
    for number in 0..count {
        if number % TOLD_AFTER == 0 {
            tell(&format!("{}, {}: {number} of {count} jumps", world.name, screen.word()));
        }
        let entry = mix(7, number) % app.entries() as u64 + 1;
        jumps.push(pressed(app, &format!("{entry}G")));
        steps.extend(["l", "h", "h"].map(|key| pressed(app, key)));
    }
    let (p99, worst) = p99_and_worst(&mut jumps);
    let (_, step) = p99_and_worst(&mut steps);
    let aim = Aim::AtMost(world.key_s * 1e3);
    let name = |what| format!("{}, {}: {what}", world.name, screen.word());
    [
        figure(name("the longest jump, drawn"), worst).aim(aim),
        figure(name("jumps, drawn, p99"), p99).aim(aim),
        figure(name("the longest step on or back, drawn"), step).aim(aim),
    ]
}

/// The seconds from the last of these keys to the screen.
fn pressed(app: &mut App, keys: &str) -> f64 {
    let mut chords = chords(keys).expect("the keys have names");
    let last = chords.pop().expect("there are keys");
    for chord in chords {
        app.press(chord);
    }
    let answer = || {
        app.press(last);
        app.draw(SIZE.0, SIZE.1)
    };
    timed(answer).1
}

/// A session of manifests and a scenario, as reading files gives it.
fn session((manifests, scenario): (String, String)) -> Arc<Session> {
    let Read { sources, manifests, scenario } = read_whole(manifests, scenario);
    let made = Session::make(loaded(sources, manifests, scenario), String::new());
    Arc::new(made.session.expect("the texts of a benchmark can be run"))
}

fn loaded(sources: SourceSet, manifests: Manifests, scenario: Scenario) -> Loaded {
    let name = scenario.file.topology.clusters[0].name.clone();
    Loaded {
        sources,
        findings: Vec::new(),
        title: "benchmark".to_owned(),
        scenario: Some(scenario),
        clusters: vec![Cluster { name, manifests }],
        assumptions: Vec::new(),
        edits: Vec::new(),
        costs: Some(CostProfile::built_in()),
    }
}

fn figure(name: String, seconds: f64) -> Measurement {
    Measurement::new(name, seconds * 1e3, "ms")
}
