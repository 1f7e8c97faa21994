//! Lines of a stream that may be anything: of bounded length, and text whatever they hold.

use std::io::{self, BufRead, Read};

/// The longest line that is read whole; the rest of a longer one is passed over.
const BYTES_MAX: u64 = 64 * 1024;

/// The next line without its end, or `None` after the last.
///
/// # Errors
/// When it cannot be read.
pub(super) fn next(input: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut head = input.take(BYTES_MAX);
    if head.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') {
        pass_over(input)?;
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned()))
}

/// Passes over the rest of a line.
fn pass_over(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffer.len(), |end| end + 1);
        input.consume(taken);
        if end.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut input = bytes;
        let mut lines = Vec::new();
        while let Some(line) = next(&mut input).expect("bytes can be read") {
            lines.push(line);
        }
        lines
    }

    #[test]
    fn lines_end_anyhow_and_the_last_needs_no_end() {
        assert_eq!(all(b"next\r\nback\n\nwhy"), ["next", "back", "", "why"]);
        assert_eq!(all(b""), Vec::<String>::new());
    }

    #[test]
    fn what_is_too_long_is_one_line_and_what_is_no_text_is_a_line_all_the_same() {
        let mut bytes = vec![b'x'; 3 * BYTES_MAX as usize];
        bytes.extend(b"\nnext\n\xff\xfe\n");
        let lines = all(&bytes);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].len(), BYTES_MAX as usize);
        assert_eq!(lines[1], "next");
    }
}
