//! Base64 in the alphabet of URLs, as lenient as Envoy's reader (Abseil, `WebSafeBase64Unescape`):
//! padding may be left out, blanks are skipped, and stray bits at the end do not matter.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true)
        .with_encode_padding(false),
);

/// The bytes that a text stands for.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(|letter: char| letter.is_ascii_whitespace()) {
        let dense: String = text.chars().filter(|it| !it.is_ascii_whitespace()).collect();
        return ENGINE.decode(dense).ok();
    }
    ENGINE.decode(text).ok()
}
