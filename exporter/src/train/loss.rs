//! Enters: logits and the class. Leaves: the loss, its gradient, and whether the
//! largest logit names the class. Next: `chunk` starts the way back with it.

/// Loss of one sample.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SampleLoss {
    /// Cross-entropy in nats.
    pub loss: f64,
    /// Whether the prediction is the class.
    pub correct: bool,
}

/// Cross-entropy of one sample; `logits` become `∂loss/∂logits`.
///
/// One logit: logistic loss of class 1 against class 0. Several: softmax.
/// `smoothing` moves that share of the target evenly onto all classes.
pub fn cross_entropy(logits: &mut [f32], class: u8, smoothing: f32) -> SampleLoss {
    let smoothing = f64::from(smoothing);
    if let [logit] = logits {
        let z = f64::from(*logit);
        let target = f64::from(class) * (1.0 - smoothing) + smoothing / 2.0;
        // log(1 + e^z) - target·z, without overflow
        let loss = z.max(0.0) - target * z + (-z.abs()).exp().ln_1p();
        *logit = (1.0 / (1.0 + (-z).exp()) - target) as f32;
        return SampleLoss {
            loss,
            correct: (z > 0.0) == (class == 1),
        };
    }
    let best = predicted(logits);
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|&z| f64::from(z - max).exp()).sum();
    let share = smoothing / logits.len() as f64;
    let mut loss = 0.0;
    for (k, z) in logits.iter_mut().enumerate() {
        let target = share
            + if k == class as usize {
                1.0 - smoothing
            } else {
                0.0
            };
        let log_probability = f64::from(*z - max) - total.ln();
        loss -= target * log_probability;
        *z = (log_probability.exp() - target) as f32;
    }
    SampleLoss {
        loss,
        correct: best == class,
    }
}

/// The class that the logits name: the sign of a single one, else the first largest.
pub fn predicted(logits: &[f32]) -> u8 {
    if let [logit] = logits {
        return u8::from(*logit > 0.0);
    }
    let mut best = 0;
    for k in 1..logits.len() {
        if logits[k] > logits[best] {
            best = k;
        }
    }
    best as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undecided_logit_costs_ln_2() {
        let mut logits = [0.0];
        let loss = cross_entropy(&mut logits, 1, 0.0);
        assert!((loss.loss - std::f64::consts::LN_2).abs() < 1e-12);
        assert_eq!((logits[0], loss.correct), (-0.5, false));
    }

    #[test]
    fn gradients_are_the_slope_of_the_loss() {
        for (logits, class, smoothing) in [
            (vec![0.7f32], 0u8, 0.1f32),
            (vec![-3.0], 1, 0.0),
            (vec![0.2, -1.0, 2.0], 1, 0.0),
            (vec![0.2, -1.0, 2.0], 2, 0.2),
        ] {
            let mut gradient = logits.clone();
            cross_entropy(&mut gradient, class, smoothing);
            for k in 0..logits.len() {
                let at = |step: f32| {
                    let mut moved = logits.clone();
                    moved[k] += step;
                    cross_entropy(&mut moved, class, smoothing).loss
                };
                let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!(
                    (slope - f64::from(gradient[k])).abs() < 1e-4,
                    "{logits:?} {k}"
                );
            }
        }
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let mut logits = [500.0];
        assert_eq!(cross_entropy(&mut logits, 0, 0.0).loss, 500.0);
        let mut logits = [500.0, -500.0];
        assert_eq!(cross_entropy(&mut logits, 1, 0.0).loss, 1000.0);
    }
}
