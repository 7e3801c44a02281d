//! Enters: the sizes of a trained network. Leaves: the bytes of a plain fully connected one,
//! sizes that fit a number of bytes, and densities that make a share. Next: `grid`.

use crate::train::options::TrainOptions;
use crate::train::parameters::Shape;
use crate::train::topology::Density;

/// Bytes of a plain int8 file without any sparsity: one a weight, the embedding included,
/// four a bias, and the same table of words.
pub fn plain_bytes(shape: Shape, word_bytes: u64) -> u64 {
    let Shape {
        vocabulary: v,
        embedding: e,
        hidden: h,
        logits: l,
    } = shape;
    (v * e + 4 * h * (e + h) + l * h + 4 * (4 * h + l)) as u64 + word_bytes
}

/// The largest shape with at most `bytes` of [`plain_bytes`] that keeps the ratio of embedding
/// and hidden size, or the channels of recordings; `None` if one unit is too many.
pub fn at_most(shape: Shape, word_bytes: u64, bytes: u64) -> Option<Shape> {
    let embedding = |hidden: usize| match shape.vocabulary {
        0 => shape.embedding,
        _ => ((hidden * shape.embedding) as f64 / shape.hidden as f64)
            .round()
            .max(1.0) as usize,
    };
    let sizes = (1..=shape.hidden).rev().map(|hidden| Shape {
        hidden,
        embedding: embedding(hidden),
        ..shape
    });
    sizes
        .into_iter()
        .find(|&small| plain_bytes(small, word_bytes) <= bytes)
}

/// Whether all matrices of these options have one density, a share.
pub fn is_even(options: &TrainOptions) -> bool {
    let TrainOptions {
        embedding_density: e,
        input_density: w,
        recurrent_density: u,
        ..
    } = options;
    e == w && w == u && matches!(e, Density::Share(_))
}

/// These options with `share` of all positions of all matrices; the proportions between the
/// densities stay as long as none is full.
pub fn at_share(options: &TrainOptions, shape: Shape, share: f64) -> TrainOptions {
    let Shape {
        vocabulary: v,
        embedding: e,
        hidden: h,
        ..
    } = shape;
    let kinds = [
        (options.embedding_density, v, e, 1.0),
        (options.input_density, h, e, 4.0),
        (options.recurrent_density, h, h, 4.0),
    ];
    let positions = kinds.map(|(_, rows, columns, count)| count * (rows * columns) as f64);
    let own = kinds.map(|(density, rows, columns, _)| {
        density.connections(rows, columns) as f64 / ((rows * columns) as f64).max(1.0)
    });
    let wanted = share * positions.iter().sum::<f64>();
    let at = |factor: f64| own.map(|density| (factor * density).min(1.0));
    let sum = |factor: f64| {
        at(factor)
            .iter()
            .zip(positions)
            .map(|(d, n)| d * n)
            .sum::<f64>()
    };
    let (mut low, mut high) = (0.0, 1.0);
    while sum(high) < wanted && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if sum(middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    let [embedding, input, recurrent] = at(high).map(|density| Density::Share(density.max(1e-6)));
    TrainOptions {
        embedding_density: embedding,
        input_density: input,
        recurrent_density: recurrent,
        ..options.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::preset::Preset;

    const SHAPE: Shape = Shape {
        vocabulary: 20_000,
        embedding: 256,
        hidden: 256,
        logits: 1,
    };

    #[test]
    fn bytes_are_those_counted_by_hand() {
        let small = Shape {
            vocabulary: 10,
            embedding: 3,
            hidden: 2,
            logits: 1,
        };
        // 30 of the embedding, 4·2·(3+2) of the gates, 2 of the head, 4·(8+1) of biases
        assert_eq!(plain_bytes(small, 7), 30 + 40 + 2 + 36 + 7);
    }

    #[test]
    fn the_small_shape_fits_and_one_more_unit_does_not() {
        let small = at_most(SHAPE, 48_000, 344_812).unwrap();
        assert_eq!(small.embedding, small.hidden);
        assert!(plain_bytes(small, 48_000) <= 344_812);
        let more = Shape {
            embedding: small.embedding + 1,
            hidden: small.hidden + 1,
            ..small
        };
        assert!(plain_bytes(more, 48_000) > 344_812);
        assert_eq!(at_most(SHAPE, 48_000, 50_000), None);
        let recordings = Shape {
            vocabulary: 0,
            embedding: 6,
            hidden: 32,
            logits: 6,
        };
        assert_eq!(at_most(recordings, 0, 4_000).unwrap().embedding, 6);
    }

    #[test]
    fn uneven_densities_are_scaled_to_the_share_and_stop_at_full() {
        let options = Preset::Reber.options();
        assert!(!is_even(&options) && is_even(&Preset::Imdb.options()));
        let shape = Shape {
            vocabulary: 9,
            embedding: 32,
            hidden: 64,
            logits: 1,
        };
        let share = |options: &TrainOptions| {
            let found: f64 = [
                (options.embedding_density, 9 * 32),
                (options.input_density, 4 * 64 * 32),
                (options.recurrent_density, 4 * 64 * 64),
            ]
            .map(|(density, n)| density.connections(1, n) as f64)
            .iter()
            .sum();
            found / f64::from(9 * 32 + 4 * 64 * 32 + 4 * 64 * 64)
        };
        for wanted in [0.01, 0.1, 0.7] {
            let found = share(&at_share(&options, shape, wanted));
            assert!((found - wanted).abs() < 1e-3, "{found} for {wanted}");
        }
    }
}
