//! The model files of the runtime's documentation, in `runtime/src/doc`: they are what this
//! version writes, and small.
//!
//! `text.setl` and `motion.setl` are written by `scripts/default-models.sh`, `temperature.setl`,
//! which nobody has trained, by `SET_LSTM_REGENERATE=1 cargo test -p set-lstm-tests the_models_of`.

use crate::serial::committed;
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::normalization::Normalization;
use set_lstm::output_scale::OutputScale;
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::sparse_model::{SparseMatrix, SparseModel};
use set_lstm_runtime::{Answer, Moment, Task};
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../runtime/src/doc")
        .join(name)
}

/// One unit that forgets a fifth of what it holds and adds a little of what comes: the mean of
/// a signal over some five samples, as long as both are small. The other unit does nothing.
fn smoothing() -> SparseModel {
    let matrix = |columns, row_start: [u32; 3], value: &[f32]| SparseMatrix {
        rows: 2,
        columns,
        row_start: row_start.to_vec(),
        column: vec![0; value.len()],
        value: value.to_vec(),
    };
    let no_input = || matrix(1, [0, 0, 0], &[]);
    let gain = 0.02_f32;
    let forget = (0.8_f32 / 0.2).ln(); // σ of it is 0.8
    let open = 8.0; // σ of it is nearly 1
    SparseModel {
        embedding: SparseMatrix {
            rows: 0,
            columns: 1,
            row_start: vec![0],
            column: Vec::new(),
            value: Vec::new(),
        },
        input: [
            no_input(),
            matrix(1, [0, 1, 1], &[gain]),
            no_input(),
            no_input(),
        ],
        recurrent: [(); 4].map(|()| matrix(2, [0, 0, 0], &[])),
        bias: [
            vec![open, 0.0],
            vec![0.0; 2],
            vec![forget, 0.0],
            vec![open, 0.0],
        ],
        upper: Vec::new(),
        head: vec![0.2 / gain, 0.0],
        head_bias: vec![0.0],
    }
}

#[test]
fn the_models_of_the_documentation_are_current() {
    let statistics = Normalization {
        mean: vec![2000.0],
        factor: vec![1.0 / 500.0],
    };
    let outputs = OutputScale {
        mean: vec![21.5],
        deviation: vec![4.0],
    };
    let options = PackOptions {
        values: Values::Int8 { embedding_bits: 5 },
        task: Task {
            answer: Answer::Values,
            moment: Moment::EveryStep,
        },
        classes: vec!["degrees".into()],
        outputs: Some(&outputs),
        vocabulary: None,
        statistics: Some(&statistics),
        max_tokens: 0,
        seed: 1,
    };
    let temperature = pack(&smoothing(), &options).unwrap();
    if std::env::var_os("SET_LSTM_REGENERATE").is_some() {
        std::fs::write(path("temperature.setl"), &temperature).unwrap();
    }
    let found = std::fs::read(path("temperature.setl")).unwrap();
    assert!(
        found == temperature,
        "temperature.setl is not current, see the top of this file"
    );
    let motion = std::fs::read(path("motion.setl")).unwrap();
    assert!(
        motion == committed("activity/default/model.setl"),
        "motion.setl is not current, see the top of this file"
    );
    for name in ["text.setl", "motion.setl", "temperature.setl"] {
        let file = AlignedBytes::read(path(name)).unwrap();
        assert!(file.len() < 4096, "{name}: {} bytes", file.len());
        let model = AnyModel::from_bytes(&file).unwrap();
        assert_eq!(model.self_test(&mut AnyState::new(&model)), Ok(3), "{name}");
    }
}

/// As far as a hand can see: the documentation claims no more.
#[test]
fn the_thermometer_of_the_documentation_smoothes() {
    let file = AlignedBytes::read(path("temperature.setl")).unwrap();
    let model = AnyModel::from_bytes(&file).unwrap();
    let mut state = AnyState::new(&model);
    for count in [1000.0_f32, 1500.0, 2000.0, 2500.0, 3000.0] {
        state.reset();
        for step in 0..60 {
            let noise = [60.0, -75.0, 15.0][step % 3];
            state.step_samples(&model, &[count + noise]);
        }
        let exact = 21.5 + (count - 2000.0) / 125.0;
        let found = state.values(&model)[0];
        assert!((found - exact).abs() < 0.35, "{found} for {exact}");
    }
}
