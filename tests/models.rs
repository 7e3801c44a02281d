//! Random models, a vocabulary, and the LSTM once more in f64: what the checks run on.

use set_lstm::device::AlignedBytes;
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::random_model;
use set_lstm::sparse_model::{SparseMatrix, SparseModel};
use set_lstm::train::parameters::{Densities, Shape};
use set_lstm::train::topology::Density;
use set_lstm::vocabulary::Vocabulary;
use set_lstm_runtime::gate::Gate;

/// Both kinds of files, int8 with the finest embedding.
pub const KINDS: [Values; 2] = [Values::Int8 { embedding_bits: 8 }, Values::Float32];

/// A random model with the same density everywhere.
pub fn random_model(shape: Shape, density: f64, seed: u64) -> SparseModel {
    let densities = Densities::even(Density::Share(density));
    random_model::random_model(shape, densities, seed)
}

/// A few hundred bytes: three classes, an odd number of units.
pub fn small_model(seed: u64) -> SparseModel {
    let shape = Shape {
        vocabulary: 19,
        embedding: 7,
        hidden: 5,
        logits: 3,
    };
    random_model(shape, 0.4, seed)
}

/// Names for the classes of a model.
pub fn class_names(model: &SparseModel) -> Vec<String> {
    (0..model.classes()).map(|n| format!("class {n}")).collect()
}

/// A model's file, without words.
pub fn packed(model: &SparseModel, values: Values) -> AlignedBytes {
    packed_with_words(model, values, None)
}

/// A model's file with the words of a vocabulary.
pub fn packed_with_words(
    model: &SparseModel,
    values: Values,
    vocabulary: Option<&Vocabulary>,
) -> AlignedBytes {
    let options = PackOptions {
        values,
        classes: class_names(model),
        vocabulary,
        statistics: None,
        max_tokens: 400,
        seed: 1,
    };
    pack(model, &options).unwrap().into()
}

/// The vocabulary of the tokens 0 to `size` - 1: the unknown word, `a0`, `a1` and so on.
pub fn vocabulary(size: usize) -> Vocabulary {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vocabulary.txt");
    let words: String = (1..size).map(|token| format!("a{token}\n")).collect();
    std::fs::write(&path, format!("<unknown>\n{words}")).unwrap();
    Vocabulary::load(&path).unwrap()
}

/// `count` tokens below `vocabulary`, the same ones for the same seed.
pub fn tokens(count: usize, vocabulary: usize, seed: u64) -> Vec<u16> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        ((state >> 33) as usize % vocabulary) as u16
    };
    (0..count).map(|_| next()).collect()
}

/// The oracle: dense vectors, f64, and the formula as it stands in books.
pub struct Oracle<'m> {
    model: &'m SparseModel,
    pub h: Vec<f64>, // [hidden]
    pub c: Vec<f64>, // [hidden]
}

impl<'m> Oracle<'m> {
    pub fn new(model: &'m SparseModel) -> Self {
        let zero = vec![0.0; model.hidden_size()];
        Oracle {
            model,
            h: zero.clone(),
            c: zero,
        }
    }

    pub fn step(&mut self, token: u16) {
        let model = self.model;
        let mut x = vec![0.0; model.embedding_size()];
        let (columns, values) = model.embedding.row(token.into());
        for (&column, &value) in columns.iter().zip(values) {
            x[usize::from(column)] = f64::from(value);
        }
        self.step_inputs(&x);
    }

    /// A step by all inputs.
    pub fn step_inputs(&mut self, x: &[f64]) {
        let model = self.model;
        let pre = Gate::ALL.map(|gate| {
            let gate = gate.index();
            let (wx, uh) = (
                times(&model.input[gate], x),
                times(&model.recurrent[gate], &self.h),
            );
            let sums = wx.iter().zip(&uh).zip(&model.bias[gate]);
            sums.map(|((wx, uh), &b)| wx + uh + f64::from(b))
                .collect::<Vec<_>>()
        });
        let [i, g, f, o] = &pre;
        for unit in 0..self.h.len() {
            let candidate = sigmoid(i[unit]) * g[unit].tanh();
            self.c[unit] = sigmoid(f[unit]) * self.c[unit] + candidate;
            self.h[unit] = sigmoid(o[unit]) * self.c[unit].tanh();
        }
    }

    pub fn logits(&self) -> Vec<f64> {
        let rows = self.model.head.chunks_exact(self.h.len());
        rows.zip(&self.model.head_bias)
            .map(|(row, &bias)| {
                let products = row.iter().zip(&self.h).map(|(&w, h)| f64::from(w) * h);
                f64::from(bias) + products.sum::<f64>()
            })
            .collect()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn times(matrix: &SparseMatrix, x: &[f64]) -> Vec<f64> {
    let row = |row| {
        let (columns, values) = matrix.row(row);
        let products = columns.iter().zip(values);
        products
            .map(|(&column, &value)| f64::from(value) * x[usize::from(column)])
            .sum()
    };
    (0..matrix.rows).map(row).collect()
}
