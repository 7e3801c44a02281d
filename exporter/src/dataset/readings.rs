//! Enters: numbers as text, and the samples that they make. Leaves: finite samples, and the
//! place and the group of a recording. Next: the loaders of recordings.

/// Reads one number of a recording.
///
/// # Errors
/// What was found and what was expected, without the file and the line.
pub fn sample(text: &str) -> Result<f32, String> {
    match text.trim().parse::<f32>() {
        Ok(sample) if sample.is_finite() => Ok(sample),
        _ => Err(format!(
            "`{}` is no finite number; expected one such as -0.25; correct or remove the row",
            shortened(text.trim())
        )),
    }
}

/// What a message quotes of a text of any length.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// Another number for each number, in no order that means anything: what stands side by
/// side in a file comes apart (the finaliser of SplitMix64, Steele et al. 2014).
pub fn scattered(place: u64) -> u64 {
    let mut z = place.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that equal recordings share.
pub fn fingerprint(samples: &[f32]) -> u64 {
    samples.iter().fold(samples.len() as u64, |hash, sample| {
        // -0 and 0 are one number
        scattered(hash ^ u64::from((sample + 0.0).to_bits()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_are_samples() {
        assert_eq!(sample(" -1.5e-1 "), Ok(-0.15));
        for text in [
            "",
            "NaN",
            "inf",
            "1e99",
            "?",
            "1,5",
            "ä".repeat(99).as_str(),
        ] {
            let problem = sample(text).unwrap_err();
            assert!(problem.contains("is no finite number; expected"));
            assert!(problem.len() < 200, "{problem}");
        }
    }

    #[test]
    fn neighbours_come_apart_and_no_two_meet() {
        let mut places: Vec<u64> = (0..1000).map(scattered).collect();
        assert!(!places.is_sorted());
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 1000);
    }

    #[test]
    fn equal_recordings_share_a_fingerprint_and_others_do_not() {
        assert_eq!(fingerprint(&[0.0, 1.0]), fingerprint(&[-0.0, 1.0]));
        let all = [&[][..], &[0.0], &[0.0, 0.0], &[0.0, 1.0], &[1.0, 0.0]].map(fingerprint);
        for (k, one) in all.iter().enumerate() {
            assert!(!all[..k].contains(one));
        }
    }
}
