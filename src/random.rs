//! Philox 4x32-10, a counter-based generator (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011).
//!
//! Number i of a stream is a function of the seed and of i, so results do not depend on who computes which part.

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Block `counter` of the stream of `key`.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let product = |i: usize| u64::from(MULTIPLIERS[i]) * u64::from(counter[2 * i]);
        let (p, q) = (product(0), product(1));
        let high = |p: u64| (p >> 32) as u32;
        counter = [high(q) ^ counter[1] ^ key[0], q as u32, high(p) ^ counter[3] ^ key[1], p as u32];
    }
    counter
}

/// Two independent uniform numbers in [0, 1): number `i` of the stream of `seed`.
pub(crate) fn uniform_pair(seed: u64, i: u64) -> [f64; 2] {
    let block = philox([i as u32, (i >> 32) as u32, 0, 0], [seed as u32, (seed >> 32) as u32]);
    let unit = |lo: u32, hi: u32| ((u64::from(hi) << 32 | u64::from(lo)) >> 11) as f64 / (1u64 << 53) as f64;
    [unit(block[0], block[1]), unit(block[2], block[3])]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of the authors' library, Random123 (kat_vectors).
    #[test]
    fn known_answers() {
        let ones = u32::MAX;
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([ones; 4], [ones; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        let key = [0xa409_3822, 0x299f_31d0];
        assert_eq!(philox(pi, key), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }
}
