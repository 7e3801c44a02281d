use super::*;
use crate::target::UNLABELLED;

fn options(validation_fraction: f64) -> LoadOptions {
    LoadOptions {
        max_tokens: 3,
        validation_fraction,
        ..LoadOptions::default()
    }
}

#[test]
fn tokens_texts_and_samples_are_divided_by_groups_and_cut_to_their_last_steps() {
    let mut tokens = OwnData::of_tokens(50).classes(["no", "yes"]);
    let mut texts = OwnData::of_texts().classes(["no", "yes"]);
    let mut samples = OwnData::of_samples(2).classes(["no", "yes"]);
    for k in 0..40_u8 {
        let (person, class) = (format!("person {}", k / 4), k % 2);
        let steps = [u16::from(k); 4];
        tokens.push_of(&person, &steps[..], class).unwrap();
        let text = format!("word{k} word{k} word{k} word{k}");
        texts.push_of(&person, &text[..], class).unwrap();
        let values = [f32::from(k); 8];
        samples.push_of(&person, &values[..], class).unwrap();
    }
    for data in [tokens, texts, samples] {
        let loaded = data.training(&options(0.2)).unwrap();
        let test = data.test(&loaded.code, 3).unwrap();
        let counts = [loaded.train.len(), loaded.validation.len(), test.len()];
        assert_eq!(counts, [24, 8, 8], "{:?}", data.kind);
        assert_eq!(loaded.classes, ["no", "yes"]);
        assert_eq!(test.step_count(), 8 * 3);
        assert_eq!(data.training(&options(0.2)).unwrap(), loaded);
    }
}

#[test]
fn numbers_of_every_step_are_in_units_of_training_and_raw_in_the_test() {
    let mut data = OwnData::of_samples(1)
        .numbers(["level", "slope"])
        .every_step();
    for k in 0..20_u8 {
        let x = f32::from(k);
        let target = [x, 1.0, x + 10.0, 1.0, f32::NAN, 1.0];
        data.push(&[x, x, x][..], Target::ValuesOfSteps(&target))
            .unwrap();
    }
    let loaded = data.training(&options(0.25)).unwrap();
    let scale = loaded.outputs.as_ref().unwrap();
    assert_eq!(loaded.output_names, ["level", "slope"]);
    assert!(scale.deviation[0] > 5.0 && scale.deviation[1] == 1.0);
    let test = data.test(&loaded.code, 2).unwrap();
    let Target::ValuesOfSteps(values) = test.target(0) else {
        panic!("numbers of every step");
    };
    assert!(values[0] >= 10.0 && values[1] == 1.0 && values[2].is_nan());
    let sum: f32 = loaded.train.values().iter().filter(|x| !x.is_nan()).sum();
    assert!(sum.abs() < 1e-3, "{sum}");
}

#[test]
fn what_does_not_fit_is_refused_with_the_number_of_the_document() {
    let mut classes = OwnData::of_samples(2).classes(["a", "b"]);
    let mut numbers = OwnData::of_tokens(4).numbers(["x"]);
    let mut steps = OwnData::of_texts().classes(["a", "b"]).every_step();
    classes.push(&[1.0, 2.0][..], 1).unwrap();
    let two = [1.0_f32, 2.0];
    for (found, problem) in [
        (
            classes.push(&[1.0][..], 0),
            "document 1: 1 samples for 2 channels; give whole steps",
        ),
        (
            classes.push(&[0.0_f32; 0][..], 0),
            "0 samples for 2 channels",
        ),
        (
            classes.push(&[1.0, f32::NAN][..], 0),
            "a sample is not finite",
        ),
        (classes.push(&two[..], 2), "class 2, and 2 are named"),
        (classes.push(&two[..], UNLABELLED), "class 255, and 2"),
        (classes.push("text", 0), "steps of another kind"),
        (
            classes.push(&two[..], Target::Values(&two)),
            "a target of another kind",
        ),
        (
            numbers.push(&[4_u16][..], Target::Values(&[1.0])),
            "document 0: token 4, and there are 4",
        ),
        (
            numbers.push(&[1_u16][..], Target::Values(&two)),
            "2 answers, expected 1",
        ),
        (
            numbers.push(&[1_u16][..], Target::Values(&[f32::NAN])),
            "a number is not finite",
        ),
        (
            steps.push("two words", Target::ClassOfSteps(&[1])),
            "1 answers, expected 2",
        ),
    ] {
        let error = found.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    assert_eq!((classes.len(), numbers.is_empty()), (1, true));
    steps
        .push("two words", Target::ClassOfSteps(&[1, UNLABELLED]))
        .unwrap();
    let error = OwnData::of_texts()
        .training(&options(0.1))
        .unwrap_err()
        .to_string();
    assert!(error.contains("0 classes; name 2 to 255"), "{error}");
}
