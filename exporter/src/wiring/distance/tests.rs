use super::super::EMBEDDING;
use super::*;
use rand_chacha::ChaCha8Rng;

const WORDS: usize = 60;
const FEATURES: usize = 12;
const UNITS: usize = 10;

fn network(rng: &mut ChaCha8Rng) -> Vec<Connections> {
    let mut all = vec![(EMBEDDING.to_owned(), WORDS, FEATURES, 200)];
    for (kind, columns, count) in [('W', FEATURES, 40), ('U', UNITS, 30)] {
        all.extend(
            "ifgo"
                .chars()
                .map(|gate| (format!("{kind} {gate}"), UNITS, columns, count)),
        );
    }
    let one = |(name, rows, columns, count)| Connections {
        name,
        rows,
        columns,
        positions: (erdos_renyi(rows, columns, count, rng)
            .into_iter()
            .map(u64::from))
        .collect(),
    };
    all.into_iter().map(one).collect()
}

fn run(name: &str, matrices: Vec<Connections>, words: Option<Vec<String>>) -> TrainedWiring {
    use crate::sparse_model::{SparseMatrix, SparseModel};
    let matrix = |matrix: &Connections| SparseMatrix {
        rows: matrix.rows,
        columns: matrix.columns,
        ..SparseMatrix::default()
    };
    let gates = |first: usize| std::array::from_fn(|gate| matrix(&matrices[first + gate]));
    let model = SparseModel {
        embedding: matrix(&matrices[0]),
        input: gates(1),
        recurrent: gates(5),
        bias: Default::default(),
        upper: Vec::new(),
        head: Vec::new(),
        head_bias: Vec::new(),
    };
    TrainedWiring {
        run: name.into(),
        epoch: 3,
        score: Score::Accuracy(0.9),
        words,
        matrices,
        model,
    }
}

fn words() -> Vec<String> {
    (0..WORDS).map(|word| format!("w{word}")).collect()
}

fn permuted(matrices: &[Connections]) -> Vec<Connections> {
    let matching = Matching {
        features: (0..FEATURES).map(|at| (at * 5 + 3) % FEATURES).collect(),
        units: (0..UNITS).map(|at| (at * 3 + 7) % UNITS).collect(),
    };
    let one = |matrix: &Connections| Connections {
        positions: matching.moved(matrix),
        ..matrix.clone()
    };
    matrices.iter().map(one).collect()
}

#[test]
fn a_permuted_copy_is_the_same_network() {
    let matrices = network(&mut stream(1, 0));
    let copy = permuted(&matrices);
    assert_ne!(matrices, copy);
    // its words have other numbers too, and one that the other does not know
    let mut renamed = copy.clone();
    let columns = FEATURES as u64;
    renamed[0].rows += 1;
    (renamed[0].positions.iter_mut()).for_each(|position| *position += columns);
    renamed[0].positions.insert(0, 4);
    let new_words = std::iter::once("new".into()).chain(words()).collect();
    let [a, b] = [
        run("a", matrices, Some(words())),
        run("b", renamed, Some(new_words)),
    ];
    let found = Distances::between(&[a, b]).unwrap();
    let pair = &found.pairs[0];
    assert_eq!((pair.common_words, pair.all.distance), (Some(WORDS), 0.0));
    assert!(pair.matrices.iter().all(|matrix| matrix.distance == 0.0));
    assert!(pair.all.unmatched > 0.3 && pair.all.random > 0.3);
    assert_eq!([found.of(0, 1), found.of(1, 0), found.of(1, 1)], [0.0; 3]);
}

#[test]
fn the_distance_is_the_same_from_either_side() {
    let rng = &mut stream(2, 0);
    let [a, b] = ["a", "b"].map(|name| run(name, network(rng), Some(words())));
    let there = Distances::between(&[a.clone(), b.clone()]).unwrap();
    let back = Distances::between(&[b, a]).unwrap();
    assert_eq!(there.pairs, back.pairs);
}

#[test]
fn a_run_is_at_no_distance_to_itself_even_without_connections() {
    let mut matrices = network(&mut stream(3, 0));
    matrices
        .iter_mut()
        .for_each(|matrix| matrix.positions.truncate(3));
    let a = run("a", matrices, Some(words()));
    assert_eq!(
        Distances::between(&[a.clone(), a]).unwrap().pairs[0]
            .all
            .distance,
        0.0
    );
}

#[test]
fn random_graphs_are_as_far_as_random_ones() {
    let rng = &mut stream(4, 0);
    let [a, b] = ["a", "b"].map(|name| run(name, network(rng), Some(words())));
    let pair = &Distances::between(&[a, b]).unwrap().pairs[0];
    // without matching a share of the density meets: 200 of 720, 40 of 120, 30 of 100
    let chance = |matrix: &MatrixDistance, density: f64| {
        assert!(
            (matrix.unmatched - (1.0 - density)).abs() < 0.25,
            "{matrix:?}"
        );
    };
    chance(&pair.matrices[0], 200.0 / 720.0);
    chance(&pair.matrices[1], 40.0 / 120.0);
    let MatrixDistance {
        distance,
        unmatched,
        random,
        random_deviation,
        ..
    } = pair.all;
    assert!(
        (distance - random).abs() < 5.0 * random_deviation.max(0.01),
        "{:?}",
        pair.all
    );
    assert!(distance < unmatched && random_deviation > 0.0);
}

#[test]
fn other_sizes_and_other_media_are_named() {
    let matrices = network(&mut stream(5, 0));
    let failure = |b| {
        let a = run("first", matrices.clone(), Some(words()));
        Distances::between(&[a, b]).unwrap_err().to_string()
    };
    let error = failure(run("second", matrices.clone(), None));
    assert!(
        error.contains("first is of texts and second is of recordings"),
        "{error}"
    );
    let mut wider = run("second", matrices.clone(), Some(words()));
    wider.model.recurrent[0].rows = 11;
    let error = failure(wider);
    assert!(
        error.contains("first has 12 inputs and 10 units, second has 12 and 11; compare"),
        "{error}"
    );
}
