//! Enters: sparse rows and their classes. Leaves: [`Logistic`], a linear model that names the
//! class. Next: the baseline chooses among them by validation.
//!
//! ```text
//! z       = w · x + bias                         one logit for two classes, else one a class
//! cost    = mean of -log p(class | z) + penalty / 2 · ‖w‖²       (biases are free)
//! ```
//!
//! The minimum is found by `argmin`'s L-BFGS (Nocedal and Wright 2006), so the fit is bound to
//! the data alone: there is no seed.

use argmin::core::{CostFunction, Error as Problem, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

use super::tf_idf::SparseRows;
use crate::error::{Error, Result};

/// Steps that L-BFGS remembers.
const MEMORY: usize = 8;
/// A fit ends when the norm of the gradient, or the gain of a step, is this small.
const TOLERANCES: (f64, f64) = (1e-5, 1e-8);
/// Or after so many steps.
const STEPS: u64 = 300;

/// A linear model of classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    features: usize,
    logits: usize,
    weights: Vec<f64>, // [(features + 1) x logits], the biases last
}

impl Logistic {
    /// All weights zero.
    pub fn zero(features: usize, classes: usize) -> Self {
        let logits = if classes == 2 { 1 } else { classes };
        Logistic {
            features,
            logits,
            weights: vec![0.0; (features + 1) * logits],
        }
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        self.weights.len()
    }

    /// The model with the smallest cost, searched from this one on.
    ///
    /// # Errors
    /// The search fails.
    pub fn fitted(&self, rows: &SparseRows, labels: &[u8], penalty: f64) -> Result<Logistic> {
        let cost = Cost {
            rows,
            labels,
            features: self.features,
            logits: self.logits,
            penalty,
        };
        let weights = self.search(cost).map_err(|problem| {
            Error::Tool(format!(
                "the logistic regression does not converge: {problem}; report this"
            ))
        })?;
        Ok(Logistic {
            weights,
            ..self.clone()
        })
    }

    fn search(&self, cost: Cost<'_>) -> std::result::Result<Vec<f64>, Problem> {
        let (gradient, gain) = TOLERANCES;
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY)
            .with_tolerance_grad(gradient)?
            .with_tolerance_cost(gain)?;
        let start = self.weights.clone();
        let found = Executor::new(cost, solver)
            .configure(|state| state.param(start).max_iters(STEPS))
            .timer(false)
            .run()?;
        let best = found.state().get_best_param().cloned();
        best.ok_or_else(|| Problem::msg("no step was made"))
    }

    /// The class of each row.
    pub fn predict(&self, rows: &SparseRows) -> Vec<u8> {
        let mut logits = vec![0.0; self.logits];
        (0..rows.len())
            .map(|index| {
                self::logits(&self.weights, rows, index, &mut logits);
                match logits[..] {
                    [logit] => u8::from(logit > 0.0),
                    // the first of the largest
                    _ => (0..self.logits).fold(
                        0,
                        |best, k| {
                            if logits[k] > logits[best] { k } else { best }
                        },
                    ) as u8,
                }
            })
            .collect()
    }
}

fn logits(weights: &[f64], rows: &SparseRows, index: usize, logits: &mut [f64]) {
    let count = logits.len();
    logits.copy_from_slice(&weights[weights.len() - count..]);
    for (column, value) in rows.row(index) {
        let row = &weights[column * count..][..count];
        for (logit, weight) in logits.iter_mut().zip(row) {
            *logit += weight * value;
        }
    }
}

/// What is made small.
struct Cost<'a> {
    rows: &'a SparseRows,
    labels: &'a [u8],
    features: usize,
    logits: usize,
    penalty: f64,
}

impl Cost<'_> {
    /// Calls `visit` with each row, its loss, and `∂loss/∂logits`.
    fn pass(&self, weights: &[f64], mut visit: impl FnMut(usize, f64, &[f64])) {
        let mut z = vec![0.0; self.logits];
        for (index, &label) in self.labels.iter().enumerate() {
            logits(weights, self.rows, index, &mut z);
            let loss = cross_entropy(&mut z, usize::from(label));
            visit(index, loss, &z);
        }
    }

    fn free(&self) -> usize {
        self.features * self.logits
    }
}

/// Loss of one row in nats; the logits become its slope by them.
fn cross_entropy(z: &mut [f64], class: usize) -> f64 {
    if let [z] = z {
        let target = class as f64;
        let loss = z.max(0.0) - target * *z + (-z.abs()).exp().ln_1p();
        *z = 1.0 / (1.0 + (-*z).exp()) - target;
        return loss;
    }
    let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = z.iter().map(|z| (z - most).exp()).sum();
    let loss = total.ln() + most - z[class];
    for (k, z) in z.iter_mut().enumerate() {
        *z = (*z - most).exp() / total - f64::from(u8::from(k == class));
    }
    loss
}

impl CostFunction for Cost<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, weights: &Vec<f64>) -> std::result::Result<f64, Problem> {
        let mut sum = 0.0;
        self.pass(weights, |_, loss, _| sum += loss);
        let square: f64 = weights[..self.free()].iter().map(|w| w * w).sum();
        Ok(sum / self.labels.len() as f64 + 0.5 * self.penalty * square)
    }
}

impl Gradient for Cost<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, weights: &Vec<f64>) -> std::result::Result<Vec<f64>, Problem> {
        let mut gradient = vec![0.0; weights.len()];
        let scale = 1.0 / self.labels.len() as f64;
        let (count, free) = (self.logits, self.free());
        self.pass(weights, |index, _, slopes| {
            for (column, value) in self.rows.row(index) {
                let row = &mut gradient[column * count..][..count];
                for (sum, slope) in row.iter_mut().zip(slopes) {
                    *sum += scale * value * slope;
                }
            }
            for (sum, slope) in gradient[free..].iter_mut().zip(slopes) {
                *sum += scale * slope;
            }
        });
        for (sum, weight) in gradient[..free].iter_mut().zip(weights) {
            *sum += self.penalty * weight;
        }
        Ok(gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tf_idf::TfIdf;
    use super::*;
    use crate::sequences::SequenceSet;

    fn few(classes: u8) -> (SequenceSet, SparseRows) {
        let mut set = SequenceSet::of_tokens();
        for k in 0..12_u16 {
            set.push([1 + k % 4, 1 + k % 3, 5], (k % u16::from(classes)) as u8);
        }
        let rows = TfIdf::fit(&set, 6).apply(&set);
        (set, rows)
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        for classes in [2, 3] {
            let (set, rows) = few(classes);
            let model = Logistic::zero(6, usize::from(classes));
            let cost = Cost {
                rows: &rows,
                labels: set.labels(),
                features: 6,
                logits: model.logits,
                penalty: 0.1,
            };
            let weights: Vec<f64> = (0..model.parameters())
                .map(|k| (k as f64 * 0.7).sin())
                .collect();
            let gradient = cost.gradient(&weights).unwrap();
            for k in 0..weights.len() {
                let at = |step: f64| {
                    let mut moved = weights.clone();
                    moved[k] += step;
                    cost.cost(&moved).unwrap()
                };
                let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((slope - gradient[k]).abs() < 1e-8, "{classes} classes, {k}");
            }
        }
    }

    #[test]
    fn a_fit_is_where_the_gradient_vanishes_and_a_penalty_shrinks_it() {
        let (set, rows) = few(3);
        let fit = |penalty| {
            let model = Logistic::zero(6, 3);
            model.fitted(&rows, set.labels(), penalty).unwrap()
        };
        let (loose, tight) = (fit(0.01), fit(1.0));
        let cost = Cost {
            rows: &rows,
            labels: set.labels(),
            features: 6,
            logits: 3,
            penalty: 0.01,
        };
        let gradient = cost.gradient(&loose.weights).unwrap();
        assert!(gradient.iter().all(|g| g.abs() < 1e-3), "{gradient:?}");
        let norm = |model: &Logistic| model.weights[..18].iter().map(|w| w * w).sum::<f64>();
        assert!(norm(&tight) < norm(&loose));
    }
}
