use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::{Form, styled, write};

/// A pane with a denied row, a wide character and a shaded bar.
fn screen() -> Buffer {
    let mut buffer =
        Buffer::with_lines(["╔═ Why ═╗┌──┐╭──╮", "║ > e25 ║│店│╰──╯", "╚═══════╝└──┘▂▄█░", ""]);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    buffer.set_style(Rect::new(0, 0, 9, 3), bold.fg(Color::Cyan));
    buffer.set_style(Rect::new(2, 1, 5, 1), Style::new().add_modifier(Modifier::REVERSED));
    buffer.set_string(0, 3, "a <deny> & \"x\"", Style::new().fg(Color::Rgb(255, 135, 0)));
    buffer.set_style(Rect::new(2, 3, 6, 1), Style::new().fg(Color::Indexed(208)).bg(Color::Blue));
    buffer
}

#[test]
fn text_has_no_blanks_at_the_ends_of_lines_and_counts_a_wide_character_once() {
    insta::assert_snapshot!(write(&screen(), Form::Text, ""), @r#"
    ╔═ Why ═╗┌──┐╭──╮
    ║ > e25 ║│店│╰──╯
    ╚═══════╝└──┘▂▄█░
    a <deny> & "x"
    "#);
}

#[test]
fn escape_sequences_change_styles_and_end_with_the_line() {
    let text = write(&screen(), Form::Ansi, "").replace('\x1b', "^");
    insta::assert_snapshot!(text, @r#"
    ^[1;36m╔═ Why ═╗^[0m┌──┐╭──╮
    ^[1;36m║ ^[0;1;7;36m> e25^[0;1;36m ║^[0m│店│╰──╯
    ^[1;36m╚═══════╝^[0m└──┘▂▄█░
    ^[38;2;255;135;0ma ^[0;38;5;208;44m<deny>^[0;38;2;255;135;0m & "x"^[0m
    "#);
}

#[test]
fn a_styled_snapshot_says_in_words_what_is_styled() {
    let text = styled(&screen());
    let (_, styles) = text.split_once("--- styles\n").expect("styles follow the text");
    insta::assert_snapshot!(styles, @r#"
    0: 0 "╔═ Why ═╗" bold cyan
    1: 0 "║ " bold cyan, 2 "> e25" bold reversed cyan, 7 " ║" bold cyan
    2: 0 "╚═══════╝" bold cyan
    3: 0 "a " #ff8700, 2 "<deny>" 208 on blue, 8 " & \"x\"" #ff8700
    "#);
}

#[test]
fn a_picture_joins_borders_to_lines_and_puts_text_on_the_grid() {
    let picture = write(&screen(), Form::Svg, "why at e25");
    // The upper edge of the second pane goes through four cells in one line.
    assert!(picture.contains("M85.5 8.5H112.5"), "{picture}");
    // Two columns for the wide character, at its place.
    let wide =
        "<text x=\"90\" y=\"32\" textLength=\"18\" lengthAdjust=\"spacingAndGlyphs\">店</text>";
    assert!(picture.contains(wide), "{picture}");
    assert!(picture.contains("&lt;deny&gt;"), "{picture}");
    assert!(!picture.contains('║'), "borders are no text: {picture}");
    assert!(picture.contains("<title>why at e25</title>"), "{picture}");
}

#[test]
fn a_picture_and_a_page_need_nothing_from_elsewhere() {
    for form in [Form::Svg, Form::Html] {
        let file = write(&screen(), form, "why <here>");
        let links = file.replace("http://www.w3.org/2000/svg", "");
        for word in ["http", "url(", "<script", "@import", "href"] {
            assert!(!links.contains(word), "{form:?} has {word}: {file}");
        }
        assert!(file.contains("why &lt;here&gt;"), "{file}");
    }
}

#[test]
fn a_page_gives_a_wide_character_two_columns() {
    let page = write(&screen(), Form::Html, "");
    assert!(page.contains("│<i class=\"w\">店</i>│"), "{page}");
    assert!(page.contains("<span style=\"color:#ff8700;background:#6ba6f2\">&lt;deny&gt;</span>"));
}

#[test]
fn a_control_character_from_a_file_cannot_steer_a_terminal_or_break_a_picture() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
    buffer[(0, 0)].set_symbol("\u{1b}");
    buffer[(1, 0)].set_symbol("x");
    for form in [Form::Text, Form::Ansi, Form::Svg, Form::Html] {
        let file = write(&buffer, form, "a\u{0}b");
        assert!(!file.chars().any(|it| it.is_control() && it != '\n'), "{file:?}");
    }
}

#[test]
fn a_screen_without_cells_is_an_empty_file_of_each_form() {
    let nothing = Buffer::empty(Rect::ZERO);
    assert_eq!(write(&nothing, Form::Text, ""), "");
    assert_eq!(write(&nothing, Form::Ansi, ""), "");
    assert!(write(&nothing, Form::Svg, "").ends_with("</svg>\n"));
}
