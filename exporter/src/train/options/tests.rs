use clap::ValueEnum;

use super::super::overrides::Overrides;
use super::*;

fn imdb() -> TrainOptions {
    Preset::Imdb.options()
}

fn overrides(text: &str) -> Overrides {
    toml::from_str(text).unwrap()
}

#[test]
fn presets_are_possible_and_survive_toml() {
    for preset in Preset::value_variants() {
        let options = preset.options();
        options.check().unwrap();
        let text = toml::to_string(&options).unwrap();
        assert_eq!(
            toml::from_str::<TrainOptions>(&text).unwrap(),
            options,
            "{text}"
        );
    }
}

#[test]
fn what_is_named_wins_and_the_rest_stays() {
    let changed = imdb()
        .with(&overrides("seed = 7\nepochs = 2\nlearning-rate = 0.01"))
        .unwrap();
    let expected = TrainOptions {
        seed: 7,
        epochs: 2,
        learning_rate: 0.01,
        ..imdb()
    };
    assert_eq!(changed, expected);
}

#[test]
fn one_density_is_for_all_matrices_and_a_matrix_has_its_own() {
    let changed = imdb()
        .with(&overrides("density = 0.02\ninput-density = 'epsilon=9'"))
        .unwrap();
    assert_eq!(changed.embedding_density, Density::Share(0.02));
    assert_eq!(changed.input_density, Density::Epsilon(9.0));
    assert_eq!(changed.recurrent_density, Density::Share(0.02));
}

#[test]
fn densities_are_written_as_people_say_them() {
    assert_eq!("4%".parse(), Ok(Density::Share(0.04)));
    assert_eq!("0.5".parse(), Ok(Density::Share(0.5)));
    assert_eq!("epsilon=20".parse(), Ok(Density::Epsilon(20.0)));
    let error = "much".parse::<Density>().unwrap_err();
    assert!(
        error.contains("`much` is no number; expected a density such as"),
        "{error}"
    );
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    for (text, named) in [
        ("zeta = 2.0", "zeta is 2; choose 0 to 1"),
        (
            "word-dropout = 1.0",
            "word-dropout is 1; choose 0 or more and less than 1",
        ),
        (
            "density = 0.0",
            "embedding-density is 0; choose more than 0%",
        ),
        ("batch = 0", "batch is 0; choose 1 to 65536"),
        ("max-tokens = 0", "no tokens are kept"),
        ("learning-rate = nan", "learning-rate is NaN"),
        ("recurrent-dropout = 1.0", "recurrent-dropout is 1; choose"),
        ("fan-in-multiple = 0", "fan-in-multiple is 0; choose 1"),
        (
            "fan-in-multiple = 4\ntopology = 'dense'",
            "all rows of a dense network are full; train it with --fan-in-multiple 1",
        ),
        ("embedding-bands = 0", "embedding-bands is 0; choose 1"),
        ("growth-candidates = 0", "growth-candidates is 0; choose 1"),
        (
            "rotation = 181.0",
            "rotation is 181; choose 0 to 180 degrees",
        ),
        ("rotation = -1.0", "rotation is -1; choose 0 to 180"),
        ("gain = 1.0", "gain is 1; choose 0 or more and less than 1"),
        (
            "speed = nan",
            "speed is NaN; choose 0 or more and less than 1",
        ),
        (
            "sample-noise = -0.1",
            "sample-noise is -0.1; choose 0 to 100",
        ),
        ("input-std = -1.0", "a standard deviation or bias"),
    ] {
        let error = imdb()
            .with(&overrides(text))
            .unwrap()
            .check()
            .unwrap_err()
            .to_string();
        assert!(error.contains(named), "{text}: {error}");
    }
}

#[test]
fn a_cosine_falls_from_zeta_to_nothing() {
    let options = imdb()
        .with(&overrides("epochs = 10\nzeta-schedule = 'cosine'"))
        .unwrap();
    let zeta = [0, 5, 10].map(|epoch| options.evolution(epoch).zeta);
    assert!((zeta[0] - 0.3).abs() < 1e-12 && (zeta[1] - 0.15).abs() < 1e-12);
    assert!(zeta[2].abs() < 1e-12);
    assert_eq!(imdb().evolution(9).zeta, 0.3);
}

#[test]
fn an_unknown_option_in_a_file_is_an_error_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    std::fs::write(&path, "seed = 1\nzetta = 0.3\n").unwrap();
    let error = Overrides::load(&path).unwrap_err().to_string();
    assert!(
        error.contains("own.toml") && error.contains("line 2"),
        "{error}"
    );
    assert!(error.contains("zetta"), "{error}");
    std::fs::write(&path, "seed = 1\nepochs = 2\nwindow = 'wide'\n").unwrap();
    let error = Overrides::load(&path).unwrap_err().to_string();
    assert!(error.contains("own.toml: line 3: invalid type"), "{error}");
}

#[test]
fn options_of_data_stand_among_the_others_and_absent_ones_in_no_file() {
    let text = toml::to_string(&imdb()).unwrap();
    let data =
        "validation-fraction = 0.1\ntest-fraction = 0.2\nsplit-seed = 1\nembedding-size = 256\n";
    assert!(text.contains(data), "{text}");
    let own = imdb()
        .with(&overrides(
            "window = 64\nevery-step = true\ntarget-columns = 'a,b'",
        ))
        .unwrap();
    assert_eq!((own.corpus.window, own.corpus.every_step), (Some(64), true));
    let words = own.corpus.words().unwrap();
    let expected = [
        "--every-step=true",
        "--split-seed=1",
        "--target-columns=a,b",
        "--test-fraction=0.2",
        "--window=64",
    ];
    assert_eq!(words, expected);
    let kept = toml::to_string(&own).unwrap();
    assert_eq!(toml::from_str::<TrainOptions>(&kept).unwrap(), own);
    let back = own.with(&overrides("every-step = false")).unwrap();
    assert!(!back.corpus.every_step);
}

#[test]
fn options_of_a_run_before_the_variants_are_the_rule_of_2018() {
    let mut table = toml::Table::try_from(imdb()).unwrap();
    for name in [
        "pooling",
        "recurrent-dropout",
        "removal-scope",
        "growth",
        "growth-candidates",
        "fan-in-multiple",
        "embedding-bands",
    ] {
        assert!(table.remove(name).is_some(), "{name}");
    }
    assert_eq!(table.try_into::<TrainOptions>().unwrap(), imdb());
}

#[test]
fn what_does_not_change_recordings_is_in_no_file_and_can_be_taken_back() {
    let plain = toml::Table::try_from(imdb()).unwrap();
    let augmented = imdb()
        .with(&overrides("rotation = 20.0\nsample-noise = 0.5"))
        .unwrap();
    let table = toml::Table::try_from(&augmented).unwrap();
    let more: Vec<_> = table
        .keys()
        .filter(|key| !plain.contains_key(*key))
        .collect();
    assert_eq!(more, ["rotation", "sample-noise"]);
    assert_eq!(table.try_into::<TrainOptions>().unwrap(), augmented);
    let back = augmented
        .with(&overrides("rotation = 0.0\nsample-noise = 0.0"))
        .unwrap();
    assert_eq!(back, imdb());
}
