//! Networks that were trained elsewhere: the same outputs as their source's, and a run like
//! any other. `import/make_fixtures.py` recorded what PyTorch, ONNX and Keras compute.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use set_lstm::import::array::{Array, NamedArrays};
use set_lstm::import::named::{self, Names};
use set_lstm::import::npy;
use set_lstm::import::prune::{KeptDensities, sparse_model};
use set_lstm::import::verify::{Recorded, verify};
use set_lstm::tensors::{self, Tensor};

use crate::program::{Ended, ended, number, object, printed, refused, set_lstm};

/// A file beside `make_fixtures.py`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("import")
        .join(name)
}

/// Imports a fixture with its recorded outputs, by the program.
fn imported(name: &str, options: &str, out: &Path) -> Value {
    let stem = name.rsplit_once('.').unwrap().0;
    let recorded = fixture(&format!("{stem}.npz"));
    let words = format!("import @ --out @ --verify @ --json {options}");
    object(
        set_lstm!(words, &fixture(name), out, &recorded),
        &["run", "found", "layers", "verification"],
    )
}

/// The numbers of `make_fixtures.py`.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn take(&mut self, count: usize, scale: f32) -> Vec<f32> {
        let mut next = || {
            let state = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d);
            self.0 = state.wrapping_add(0x1405_7b7e_f767_814f);
            ((self.0 >> 40) as f32 / 8_388_608.0 - 1.0) * scale
        };
        (0..count).map(|_| next()).collect()
    }
}

/// The arrays of a PyTorch network of these sizes, with four outputs, in the order of names.
fn shapes(inputs: usize, hidden: usize, layers: usize) -> Vec<(String, Vec<usize>)> {
    let mut all = vec![
        ("fc.bias".to_owned(), vec![4]),
        ("fc.weight".to_owned(), vec![4, hidden]),
    ];
    for layer in 0..layers {
        let below = if layer == 0 { inputs } else { hidden };
        for (part, shape) in [
            ("bias_hh", vec![4 * hidden]),
            ("bias_ih", vec![4 * hidden]),
            ("weight_hh", vec![4 * hidden, hidden]),
            ("weight_ih", vec![4 * hidden, below]),
        ] {
            all.push((format!("lstm.{part}_l{layer}"), shape));
        }
    }
    all.sort();
    all
}

pub fn arrays(inputs: usize, hidden: usize, layers: usize, numbers: &mut Numbers) -> NamedArrays {
    let array = |(name, shape): (String, Vec<usize>)| {
        let data = numbers.take(shape.iter().product(), 0.125);
        (name, Array { shape, data })
    };
    shapes(inputs, hidden, layers)
        .into_iter()
        .map(array)
        .collect()
}

/// Writes arrays as PyTorch's users do.
pub fn write(path: &Path, arrays: &NamedArrays) {
    let mut tensors = Vec::new();
    for (name, array) in arrays {
        let tensor = match array.shape[..] {
            [_] => Tensor::vector(&array.data),
            _ => Tensor::matrix(&array.data, array.shape[1]),
        };
        tensors.push((name.clone(), tensor));
    }
    tensors::save(path, &"made by a test", tensors).unwrap();
}

#[test]
fn every_output_of_pytorch_is_met_at_every_size() {
    for (inputs, hidden, layers) in [
        (3, 32, 1),
        (64, 32, 1),
        (3, 128, 1),
        (64, 128, 1),
        (3, 32, 2),
        (64, 128, 2),
    ] {
        let mut numbers = Numbers((inputs * hidden * layers) as u64);
        let arrays = arrays(inputs, hidden, layers, &mut numbers);
        let network = named::network(&arrays, &Names::default()).unwrap();
        network.check().unwrap();
        let model = sparse_model(&network, KeptDensities::default());
        let name = format!("seed-{inputs}-{hidden}-{layers}.npz");
        let output = npy::arrays(&fs::read(fixture(&name)).unwrap())
            .unwrap()
            .remove(0)
            .1;
        let input = Array {
            shape: vec![40, inputs],
            data: numbers.take(40 * inputs, 2.0),
        };
        let recorded = Recorded::new(&input, &output, &model).unwrap();
        let found = verify(&model, &recorded, 1.0, 1e-5).unwrap();
        assert_eq!((found.steps, found.outputs), (40, 160));
        eprintln!("{name}: {:e}", found.largest_difference);
        assert!(found.holds(), "{name}: {found:?}");
        // the check can fail: another bias is another network
        let mut other = model.clone();
        other.head_bias[3] += 2e-5;
        assert!(!verify(&other, &recorded, 1.0, 1e-5).unwrap().holds());
    }
}

#[test]
fn a_pytorch_file_becomes_a_run_that_is_exported_and_predicts() {
    let folder = tempfile::tempdir().unwrap();
    let [run, file, samples] = ["run", "model.setl", "samples.csv"].map(|n| folder.path().join(n));
    let found = imported(
        "torch-samples.safetensors",
        "--classes a,b,c,d --scale 2",
        &run,
    );
    assert_eq!(found["framework"], "pytorch");
    assert_eq!(found["layers"], serde_json::json!([32]));
    assert_eq!(found["found"].as_array().unwrap().len(), 6);
    assert_eq!(found["found"][0]["name"], "lstm.weight_ih_l0");
    assert!(number(&found["verification"], "largest_difference") < 1e-5);
    assert_eq!(number(&found["verification"], "outputs"), 320.0);
    printed(set_lstm!("export @ --values f32 --out @", &run, &file));
    let inspected = object(set_lstm!("inspect @ --json", &file), &[]);
    assert_eq!(
        inspected["classes"],
        serde_json::json!(["a", "b", "c", "d"])
    );
    fs::write(&samples, "2 -1 0.5\n1 1 3\n-2 0 1\n").unwrap();
    let by_run = printed(set_lstm!("predict @ @", &run, &samples));
    assert_eq!(by_run, printed(set_lstm!("predict @ @", &file, &samples)));
    printed(set_lstm!("export @ --out @", &run, &file)); // int8 holds full rows too
}

#[test]
fn two_layers_of_tokens_in_halves_are_met_and_run_from_the_run_folder() {
    let folder = tempfile::tempdir().unwrap();
    let [run, file] = ["run", "model.setl"].map(|name| folder.path().join(name));
    let found = imported("torch-tokens.safetensors", "", &run);
    assert_eq!(found["layers"], serde_json::json!([24, 24]));
    assert_eq!(number(&found, "vocabulary"), 20.0);
    let exported = object(set_lstm!("export @ --json --out @", &run, &file), &[]);
    assert!(number(&exported, "self_test_sequences") >= 1.0);
    let model = object(set_lstm!("inspect @ --json", &file), &[]);
    assert_eq!(model["classes"], serde_json::json!(["0", "1", "2"]));
    refused(set_lstm!("predict @ word", &run), "no words", "--words");
}

/// What the program says to arrays that are changed by `change`.
fn complaint(change: impl Fn(&mut NamedArrays), options: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let [file, run] = ["x.safetensors", "run"].map(|name| folder.path().join(name));
    let mut all = arrays(3, 8, 2, &mut Numbers(1));
    change(&mut all);
    write(&file, &all);
    let words = format!("import @ --out @ {options}");
    let ended = ended(set_lstm!(words, &file, &run));
    assert_eq!(
        ended.code == Some(0),
        run.exists(),
        "a run only if it was imported"
    );
    ended
}

fn array(rows: usize, columns: usize) -> Array {
    Array {
        shape: vec![rows, columns],
        data: vec![0.5; rows * columns],
    }
}

#[test]
fn what_a_device_does_not_run_is_refused_by_its_name() {
    let rename = |all: &mut NamedArrays, from: &str, to: &str| {
        let found = all.iter_mut().find(|(name, _)| name == from).unwrap();
        found.0 = to.to_owned();
    };
    type Change<'a> = &'a dyn Fn(&mut NamedArrays);
    let cases: [(Change<'_>, &str); 9] = [
        (
            &|all| all.push(("lstm.weight_ih_l0_reverse".into(), array(32, 3))),
            "bidirectional",
        ),
        (
            &|all| all.push(("lstm.weight_hr_l0".into(), array(4, 8))),
            "projection",
        ),
        (
            &|all| {
                for (name, array) in all {
                    if name.starts_with("lstm.") {
                        array.shape[0] = 24;
                        array.data.truncate(array.shape.iter().product());
                    }
                }
            },
            "a GRU",
        ),
        (
            &|all| all.retain(|(name, _)| name != "lstm.weight_hh_l1"),
            "lstm.weight_hh_l1 is missing",
        ),
        (
            &|all| all.retain(|(name, _)| name != "fc.weight"),
            "no linear layer reads the 8 units",
        ),
        (
            &|all| all.push(("other.weight".into(), array(4, 8))),
            "fc.weight and other.weight may each be the linear head",
        ),
        (
            &|all| all.push(("norm.weight".into(), array(1, 5))),
            "norm.weight has no place",
        ),
        (
            &|all| rename(all, "lstm.weight_ih_l1", "top.weight_ih_l0"),
            "LSTM layers under `lstm.` and `top.`",
        ),
        (
            &|all| all.retain(|(name, _)| !name.starts_with("lstm")),
            "no LSTM layer",
        ),
    ];
    for (change, named) in cases {
        let ended = complaint(change, "");
        assert_eq!(ended.code, Some(1), "{named}: {}", ended.err);
        assert!(ended.err.contains(named), "no {named:?} in {}", ended.err);
    }
}

#[test]
fn names_by_options_settle_what_the_file_leaves_open() {
    let two_heads = |all: &mut NamedArrays| all.push(("other.weight".into(), array(4, 8)));
    assert_eq!(
        complaint(two_heads, "--head fc --ignore other").code,
        Some(0)
    );
    assert_eq!(
        complaint(two_heads, "--head other --ignore fc.").code,
        Some(0)
    );
    let no_head = complaint(|_| (), "--head none --ignore fc.");
    assert!(
        no_head.out.contains("0, 1, 2, 3, 4, 5, 6, 7"),
        "{}",
        no_head.out
    );
    let unknown = complaint(|_| (), "--lstm encoder");
    assert!(
        unknown.err.contains("no LSTM under `encoder`"),
        "{}",
        unknown.err
    );
}

#[test]
fn other_files_and_other_outputs_are_refused_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run] = ["x", "run"].map(|name| folder.path().join(name));
    let import = || set_lstm!("import @ --out @", &file, &run);
    refused(import(), "x", "give the file of a trained network");
    fs::write(&file, "no network").unwrap();
    refused(import(), "safetensors", "safetensors.torch.save_file");
    fs::write(&file, b"PK\x03\x04 and so on").unwrap();
    refused(import(), "torch.save", "safetensors.torch.save_file");
    let whole = fs::read(fixture("torch-samples.safetensors")).unwrap();
    fs::write(&file, &whole[..whole.len() - 4]).unwrap();
    refused(import(), "damaged safetensors", "save it again");
    // the outputs of another network
    let (own, other) = (
        fixture("torch-samples.safetensors"),
        fixture("torch-tokens.npz"),
    );
    let command = set_lstm!("import @ --out @ --verify @", &own, &run, &other);
    refused(command, "expected [sequences, steps, 3]", "sequences first");
    let recorded = fixture("torch-samples.npz");
    let words = "import @ --out @ --verify @ --tolerance 1e-12";
    refused(
        set_lstm!(words, &own, &run, &recorded),
        "from the source's",
        "--tolerance",
    );
    assert!(!run.exists());
}

#[test]
fn pruning_keeps_the_largest_and_the_run_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let options = "--input-density 50% --recurrent-density 10%";
    let found = imported("torch-samples.safetensors", options, &run);
    // 4 gates of 32 x 3 / 2 and 32 x 32 / 10, biases, head
    let left = 4 * (48 + 102) + 4 * 32 + 4 * 33;
    assert_eq!(number(&found, "parameters"), f64::from(left));
    assert_eq!(number(&found, "dense_parameters"), 4740.0);
    let options = fs::read_to_string(run.join("options.toml")).unwrap();
    assert!(options.contains("topology = \"set\""), "{options}");
}

#[test]
fn the_node_tests_of_onnx_are_met_and_peepholes_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, units) in [
        ("lstm-defaults", 3),
        ("lstm-with-initial-bias", 4),
        ("lstm-batchwise", 7),
    ] {
        let run = folder.path().join(name);
        let found = imported(
            &format!("onnx-{name}.onnx"),
            "--head none --sample-range 9",
            &run,
        );
        assert_eq!(found["framework"], "onnx");
        assert_eq!(found["layers"], serde_json::json!([units]));
        let verification = &found["verification"];
        assert_eq!(number(verification, "outputs"), f64::from(3 * units));
        eprintln!("{name}: {}", verification["largest_difference"]);
        assert!(number(verification, "largest_difference") < 1e-5, "{found}");
    }
    let run = folder.path().join("peepholes");
    let file = fixture("onnx-lstm-with-peepholes.onnx");
    let message = ended(set_lstm!("import @ --out @ --head none", &file, &run)).err;
    assert!(message.contains("has P, peepholes"), "{message}");
    let file = fixture("onnx-lstm-defaults.onnx");
    let command = set_lstm!("import @ --out @", &file, &run);
    refused(command, "no linear head", "--head none");
}

#[test]
fn what_an_onnx_lstm_does_beyond_a_device_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, named) in [
        ("reverse", "runs in reverse"),
        ("bidirectional", "is bidirectional"),
        ("clip", "has clip"),
        ("input-forget", "has input_forget"),
        ("activations", "has the activations relu, tanh, tanh"),
        ("sequence-lens", "has sequence_lens"),
        ("initial-h", "has initial_h"),
        ("outside-weights", "comes from outside as `W`"),
        ("gru", "GRU"),
    ] {
        let file = fixture(&format!("onnx-refused-{name}.onnx"));
        let run = folder.path().join(name);
        let ended = ended(set_lstm!("import @ --out @ --head none", &file, &run));
        assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
        assert!(ended.err.contains(named), "no {named:?} in {}", ended.err);
    }
}

#[test]
fn a_graph_that_pytorch_exports_is_met_whole_and_beside_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["onnx-torch-samples", "onnx-torch-tokens"] {
        let run = folder.path().join(name);
        let found = imported(&format!("{name}.onnx"), "--classes a,b,c", &run);
        assert_eq!(found["layers"], serde_json::json!([8, 8]));
        assert!(
            number(&found["verification"], "largest_difference") < 1e-5,
            "{found}"
        );
        let file = folder.path().join("model.setl");
        printed(set_lstm!("export @ --out @", &run, &file));
    }
    // the newer exporter puts weights into a file beside the graph
    let alone = folder.path().join("alone.onnx");
    fs::copy(fixture("onnx-torch-tokens.onnx"), &alone).unwrap();
    let command = set_lstm!("import @ --out @", &alone, &folder.path().join("x"));
    refused(
        command,
        "is in another file",
        "export the model into one file",
    );
}

#[test]
fn what_the_script_makes_of_keras_is_met() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let found = imported("keras-tokens.safetensors", "", &run);
    assert_eq!(found["layers"], serde_json::json!([6, 7]));
    assert!(
        number(&found["verification"], "largest_difference") < 1e-5,
        "{found}"
    );
}
