//! Enters: raw samples and the statistics of their channels. Leaves: the numbers that training
//! saw. Next: `cell` multiplies them by `W`; the exporter trains on the same numbers.

use crate::scale::Scale;

/// Largest magnitude of a normalised sample, in standard deviations: what lies beyond is
/// taken for it, so that a sum has a bound.
pub const SAMPLE_LIMIT: f32 = 8.0;

/// `(raw - mean) · factor`, held within ±[`SAMPLE_LIMIT`]; what is no number counts as the
/// lowest. The factor is one over the standard deviation of the channel.
#[inline]
pub fn normalize(raw: f32, mean: f32, factor: f32) -> f32 {
    let z = (raw - mean) * factor;
    if z > SAMPLE_LIMIT {
        SAMPLE_LIMIT
    } else if z >= -SAMPLE_LIMIT {
        z
    } else {
        -SAMPLE_LIMIT
    }
}

impl<'a> Scale<'a> {
    /// The normalised samples of one step, by ascending channel. Channels that are missing
    /// count as their mean and do not come; what is beyond the last channel does not either.
    #[inline(always)]
    pub fn normalized(self, raw: &'a [f32]) -> impl Iterator<Item = f32> + Clone + 'a {
        let channels = raw.iter().zip(self.mean).zip(self.factor);
        channels.map(|((&raw, &mean), &factor)| normalize(raw, mean, factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_centred_scaled_and_held() {
        let of = |raw| normalize(raw, 1.0, 2.0);
        assert_eq!([of(1.0), of(1.5), of(0.0)], [0.0, 1.0, -2.0]);
        assert_eq!([of(9.0), of(-9.0)], [8.0, -8.0]);
        assert_eq!([of(f32::INFINITY), of(f32::NAN)], [8.0, -8.0]);
    }
}
