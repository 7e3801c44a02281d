use super::*;

fn plan() -> Plan {
    Plan {
        seeds: 2,
        ..Plan::new(Preset::Imdb, &Overrides::default()).unwrap()
    }
}

#[test]
fn the_grid_has_every_method_and_seed_once_and_words_are_counted_once() {
    let cells = plan().cells();
    assert_eq!(cells.len(), 6 + 5 + 8);
    let mut folders: Vec<String> = cells.iter().map(|cell| cell.folder()).collect();
    folders.sort();
    folders.dedup();
    assert_eq!(folders.len(), cells.len());
    let only = Plan {
        only: vec![Method::Dense],
        ..plan()
    };
    let names: Vec<String> = only.cells().iter().map(Cell::to_string).collect();
    assert_eq!(names, ["dense seed 1", "dense seed 2"]);
}

#[test]
fn a_fingerprint_changes_with_an_option_and_not_with_the_data() {
    let options = Preset::Imdb.options();
    let own = fingerprint(&options).unwrap();
    let moved = TrainOptions {
        data: Some("elsewhere".into()),
        ..options.clone()
    };
    assert_eq!(fingerprint(&moved).unwrap(), own);
    let other = TrainOptions { seed: 2, ..options };
    assert_ne!(fingerprint(&other).unwrap(), own);
    assert_eq!(hash(""), "cbf29ce484222325");
    assert_eq!(hash("a"), "af63dc4c8601ec8c");
}

#[test]
fn what_depends_on_the_file_of_set_waits_for_it() {
    let plan = plan();
    let cell = |method, percent| Cell {
        method,
        percent,
        seed: 1,
    };
    let task = |cell| plan.task(cell, None).unwrap();
    assert_eq!(task(cell(Method::DenseSmall, None)), CellTask::AfterSet);
    let CellTask::Train(options) = task(cell(Method::Static, Some(4))) else {
        panic!("even densities need no sizes");
    };
    assert_eq!(options.embedding_density.to_string(), "0.04");
    assert_eq!(options.topology, TopologyKind::Static);
}

#[test]
fn options_that_a_comparison_sets_itself_are_refused() {
    let overrides = Overrides {
        seed: Some(4),
        ..Overrides::default()
    };
    let error = Plan::new(Preset::Imdb, &overrides).unwrap_err().to_string();
    assert!(error.contains("choose --only and --seeds"), "{error}");
}
