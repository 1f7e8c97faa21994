//! What tests of screens share: real scenarios of the repository, run by the engine, and screens
//! as text.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use meshwalk_sim::log::StepKind;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::input::{self, Asked};

use super::app::Effect;
use super::frame::Parts;
use super::keys::chords;
use super::look::Look;
use super::screen::Screen;
use super::{App, Session};

/// The sizes that every screen is shown in.
pub(in crate::explore) const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (120, 36)];

/// A session of a scenario under `scenarios/`, with edits such as `duration=2s`.
pub(in crate::explore) fn session(scenario: &str, edits: &[&str]) -> Arc<Session> {
    // Relative to the package, where Cargo runs tests: names of files are part of screens.
    let path = Path::new("../scenarios").join(scenario);
    let paths: Vec<PathBuf> = vec![path];
    let overrides: Vec<String> = edits.iter().map(|edit| (*edit).to_owned()).collect();
    let asked =
        Asked { paths: &paths, data_path: None, overrides: &overrides, seed: None, costs: None };
    let loaded = input::load(asked, &mut std::io::empty()).expect("the scenario is there");
    let command = format!("meshwalk open scenarios/{scenario}");
    let made = Session::make(loaded, command);
    Arc::new(made.session.unwrap_or_else(|| panic!("{:?}", made.findings)))
}

/// A machine at the first entry of a scenario that was recorded to its end.
pub(in crate::explore) fn app(scenario: &str, edits: &[&str], look: Look) -> App {
    let mut app = App::new(session(scenario, edits), look);
    while app.timeline.record(u64::MAX).complete.is_none() {}
    app
}

/// The characters of a screen, without blanks at the ends of lines.
pub(in crate::explore) fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let line = |y: u16| {
        let cells = (area.left()..area.right()).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_owned()
    };
    (area.top()..area.bottom()).map(|y| line(y) + "\n").collect()
}

/// The screen without the frame around it, which is the business of others, in a window of this
/// size.
pub(in crate::explore) fn body(app: &App, (width, height): (u16, u16)) -> Buffer {
    let window = Rect::new(0, 0, width, height);
    let body = Parts::of(window).expect("the window is large enough").body;
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, ..body });
    app.view.screen.draw(&app.scene(), buffer.area, &mut buffer);
    buffer
}

/// Its characters.
pub(in crate::explore) fn shown(app: &App, size: (u16, u16)) -> String {
    text(&body(app, size))
}

/// Presses keys; a blank is a pause.
pub(in crate::explore) fn press(app: &mut App, keys: &str) -> Option<Effect> {
    let mut effect = None;
    for word in keys.split(' ') {
        for chord in chords(word).expect("keys") {
            effect = app.press(chord);
            while app.work() {}
        }
        app.pause();
    }
    effect
}

/// Types a text and presses Enter.
pub(in crate::explore) fn enter(app: &mut App, text: &str) -> Option<Effect> {
    app.paste(text);
    press(app, "enter")
}

/// Presses keys one after the other, and sees to it that the screen then says what it should.
pub(in crate::explore) fn tell(
    app: &mut App,
    (width, height): (u16, u16),
    story: &[(&str, &[&str])],
) {
    for (keys, shown) in story {
        press(app, keys);
        let screen = text(&app.draw(width, height));
        for words in *shown {
            assert!(screen.contains(words), "after {keys}: {words}\n{screen}");
        }
    }
}

/// One workload that calls another one in a folder of questions, for so long.
pub(in crate::explore) fn called(folder: &str, to: &str, duration: &str, look: Look) -> App {
    let traffic = format!(
        "traffic=[{{name: calls, from: web/frontend, to: \"{to}\", requests: [{{method: GET, path: \
         /}}], stop: 300ms, load: {{arrivals: {{constant: {{rate: 5/s}}}}}}}}]"
    );
    app(folder, &[duration, "warm_up=0s", &traffic], look)
}

/// A screen at the first entry of a kind that belongs to a request.
pub(in crate::explore) fn at(mut app: App, request: &str, kind: StepKind, screen: Screen) -> App {
    let log = app.timeline.log();
    let first = log.find(request).expect("the request began");
    let row = log.request_at(first).expect("it is one of a request");
    let mut events = log.events_of_request(row).into_iter();
    let event = events.find(|id| log.kind(*id) == kind).expect("it has such an entry");
    app.go_to(event);
    app.show(screen);
    app
}
