//! The hashes that Envoy's hashing balancers and hash policies use. What is hashed is their
//! business.

const PRIME_1: u64 = 0x9E37_79B1_85EB_CA87;
const PRIME_2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const PRIME_3: u64 = 0x1656_67B1_9E37_79F9;
const PRIME_4: u64 = 0x85EB_CA77_C2B2_AE63;
const PRIME_5: u64 = 0x27D4_EB2F_1656_67C5;

/// The 64-bit xxHash of `bytes`.
///
/// Source: the xxHash specification, XXH64; Envoy's `HashUtil::xxHash64` has the seed 0 unless a
/// caller gives another.
#[must_use]
pub fn xx_hash_64(bytes: &[u8], seed: u64) -> u64 {
    let mut stripes = bytes.chunks_exact(32);
    let mut hash = if bytes.len() >= 32 {
        let mut lanes = [
            seed.wrapping_add(PRIME_1).wrapping_add(PRIME_2),
            seed.wrapping_add(PRIME_2),
            seed,
            seed.wrapping_sub(PRIME_1),
        ];
        for stripe in &mut stripes {
            for (lane, word) in lanes.iter_mut().zip(stripe.chunks_exact(8)) {
                *lane = xx_round(*lane, little_endian(word));
            }
        }
        let turned = [1, 7, 12, 18].into_iter().zip(lanes);
        let sum = turned.fold(0u64, |sum, (by, lane)| sum.wrapping_add(lane.rotate_left(by)));
        lanes.into_iter().fold(sum, |sum, lane| {
            (sum ^ xx_round(0, lane)).wrapping_mul(PRIME_1).wrapping_add(PRIME_4)
        })
    } else {
        seed.wrapping_add(PRIME_5)
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    xx_tail(hash, stripes.remainder())
}

fn xx_round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1)
}

/// The last bytes, fewer than 32, and the final mixing.
fn xx_tail(mut hash: u64, rest: &[u8]) -> u64 {
    let mut words = rest.chunks_exact(8);
    for word in &mut words {
        hash ^= xx_round(0, little_endian(word));
        hash = hash.rotate_left(27).wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
    }
    let mut halves = words.remainder().chunks_exact(4);
    for half in &mut halves {
        hash ^= little_endian(half).wrapping_mul(PRIME_1);
        hash = hash.rotate_left(23).wrapping_mul(PRIME_2).wrapping_add(PRIME_3);
    }
    for &byte in halves.remainder() {
        hash ^= u64::from(byte).wrapping_mul(PRIME_5);
        hash = hash.rotate_left(11).wrapping_mul(PRIME_1);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIME_2);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIME_3);
    hash ^ (hash >> 32)
}

/// The seed of `std::hash` in libstdc++, which Envoy's ring hash takes over.
pub const MURMUR_STD_SEED: u64 = 0xc70f_6907;

/// The 64-bit MurmurHash 2 of `bytes`.
///
/// Source: libstdc++, `hash_bytes.cc`; Envoy, `MurmurHash::murmurHash2_64`.
#[must_use]
pub fn murmur_hash_2_64(bytes: &[u8], seed: u64) -> u64 {
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    const fn fold(word: u64) -> u64 {
        word ^ (word >> 47)
    }
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        hash ^= fold(little_endian(word).wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
        hash = hash.wrapping_mul(FACTOR);
    }
    if !words.remainder().is_empty() {
        hash = (hash ^ little_endian(words.remainder())).wrapping_mul(FACTOR);
    }
    fold(fold(hash).wrapping_mul(FACTOR))
}

/// Up to eight bytes, the first one least.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xx_hash_agrees_with_the_reference_implementation() {
        for (text, hash) in [
            ("", 0xef46_db37_51d8_e999),
            ("a", 0xd24e_c4f1_a98c_6e5b),
            ("abc", 0x44bc_2cf5_ad77_0999),
            ("foo", 0x33bf_00a8_59c4_ba3f),
            ("0123456789abcdef0123456789abcdef", 0x642a_9495_8e71_e6c5),
            ("The quick brown fox jumps over the lazy dog, twice.", 0x0bd8_2807_8c4c_b965),
        ] {
            assert_eq!(xx_hash_64(text.as_bytes(), 0), hash, "{text:?}");
        }
    }

    #[test]
    fn murmur_hash_agrees_with_the_hash_of_strings_in_libstdcxx() {
        for (text, hash) in [
            ("", 0x553e_9390_1e46_2a6e),
            ("a", 0x454d_dee4_88c1_ed6b),
            ("abc", 0x32d8_2bf8_ed3d_ba39),
            ("01234567", 0xf3f0_cdb8_cc0b_5038),
            ("127.0.0.51:23180_0", 0x0c45_59c0_c564_9ae7),
        ] {
            assert_eq!(murmur_hash_2_64(text.as_bytes(), MURMUR_STD_SEED), hash, "{text:?}");
        }
    }
}
