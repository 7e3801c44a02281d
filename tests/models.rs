//! Random models, a vocabulary, and the LSTM once more in f64: what the checks run on.

use set_lstm::device::AlignedBytes;
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::random_model;
use set_lstm::sparse_model::{LayerView, SparseLayer, SparseMatrix, SparseModel};
use set_lstm::train::parameters::{Densities, Shape};
use set_lstm::train::topology::Density;
use set_lstm::vocabulary::Vocabulary;
use set_lstm_runtime::Task;
use set_lstm_runtime::gate::Gate;

/// Both kinds of files, int8 with the finest embedding.
pub const KINDS: [Values; 2] = [Values::Int8 { embedding_bits: 8 }, Values::Float32];

/// A random model with the same density everywhere.
pub fn random_model(shape: Shape, density: f64, seed: u64) -> SparseModel {
    let densities = Densities::even(Density::Share(density));
    random_model::random_model(shape, densities, seed)
}

/// A file that is too large for a micro:bit, with words.
pub fn large_file() -> AlignedBytes {
    let shape = Shape {
        vocabulary: 20,
        embedding: 256,
        hidden: 256,
        logits: 1,
    };
    let model = random_model(shape, 0.3, 1);
    packed_with_words(&model, Values::Float32, Some(&vocabulary(20)))
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

/// A stack: the first layer of the sizes of `shape`, then one of each of `upper`.
pub fn random_stack(shape: Shape, upper: &[usize], density: f64, seed: u64) -> SparseModel {
    let mut model = random_model(shape, density, seed);
    let mut below = shape.hidden;
    for (&hidden, seed) in upper.iter().zip(seed + 1..) {
        let layer = random_model(
            Shape {
                vocabulary: 0,
                embedding: below,
                hidden,
                ..shape
            },
            density,
            seed,
        );
        model.upper.push(SparseLayer {
            input: layer.input,
            recurrent: layer.recurrent,
            bias: layer.bias,
        });
        (model.head, model.head_bias) = (layer.head, layer.head_bias);
        below = hidden;
    }
    model
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
        task: Task::CLASSIFICATION,
        outputs: None,
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
    /// Hidden state of the last layer.
    pub h: Vec<f64>, // [hidden]
    /// Hidden and cell state of each layer.
    pub layers: Vec<[Vec<f64>; 2]>,
}

impl<'m> Oracle<'m> {
    pub fn new(model: &'m SparseModel) -> Self {
        let zero = |layer: LayerView<'_>| [(); 2].map(|()| vec![0.0; layer.hidden_size()]);
        Oracle {
            model,
            h: vec![0.0; model.hidden_size()],
            layers: model.layers().map(zero).collect(),
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
        let mut x = x.to_vec();
        for (layer, [h, c]) in self.model.layers().zip(&mut self.layers) {
            let pre = Gate::ALL.map(|gate| {
                let gate = gate.index();
                let (wx, uh) = (
                    times(&layer.input[gate], &x),
                    times(&layer.recurrent[gate], h),
                );
                let sums = wx.iter().zip(&uh).zip(&layer.bias[gate]);
                sums.map(|((wx, uh), &b)| wx + uh + f64::from(b))
                    .collect::<Vec<_>>()
            });
            let [i, g, f, o] = &pre;
            for unit in 0..h.len() {
                let candidate = sigmoid(i[unit]) * g[unit].tanh();
                c[unit] = sigmoid(f[unit]) * c[unit] + candidate;
                h[unit] = sigmoid(o[unit]) * c[unit].tanh();
            }
            x.clone_from(h);
        }
        self.h = x;
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
