//! Somebody at the terminal with a session: keys and the mouse come to the machine, and what it
//! asks for goes to the terminal. The run is recorded on whenever nothing else is to do.

use std::collections::VecDeque;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Machine, Wanted, Work};
use crate::Exit;
use crate::explore::keys::Chord;
use crate::explore::{App, Effect};

/// After such a pause, digits are no count before another key.
const PAUSE: Duration = Duration::from_millis(1200);

/// A session and what it asked for.
pub(crate) struct Person {
    app: App,
    wanted: VecDeque<Wanted>,
}

impl Person {
    /// Somebody who begins where `app` stands.
    pub(crate) const fn new(app: App) -> Self {
        Self { app, wanted: VecDeque::new() }
    }

    fn want(&mut self, effect: Option<Effect>) {
        self.wanted.extend(effect.map(|effect| match effect {
            Effect::Quit => Wanted::End(Exit::Fine),
            Effect::Suspend => Wanted::Suspend,
            Effect::Redraw => Wanted::Redraw,
            Effect::Copy(text) => Wanted::Copy(text),
        }));
    }
}

impl Machine for Person {
    fn begin(&mut self, notify: Box<dyn Fn() + Send>) {
        self.app.ask_beside(notify);
        self.app.greet();
    }

    fn key(&mut self, key: KeyEvent) {
        let Some(chord) = Chord::of_event(&key) else { return };
        let effect = self.app.press(chord);
        // Whoever waits for it, such as a script, must see that it did not end by itself.
        let was_interrupted = chord == Chord::CTRL_C && effect == Some(Effect::Quit);
        if was_interrupted {
            self.wanted.push_back(Wanted::End(Exit::Interrupted));
        } else {
            self.want(effect);
        }
    }

    fn mouse(&mut self, mouse: MouseEvent) {
        let effect = self.app.mouse(mouse);
        self.want(effect);
    }

    fn paste(&mut self, text: &str) {
        self.app.paste(text);
    }

    fn work(&mut self) -> Work {
        // What is looked for may lie in what is not recorded yet.
        let is_recording = self.app.record_on();
        if self.app.is_busy() {
            self.app.work();
            return Work::More;
        }
        if is_recording {
            return Work::More;
        }
        if self.app.awaits_pause() { Work::After(PAUSE) } else { Work::Nothing }
    }

    fn waited(&mut self) {
        self.app.pause();
    }

    fn wanted(&mut self) -> Option<Wanted> {
        self.wanted.pop_front()
    }

    fn notified(&mut self) {
        self.app.asking.take();
    }

    fn draw(&mut self, area: Rect) -> Buffer {
        self.app.draw(area.width, area.height)
    }
}
