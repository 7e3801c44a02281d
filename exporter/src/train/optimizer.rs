//! Enters: a gradient. Leaves: changed weights. Next: `network` copies them into the
//! column order; `evolve` moves the state along when connections move.

use serde::{Deserialize, Serialize};

/// Which optimiser, and its constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", deny_unknown_fields)]
pub enum Rule {
    /// Adam (Kingma and Ba 2015).
    Adam {
        /// Decay of the mean gradient.
        beta1: f32,
        /// Decay of the mean squared gradient.
        beta2: f32,
        /// Keeps the denominator from zero.
        epsilon: f32,
    },
    /// Stochastic gradient descent with momentum.
    Sgd {
        /// Decay of the velocity.
        momentum: f32,
    },
}

impl Rule {
    /// Adam with its customary constants.
    pub const ADAM: Rule = Rule::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };
}

/// State of the optimiser: numbers for each existing parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer {
    /// Which rule.
    pub rule: Rule,
    /// Steps done.
    pub steps: u64,
    /// Mean gradient of Adam, velocity of SGD.
    pub first: Vec<f32>, // [parameters]
    /// Mean squared gradient of Adam; empty for SGD.
    pub second: Vec<f32>, // [parameters] or [0]
}

impl Optimizer {
    /// A fresh state.
    pub fn new(rule: Rule, parameters: usize) -> Self {
        let second = if matches!(rule, Rule::Adam { .. }) {
            parameters
        } else {
            0
        };
        Optimizer {
            rule,
            steps: 0,
            first: vec![0.0; parameters],
            second: vec![0.0; second],
        }
    }

    /// One step against the gradient. `decay` is the decoupled weight decay
    /// (Loshchilov and Hutter 2019), applied to the first `decayed` parameters.
    pub fn step(
        &mut self,
        value: &mut [f32],
        gradient: &[f32],
        rate: f32,
        (decay, decayed): (f32, usize),
    ) {
        self.steps += 1;
        if decay > 0.0 {
            value[..decayed]
                .iter_mut()
                .for_each(|w| *w -= rate * decay * *w);
        }
        match self.rule {
            Rule::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
                let t = self.steps as f64;
                let first = 1.0 - libm::pow(f64::from(beta1), t);
                let second = 1.0 - libm::pow(f64::from(beta2), t);
                let rate = (f64::from(rate) / first) as f32;
                let scale = (1.0 / second) as f32;
                let states = self.first.iter_mut().zip(&mut self.second);
                for ((w, &g), (m, v)) in value.iter_mut().zip(gradient).zip(states) {
                    *m = flushed(beta1 * *m + (1.0 - beta1) * g);
                    *v = flushed(beta2 * *v + (1.0 - beta2) * g * g);
                    *w -= rate * *m / ((*v * scale).sqrt() + epsilon);
                }
            }
            Rule::Sgd { momentum } => {
                for ((w, &g), m) in value.iter_mut().zip(gradient).zip(&mut self.first) {
                    *m = flushed(momentum * *m + g);
                    *w -= rate * *m;
                }
            }
        }
    }
}

/// Zero for a state too small to move a weight. A word that is rare has no gradient for
/// hundreds of steps; its fading state would else end as a number below 1.2e-38, which costs
/// a processor a hundred cycles each time.
#[inline(always)]
fn flushed(state: f32) -> f32 {
    if state.abs() < 1e-30 { 0.0 } else { state }
}

/// Scales the gradient to a Euclidean norm of at most `limit`; returns the norm it had.
pub fn clip(gradient: &mut [f32], limit: f32) -> f64 {
    let square = |chunk: &[f32]| {
        chunk
            .iter()
            .map(|&g| f64::from(g) * f64::from(g))
            .sum::<f64>()
    };
    let norm = gradient.chunks(64).map(square).sum::<f64>().sqrt();
    if norm > f64::from(limit) {
        let scale = (f64::from(limit) / norm) as f32;
        gradient.iter_mut().for_each(|g| *g *= scale);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_adam_step_has_the_size_of_the_rate() {
        let mut optimizer = Optimizer::new(Rule::ADAM, 2);
        let mut value = [1.0, 1.0];
        optimizer.step(&mut value, &[0.5, -3.0], 0.1, (0.0, 0));
        assert!(
            (value[0] - 0.9).abs() < 1e-6 && (value[1] - 1.1).abs() < 1e-6,
            "{value:?}"
        );
    }

    #[test]
    fn momentum_adds_up() {
        let mut optimizer = Optimizer::new(Rule::Sgd { momentum: 0.5 }, 1);
        let mut value = [0.0];
        optimizer.step(&mut value, &[1.0], 1.0, (0.0, 0));
        optimizer.step(&mut value, &[1.0], 1.0, (0.0, 0));
        assert_eq!(value, [-2.5]);
    }

    #[test]
    fn a_state_without_gradient_fades_to_zero() {
        let mut optimizer = Optimizer::new(Rule::ADAM, 1);
        optimizer.step(&mut [0.0], &[1.0], 0.1, (0.0, 0));
        for _ in 0..700 {
            optimizer.step(&mut [0.0], &[0.0], 0.1, (0.0, 0));
        }
        assert_eq!(optimizer.first, [0.0]);
    }

    #[test]
    fn weight_decay_spares_what_follows() {
        let mut optimizer = Optimizer::new(Rule::Sgd { momentum: 0.0 }, 2);
        let mut value = [2.0, 2.0];
        optimizer.step(&mut value, &[0.0, 0.0], 0.5, (0.5, 1));
        assert_eq!(value, [1.5, 2.0]);
    }

    #[test]
    fn clipping_keeps_the_direction() {
        let mut gradient = [3.0, 4.0];
        assert_eq!(clip(&mut gradient, 1.0), 5.0);
        assert!((gradient[0] - 0.6).abs() < 1e-6 && (gradient[1] - 0.8).abs() < 1e-6);
        assert!((clip(&mut gradient, 10.0) - 1.0).abs() < 1e-6);
    }
}
