//! Lines, blocks and dots as geometry, so that borders join in a picture whatever the font is.
//!
//! Distances are in half pixels. Characters that are not known here stay text.

use super::svg::{CELL_HEIGHT, CELL_WIDTH};

/// The width and height of a cell.
const CELL: (i32, i32) = (2 * CELL_WIDTH, 2 * CELL_HEIGHT);

/// Where the arms of a character meet; on a half pixel, so that thin lines are crisp.
const CENTRE: (i32, i32) = (CELL_WIDTH, CELL_HEIGHT - 1);

/// From the centre to each line of a double one.
const DOUBLE: i32 = 4;

/// Something to draw; coordinates are within the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    /// A level line at `y`.
    Level { y: i32, from: i32, to: i32, pen: Pen },
    /// An upright line at `x`.
    Upright { x: i32, from: i32, to: i32, pen: Pen },
    /// A quarter of a rounded corner, from the level edge at `x` to the upright edge at `y`.
    Corner { x: i32, y: i32 },
    /// A filled area of that many percent of ink.
    Area { x: i32, y: i32, width: i32, height: i32, percent: u8 },
}

/// How thick a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pen {
    Thin,
    Thick,
}

/// The strokes of a symbol of one column.
pub(super) fn strokes(symbol: &str) -> Option<Vec<Stroke>> {
    let mut characters = symbol.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else { return None };
    match character {
        '╭' => Some(vec![Stroke::Corner { x: CELL.0, y: CELL.1 }]),
        '╮' => Some(vec![Stroke::Corner { x: 0, y: CELL.1 }]),
        '╯' => Some(vec![Stroke::Corner { x: 0, y: 0 }]),
        '╰' => Some(vec![Stroke::Corner { x: CELL.0, y: 0 }]),
        '▀'..='▟' => block(character).map(|area| vec![area]),
        '\u{2800}'..='\u{28ff}' => Some(dots(character)),
        character => arms(character).map(|arms| lines(&arms)),
    }
}

/// What goes from the centre to an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arm {
    None,
    Light,
    Heavy,
    Double,
}

/// Up, right, down and left.
type Arms = [Arm; 4];

fn arms(character: char) -> Option<Arms> {
    // One letter an arm, in the order of `Arms`.
    let letters = match character {
        '─' => ".l.l",
        '│' => "l.l.",
        '┌' => ".ll.",
        '┐' => "..ll",
        '└' => "ll..",
        '┘' => "l..l",
        '├' => "lll.",
        '┤' => "l.ll",
        '┬' => ".lll",
        '┴' => "ll.l",
        '┼' => "llll",
        '╴' => "...l",
        '╵' => "l...",
        '╶' => ".l..",
        '╷' => "..l.",
        '━' => ".h.h",
        '┃' => "h.h.",
        '┏' => ".hh.",
        '┓' => "..hh",
        '┗' => "hh..",
        '┛' => "h..h",
        '┣' => "hhh.",
        '┫' => "h.hh",
        '┳' => ".hhh",
        '┻' => "hh.h",
        '╋' => "hhhh",
        '╸' => "...h",
        '╺' => ".h..",
        '═' => ".d.d",
        '║' => "d.d.",
        '╔' => ".dd.",
        '╗' => "..dd",
        '╚' => "dd..",
        '╝' => "d..d",
        '╠' => "ddd.",
        '╣' => "d.dd",
        '╦' => ".ddd",
        '╩' => "dd.d",
        '╬' => "dddd",
        '╟' => "dld.",
        '╢' => "d.dl",
        '╤' => ".dld",
        '╧' => "ld.d",
        '╪' => "ldld",
        '╫' => "dldl",
        '╞' => "ldl.",
        '╡' => "l.ld",
        '╥' => ".ldl",
        '╨' => "dl.l",
        _ => return None,
    };
    let mut arms = [Arm::None; 4];
    for (arm, letter) in arms.iter_mut().zip(letters.bytes()) {
        *arm = match letter {
            b'l' => Arm::Light,
            b'h' => Arm::Heavy,
            b'd' => Arm::Double,
            _ => Arm::None,
        };
    }
    Some(arms)
}

fn lines(arms: &Arms) -> Vec<Stroke> {
    let mut strokes = Vec::new();
    for side in 0..4 {
        match arms[side] {
            Arm::None => {}
            Arm::Light => strokes.push(line(side, 0, meeting(arms, side), Pen::Thin)),
            Arm::Heavy => strokes.push(line(side, 0, 0, Pen::Thick)),
            Arm::Double => {
                for (neighbour, away) in
                    [((side + 3) % 4, (side + 1) % 4), ((side + 1) % 4, (side + 3) % 4)]
                {
                    let shift = if neighbour == 0 || neighbour == 3 { -DOUBLE } else { DOUBLE };
                    let end = double_end(arms, side, neighbour, away);
                    strokes.push(line(side, shift, end, Pen::Thin));
                }
            }
        }
    }
    strokes
}

/// Where a single arm ends, in distance from the centre towards its edge: at a double line that
/// it meets, or at the centre.
fn meeting(arms: &Arms, side: usize) -> i32 {
    let is_double = |side: usize| arms[side % 4] == Arm::Double;
    if is_double(side + 1) && is_double(side + 3) { DOUBLE } else { 0 }
}

/// Where that line of a double arm ends which is nearer to the arm `neighbour`: it turns into
/// the neighbour, goes round the outside of a corner, or goes on beyond the centre.
fn double_end(arms: &Arms, side: usize, neighbour: usize, away: usize) -> i32 {
    let opposite = (side + 2) % 4;
    if arms[neighbour] == Arm::Double {
        DOUBLE
    } else if arms[away] == Arm::Double && arms[opposite] == Arm::None {
        -DOUBLE
    } else {
        0
    }
}

/// From the edge of `side` to `end` before the centre, `shift` beside the middle.
fn line(side: usize, shift: i32, end: i32, pen: Pen) -> Stroke {
    let (x, y) = (CENTRE.0 + shift, CENTRE.1 + shift);
    match side {
        0 => Stroke::Upright { x, from: 0, to: CENTRE.1 - end, pen },
        1 => Stroke::Level { y, from: CENTRE.0 + end, to: CELL.0, pen },
        2 => Stroke::Upright { x, from: CENTRE.1 + end, to: CELL.1, pen },
        _ => Stroke::Level { y, from: 0, to: CENTRE.0 - end, pen },
    }
}

fn block(character: char) -> Option<Stroke> {
    let number = character as i32;
    let (width, height) = CELL;
    let all = |percent| Stroke::Area { x: 0, y: 0, width, height, percent };
    Some(match character {
        '▀' => Stroke::Area { x: 0, y: 0, width, height: height / 2, percent: 100 },
        // From one eighth to the full block.
        '▁'..='█' => {
            let eighths = number - '▁' as i32 + 1;
            let y = height * (8 - eighths) / 8;
            Stroke::Area { x: 0, y, width, height: height - y, percent: 100 }
        }
        // From seven eighths down to one.
        '▉'..='▏' => {
            let eighths = '▏' as i32 - number + 1;
            Stroke::Area { x: 0, y: 0, width: width * eighths / 8, height, percent: 100 }
        }
        '▐' => Stroke::Area { x: width / 2, y: 0, width: width / 2, height, percent: 100 },
        '░' => all(25),
        '▒' => all(50),
        '▓' => all(75),
        _ => return None,
    })
}

/// The dots of a braille character, which charts use as pixels.
fn dots(character: char) -> Vec<Stroke> {
    // Bit, column and row, as Unicode numbers the dots.
    const PLACES: [(u32, i32, i32); 8] =
        [(0, 0, 0), (1, 0, 1), (2, 0, 2), (3, 1, 0), (4, 1, 1), (5, 1, 2), (6, 0, 3), (7, 1, 3)];
    let bits = character as u32 - 0x2800;
    let is_set = |bit: u32| bits & (1 << bit) != 0;
    let set = PLACES.into_iter().filter(|&(bit, ..)| is_set(bit));
    let dot = |(_, column, row): (u32, i32, i32)| Stroke::Area {
        x: CELL.0 * (2 * column + 1) / 4 - 2,
        y: CELL.1 * (2 * row + 1) / 8 - 2,
        width: 4,
        height: 4,
        percent: 100,
    };
    set.map(dot).collect()
}
