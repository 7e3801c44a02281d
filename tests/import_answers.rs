//! Imported models that answer numbers, or after every step.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::sequences::Sequence;
use set_lstm_runtime::{Answer, Moment};

use crate::import::{Numbers, arrays, write};
use crate::program::{ended, object, printed, set_lstm};

/// A network of two channels, eight units and four outputs.
fn network(path: &Path) {
    write(path, &arrays(2, 8, 1, &mut Numbers(5)));
}

/// The last answer to a signal, by the runtime in f32.
fn answered(run: &Path, file: &Path) -> (Vec<f32>, Vec<f32>, AlignedBytes) {
    printed(set_lstm!("export @ --values f32 --out @", run, file));
    let bytes = AlignedBytes::read(file).unwrap();
    let (values, logits) = {
        let model = AnyModel::from_bytes(&bytes).unwrap();
        let mut state = AnyState::new(&model);
        let samples: Vec<f32> = (0..24).map(|k| (k as f32 * 0.7).sin()).collect();
        let sequence = Sequence::Samples {
            values: &samples,
            channels: 2,
        };
        state.run(&model, sequence);
        (state.values(&model), state.logits(&model))
    };
    (values, logits, bytes)
}

#[test]
fn outputs_with_names_are_numbers_in_their_own_units() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run, model] = ["x.safetensors", "run", "x.setl"].map(|n| folder.path().join(n));
    network(&file);
    let words = "import @ --out @ --outputs heart,breath,steps,heat --output-mean 70,16,0,-3 --output-scale 12 --every-step --json";
    let found = object(set_lstm!(words, &file, &run), &["outputs", "task"]);
    assert_eq!(found["outputs"].as_array().unwrap().len(), 4);
    assert_eq!(found["classes"], Value::Null);
    let (values, logits, bytes) = answered(&run, &model);
    for ((value, logit), mean) in values.iter().zip(&logits).zip([70.0, 16.0, 0.0, -3.0]) {
        assert_eq!(*value, mean + 12.0 * logit);
    }
    let model = AnyModel::from_bytes(&bytes).unwrap();
    let task = model.task();
    assert_eq!(
        (task.answer, task.moment),
        (Answer::Values, Moment::EveryStep)
    );
    assert_eq!(model.class_name(3), Some("heat"));
}

#[test]
fn two_outputs_are_one_logit_of_classes_and_two_of_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run, model] = ["x.safetensors", "run", "x.setl"].map(|n| folder.path().join(n));
    let mut all = arrays(2, 8, 1, &mut Numbers(6));
    for (name, array) in &mut all {
        if name.starts_with("fc.") {
            array.data.truncate(array.data.len() / 2);
            array.shape[0] = 2;
        }
    }
    write(&file, &all);
    for (options, count) in [("--classes a,b", 1), ("--outputs a,b", 2)] {
        let words = format!("import @ --out @ --replace {options}");
        printed(set_lstm!(words, &file, &run));
        assert_eq!(answered(&run, &model).1.len(), count);
    }
}

#[test]
fn a_regression_is_trained_on_in_the_units_of_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run, table] = ["x.safetensors", "run", "x.csv"].map(|n| folder.path().join(n));
    // one output, the mean of the first channel over the window, a thousand times as large
    let mut all = arrays(2, 8, 1, &mut Numbers(7));
    for (name, array) in &mut all {
        if name.starts_with("fc.") {
            array.data.truncate(array.data.len() / 4);
            array.shape[0] = 1;
        }
    }
    write(&file, &all);
    let mut numbers = Numbers(8);
    let mut rows = String::new();
    for _ in 0..240 {
        let values = numbers.take(16, 1.0);
        let mean = values.iter().step_by(2).sum::<f32>() / 8.0;
        let cells: Vec<String> = values.iter().map(f32::to_string).collect();
        writeln!(rows, "{},{}", 5000.0 + 1000.0 * mean, cells.join(",")).unwrap();
    }
    fs::write(&table, rows).unwrap();
    let import = "import @ --out @ --data @ --target-columns 1..1 --sample-columns 2..17 --channels 2 --outputs height --output-mean 4000 --output-scale 50 --replace --json";
    let r2 = |epochs: &str| {
        let words = format!("{import} {epochs}");
        object(set_lstm!(words, &file, &run, &table), &["outputs"]);
        let shown = object(set_lstm!("evaluate @ --json", &run), &[]);
        shown["outputs"][0]["r2"]
            .as_f64()
            .unwrap_or_else(|| panic!("{shown}"))
    };
    let (before, after) = (r2(""), r2("--epochs 30 --learning-rate 0.01 --batch 16"));
    eprintln!("R² {before} as imported, {after} after training");
    assert!(before < 0.0 && after > 0.5, "{before} {after}");
    let metrics = fs::read_to_string(run.join("metrics.csv")).unwrap();
    assert!(metrics.starts_with("epoch,train_loss,validation_loss,validation_r2"));
}

/// Every layer answers, in the run as on the device.
#[test]
fn a_stack_that_answers_numbers_is_evaluated_with_all_its_layers() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run, model, table] =
        ["x.safetensors", "run", "x.setl", "x.csv"].map(|n| folder.path().join(n));
    write(&file, &arrays(2, 8, 2, &mut Numbers(9)));
    let mut numbers = Numbers(10);
    let names: Vec<String> = (1..=16).map(|k| format!("s{k}")).collect();
    let mut rows = format!("a,b,c,d,{}\n", names.join(","));
    for _ in 0..40 {
        let cells: Vec<String> = numbers.take(20, 1.0).iter().map(f32::to_string).collect();
        writeln!(rows, "{}", cells.join(",")).unwrap();
    }
    fs::write(&table, rows).unwrap();
    let columns = "--target-columns a..d --sample-columns s1..s16 --channels 2";
    let import = format!("import @ --out @ --data @ {columns} --outputs a,b,c,d");
    printed(set_lstm!(import, &file, &run, &table));
    printed(set_lstm!("export @ --values f32 --out @", &run, &model));
    let of_run = object(set_lstm!("evaluate @ --json", &run), &["outputs"]);
    let words = format!("evaluate @ --preset series --data @ {columns} --json");
    let of_file = object(set_lstm!(words, &model, &table), &["outputs"]);
    assert_eq!(of_run["outputs"].as_array().unwrap().len(), 4);
    for output in 0..4 {
        let rmse = |shown: &Value| shown["outputs"][output]["rmse"].as_f64().unwrap();
        let (run, file) = (rmse(&of_run), rmse(&of_file));
        assert!((run - file).abs() < 1e-6 * file, "{output}: {run} {file}");
    }
}

#[test]
fn names_and_scales_that_do_not_fit_are_refused_before_there_is_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let [file, run] = ["x.safetensors", "run"].map(|name| folder.path().join(name));
    network(&file);
    for (options, told) in [
        ("--outputs a,b", "2 names for a model of 4 answers"),
        ("--outputs a,b,c,d --output-scale 0", "above 0"),
        (
            "--outputs a,b,c,d --output-mean 1,2",
            "2 means of outputs for 4",
        ),
        ("--output-mean 1", "classes have no mean"),
    ] {
        let ended = ended(set_lstm!(
            format!("import @ --out @ {options}"),
            &file,
            &run
        ));
        assert_eq!(ended.code, Some(1), "{options}");
        assert!(ended.err.contains(told), "{}", ended.err);
        assert!(!run.exists());
    }
    let both = "import @ --out @ --classes a --outputs b";
    assert_eq!(ended(set_lstm!(both, &file, &run)).code, Some(2));
}
