//! The binary at a terminal of its own: a pseudo-terminal with an emulator behind it, so that a
//! test sees what a person sees. Looks at nothing itself.
//!
//! Nothing waits for a fixed time: a test says what it waits to see.

use std::fs;
use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use meshwalk_tests::workspace;
use portable_pty::{
    ChildKiller, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};
use vt100::{MouseProtocolMode, Parser, Screen};

/// Longer than anything here takes in a debug build on a busy machine; a hang ends here.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at what only the system can tell.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Columns and rows.
#[derive(Clone, Copy)]
pub(crate) struct Size(pub(crate) u16, pub(crate) u16);

impl Size {
    const fn for_pty(self) -> PtySize {
        PtySize { rows: self.1, cols: self.0, pixel_width: 0, pixel_height: 0 }
    }
}

/// A terminal with `meshwalk` in the foreground.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    // Kept, so that the terminal outlives the binary and can be looked at afterwards.
    _slave: Box<dyn SlavePty + Send>,
    keyboard: Box<dyn Write + Send>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    pid: u32,
    seen: Arc<Seen>,
    modes_before: String,
}

/// What came out so far.
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: Parser,
    /// Every byte, for what an emulator does not tell.
    bytes: Vec<u8>,
    end: Option<ExitStatus>,
}

impl Terminal {
    /// Starts the binary in the root of the workspace, with nothing of the user's environment.
    pub(crate) fn start(arguments: &[&str], size: Size, environment: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size.for_pty()).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_meshwalk-under-test"));
        command.args(arguments);
        command.env_clear();
        command.env("LANG", "C.UTF-8");
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(workspace());
        let modes_before = modes_of(&*pair.master);
        let mut child = pair.slave.spawn_command(command).expect("the binary starts");
        let state = State { parser: Parser::new(size.1, size.0, 0), bytes: Vec::new(), end: None };
        let seen = Arc::new(Seen { state: Mutex::new(state), changed: Condvar::new() });
        let output = pair.master.try_clone_reader().expect("a terminal can be read");
        let keyboard = pair.master.take_writer().expect("a terminal can be written to");
        let (killer, pid) = (child.clone_killer(), child.process_id().expect("it runs"));
        let reader = Arc::clone(&seen);
        detached(move || reader.read(output));
        let waiter = Arc::clone(&seen);
        detached(move || waiter.end(child.wait().expect("a child can be waited for")));
        Self { master: pair.master, _slave: pair.slave, keyboard, killer, pid, seen, modes_before }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("somebody listens");
        self.keyboard.flush().expect("somebody listens");
    }

    /// Waits until the screen is as `wanted`, which `name` describes.
    pub(crate) fn wait_until(&self, name: &str, wanted: impl Fn(&Screen) -> bool) {
        let state = self.seen.wait(|state| wanted(state.parser.screen()));
        let screen = state.parser.screen();
        assert!(wanted(screen), "waited for {name}, and saw:\n{}", screen.contents());
    }

    /// Waits until a text stands on the screen.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until what came out is as `wanted`, which `name` describes.
    pub(crate) fn wait_for_bytes(&self, name: &str, wanted: impl Fn(&[u8]) -> bool) {
        let state = self.seen.wait(|state| wanted(&state.bytes));
        let text = String::from_utf8_lossy(&state.bytes);
        assert!(wanted(&state.bytes), "waited for {name}, and got {text:?}");
    }

    /// What stands on the screen.
    pub(crate) fn text(&self) -> String {
        self.seen.lock().parser.screen().contents()
    }

    /// Where `text` begins in a row, both from 0.
    pub(crate) fn column_of(&self, text: &str, row: usize) -> usize {
        let state = self.seen.lock();
        let screen = state.parser.screen();
        let line = screen.rows(0, screen.size().1).nth(row).unwrap_or_default();
        let place = line.find(text).unwrap_or_else(|| panic!("{text} is not in {line:?}"));
        line[..place].chars().count()
    }

    /// Every byte that came out.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.lock().bytes.clone()
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, size: Size) {
        self.seen.lock().parser.screen_mut().set_size(size.1, size.0);
        self.master.resize(size.for_pty()).expect("a terminal has a size");
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.pid.to_string()).status();
        assert!(status.expect("kill is there").success(), "the signal arrives");
    }

    /// Waits until the system has stopped the process.
    pub(crate) fn wait_until_stopped(&self) {
        let looks = PATIENCE.as_millis() / LOOK_AGAIN.as_millis();
        for _ in 0..looks {
            if self.is_stopped() {
                return;
            }
            // The system tells nobody but the parent, who waits for the end.
            thread::sleep(LOOK_AGAIN);
        }
        panic!("the process goes on:\n{}", self.text());
    }

    fn is_stopped(&self) -> bool {
        let line = fs::read_to_string(format!("/proc/{}/stat", self.pid)).expect("it lives");
        // The name, which may hold anything, ends with the last bracket.
        line.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    }

    /// Waits for the end.
    pub(crate) fn wait_for_end(&self) -> ExitStatus {
        let state = self.seen.wait(|state| state.end.is_some());
        let end = state.end.clone();
        end.unwrap_or_else(|| panic!("it does not end:\n{}", state.parser.screen().contents()))
    }

    /// Whether the terminal is as it was before the binary came.
    pub(crate) fn assert_clean(&self) {
        let state = self.seen.wait(|state| is_clean(state.parser.screen()));
        let screen = state.parser.screen();
        assert!(!screen.alternate_screen(), "the other screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(is_clean(screen), "mouse and paste are the terminal's again");
        drop(state);
        assert_eq!(modes_of(&*self.master), self.modes_before, "the modes are as before");
    }

    /// Whether the terminal works in raw mode: no key does anything by itself.
    pub(crate) fn is_raw(&self) -> bool {
        modes_of(&*self.master) != self.modes_before
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.killer.kill();
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test breaks while it looks")
    }

    /// Waits until `wanted` holds, or gives up.
    fn wait(&self, wanted: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_timeout_while(self.lock(), PATIENCE, |it| !wanted(it));
        waited.expect("no test breaks while it looks").0
    }

    fn read(&self, mut output: Box<dyn Read + Send>) {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            let mut state = self.lock();
            state.parser.process(&bytes[..count]);
            state.bytes.extend_from_slice(&bytes[..count]);
            drop(state);
            self.changed.notify_all();
        }
    }

    fn end(&self, status: ExitStatus) {
        self.lock().end = Some(status);
        self.changed.notify_all();
    }
}

fn is_clean(screen: &Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == MouseProtocolMode::None
}

fn modes_of(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has modes"))
}

/// A thread that ends when the binary does.
fn detached(body: impl FnOnce() + Send + 'static) {
    thread::Builder::new().spawn(body).expect("a thread");
}
