//! Imported models as runs: with words, pruned, trained on, of two layers.

use std::fs;
use std::path::Path;

use set_lstm::import::array::{Array, NamedArrays};
use set_lstm::sparse_model::{SparseMatrix, SparseModel};
use set_lstm_runtime::gate::Gate;

use crate::import::{Numbers, arrays, write};
use crate::program::{number, object, printed, refused, set_lstm, trained};

/// A trained model as PyTorch would have it, zeros and all.
fn as_pytorch(model: &SparseModel) -> NamedArrays {
    let dense = |matrix: &SparseMatrix| {
        let mut data = vec![0.0; matrix.rows * matrix.columns];
        for row in 0..matrix.rows {
            let (columns, values) = matrix.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                data[row * matrix.columns + usize::from(column)] = value;
            }
        }
        data
    };
    let order = [Gate::Input, Gate::Forget, Gate::Candidate, Gate::Output].map(Gate::index);
    let stack = |all: &[SparseMatrix; 4]| Array {
        shape: vec![4 * all[0].rows, all[0].columns],
        data: order.map(|gate| dense(&all[gate])).concat(),
    };
    let bias: Vec<f32> = order.map(|gate| model.bias[gate].clone()).concat();
    let half = |part: f32| Array {
        shape: vec![bias.len()],
        data: bias.iter().map(|bias| bias * part).collect(),
    };
    let [hidden, logits] = [model.hidden_size(), model.logits()];
    let named = [
        ("net.rnn.weight_ih_l0", stack(&model.input)),
        ("net.rnn.weight_hh_l0", stack(&model.recurrent)),
        // two biases of PyTorch, whose sum counts
        ("net.rnn.bias_ih_l0", half(0.25)),
        ("net.rnn.bias_hh_l0", half(0.75)),
        (
            "net.emb.weight",
            Array {
                shape: vec![model.vocabulary_size(), model.embedding_size()],
                data: dense(&model.embedding),
            },
        ),
        (
            "net.classifier.weight",
            Array {
                shape: vec![logits, hidden],
                data: model.head.clone(),
            },
        ),
        (
            "net.classifier.bias",
            Array {
                shape: vec![logits],
                data: model.head_bias.clone(),
            },
        ),
    ];
    named.map(|(name, array)| (name.to_owned(), array)).into()
}

#[test]
fn a_model_with_words_is_as_right_as_before_and_trains_on_after_pruning() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run, model] = ["x.safetensors", "run", "x.setl"].map(|n| folder.path().join(n));
    let source = &trained().run;
    let (_, own) = set_lstm::model_file::load(&source.join("model.safetensors")).unwrap();
    write(&file, &as_pytorch(&own));
    let words = source.join("vocabulary.txt");
    let import = |options: &str| {
        let words_of =
            format!("import @ --out @ --words @ --json --replace --preset reber {options}");
        object(set_lstm!(words_of, &file, &run, &words), &["classes"])
    };

    // as it is: sparse already, and connections of weight zero are dropped
    let found = import("--classes broken,legal");
    let matrices = own
        .input
        .iter()
        .chain(&own.recurrent)
        .chain([&own.embedding]);
    let zeros = matrices
        .flat_map(|m| &m.value)
        .filter(|value| **value == 0.0);
    let left = own.parameters() - zeros.count();
    assert_eq!(number(&found, "parameters"), left as f64);
    let correct = |path: &Path, options: &str| {
        let words = format!("evaluate @ --json {options}");
        number(&object(set_lstm!(words, path), &[]), "correct")
    };
    assert_eq!(correct(&run, ""), correct(source, ""));
    printed(set_lstm!("export @ --values f32 --out @", &run, &model));
    let of_file = "--preset reber";
    assert_eq!(correct(&model, of_file), correct(&trained().f32, of_file));

    // pruned to a fifth it knows less, and trained on for a little nearly all again
    let share = "--embedding-density 6% --input-density 3% --recurrent-density 1.5%";
    let pruned = import(share);
    assert!(
        number(&pruned, "parameters") < 0.5 * number(&found, "parameters"),
        "{pruned}"
    );
    assert_eq!(pruned["classes"], serde_json::json!(["0", "1"]));
    let before = correct(&run, "");
    let again = import(&format!("{share} --epochs 4"));
    assert_eq!(again["classes"], serde_json::json!(["broken", "legal"]));
    assert_eq!(again["parameters"], pruned["parameters"]);
    let after = correct(&run, "");
    eprintln!("{before} of 1000 after pruning, {after} after 4 epochs more");
    assert!(before < 900.0 && after > 950.0, "{before} {after}");
    // the first epoch begins where the source ended, not at random weights
    let metrics = fs::read_to_string(run.join("metrics.csv")).unwrap();
    assert_eq!(metrics.lines().count(), 1 + 4);
    let connections = fs::read_dir(run.join("topology")).unwrap().count();
    assert_eq!(connections, 5);
    printed(set_lstm!("topology @", &run));
}

#[test]
fn an_import_is_trained_on_by_resume_with_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run] = ["x.safetensors", "run"].map(|name| folder.path().join(name));
    let source = &trained().run;
    let (_, own) = set_lstm::model_file::load(&source.join("model.safetensors")).unwrap();
    write(&file, &as_pytorch(&own));
    let words = source.join("vocabulary.txt");
    let import = "import @ --out @ --words @ --preset reber --epochs 1 --learning-rate 0.001";
    printed(set_lstm!(import, &file, &run, &words));
    let weights = fs::read(run.join("checkpoint.safetensors")).unwrap();
    let resumed = object(set_lstm!("train --resume @ --json", &run), &[]);
    assert_eq!(number(&resumed, "epochs"), 1.0, "all epochs are done");
    assert_eq!(
        fs::read(run.join("checkpoint.safetensors")).unwrap(),
        weights
    );
    assert!(number(&resumed, "validation_accuracy") > 0.98, "{resumed}");
}

#[test]
fn two_layers_are_evaluated_and_not_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run, model] = ["x.safetensors", "run", "x.setl"].map(|n| folder.path().join(n));
    let words = trained().run.join("vocabulary.txt");
    let tokens = fs::read_to_string(&words).unwrap().lines().count();
    let mut all = arrays(5, 8, 2, &mut Numbers(7));
    let values = Numbers(8).take(5 * tokens, 1.0);
    let embedding = Array {
        shape: vec![tokens, 5],
        data: values,
    };
    all.push(("embedding.weight".into(), embedding));
    // two outputs, which become one
    all[0].1 = Array {
        shape: vec![2],
        data: vec![0.1, -0.1],
    };
    all[1].1 = Array {
        shape: vec![2, 8],
        data: Numbers(9).take(16, 4.0),
    };
    write(&file, &all);
    let options = "--preset reber --classes broken,legal";
    let import = |more: &str| {
        let words_of = format!("import @ --out @ --words @ --replace {options} {more}");
        set_lstm!(words_of, &file, &run, &words)
    };
    printed(import(""));
    printed(set_lstm!("export @ --values f32 --out @", &run, &model));
    let by_run = object(set_lstm!("evaluate @ --json", &run), &[]);
    let by_file = object(set_lstm!("evaluate @ --preset reber --json", &model), &[]);
    assert_eq!(by_run["confusion"], by_file["confusion"]);
    let answers = printed(set_lstm!("predict @ B", &run));
    assert_eq!(answers, printed(set_lstm!("predict @ B", &model)));
    refused(
        import("--epochs 1"),
        "2 layers and training knows one",
        "--epochs",
    );
}

#[test]
fn full_rows_go_into_both_kinds_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run, model] = ["x.safetensors", "run", "x.setl"].map(|n| folder.path().join(n));
    write(&file, &arrays(64, 128, 2, &mut Numbers(1)));
    let imported = object(set_lstm!("import @ --out @ --json", &file, &run), &[]);
    assert_eq!(imported["parameters"], imported["dense_parameters"]);
    for values in ["int8", "f32"] {
        let words = format!("export @ --values {values} --json --out @");
        let exported = object(set_lstm!(words, &run, &model), &[]);
        assert_eq!(number(&exported, "self_test_sequences"), 3.0);
    }
    // and a device that is asked to hold less
    let words = "import @ --out @ --json --replace --density 5%";
    let pruned = object(set_lstm!(words, &file, &run), &[]);
    printed(set_lstm!("export @ --out @", &run, &model));
    let left = 4 * (410 + 3 * 819) + 2 * 4 * 128 + 4 * 129;
    assert_eq!(number(&pruned, "parameters"), f64::from(left));
}
