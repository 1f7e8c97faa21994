use crate::explore::look::Look;
use crate::explore::screen::Screen;
use crate::explore::testing;
use meshwalk_sim::timeline::EventId;

const POLICIES: &str = "basics/policies.yaml";

#[test]
fn every_screen_has_its_frame_in_every_size() {
    let mut app = testing::app(POLICIES, &["duration=1s"], Look::MONO);
    for (width, height) in testing::SIZES {
        for screen in Screen::ALL {
            app.show(screen);
            let text = testing::text(&app.draw(width, height));
            assert!(text.contains("meshwalk"), "{text}");
            assert!(text.contains(&format!("{}]", screen.title())), "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
        }
    }
}

#[test]
fn a_window_that_is_too_small_says_what_to_do() {
    let app = testing::app(POLICIES, &["duration=1s"], Look::MONO);
    for (width, height) in [(79, 24), (80, 23), (20, 5), (1, 1)] {
        let text = testing::text(&app.draw(width, height));
        assert_eq!(text.lines().count(), usize::from(height));
    }
    assert!(testing::text(&app.draw(60, 10)).contains("step --plain"));
}

#[test]
fn going_there_and_back_shows_the_same_bytes() {
    let mut app = testing::app(POLICIES, &["duration=1s"], Look::MONO);
    app.go_to(EventId(40));
    let there = testing::text(&app.draw(120, 36));
    for event in [41, 300, 3, 40] {
        app.go_to(EventId(event));
    }
    assert_eq!(testing::text(&app.draw(120, 36)), there);
}
