use super::*;
use crate::train::parameters::{Densities, InitialScale, Shape, stream};
use crate::train::topology::Density;

const RULE: Evolution = Evolution {
    zeta: 0.3,
    removal: Removal::Sign,
    scope: RemovalScope::Matrix,
    bands: 1,
    fan_in_multiple: 1,
    growth: Growth::Random,
    regrow: 0.0,
};

fn no_slopes(_: &Parameters) -> Vec<f32> {
    unreachable!("random growth asks for no gradient")
}

fn hand_made(weights: &[f32]) -> Vec<Connection> {
    let connection = |(k, &weight): (usize, &f32)| Connection {
        position: 10 * k as u32,
        weight,
        state: [k as f32, 0.0, 0.0],
    };
    weights.iter().enumerate().map(connection).collect()
}

fn positions(connections: &[Connection]) -> Vec<u32> {
    connections.iter().map(|c| c.position / 10).collect()
}

#[test]
fn by_sign_a_third_of_each_sign_goes() {
    let weights = [0.1, -0.5, 0.9, -0.01, 0.2, -0.3];
    let rule = Evolution { zeta: 0.34, ..RULE };
    assert_eq!(
        positions(&survivors(&hand_made(&weights), rule)),
        [1, 2, 4, 5]
    );
}

#[test]
fn by_magnitude_the_smallest_third_goes() {
    let weights = [0.1, -0.5, 0.9, -0.01, 0.05, -0.3];
    let rule = Evolution {
        zeta: 0.5,
        removal: Removal::Magnitude,
        ..RULE
    };
    assert_eq!(positions(&survivors(&hand_made(&weights), rule)), [1, 2, 5]);
}

#[test]
fn evolution_keeps_every_count_and_moves_state_with_its_connection() {
    let shape = Shape {
        vocabulary: 40,
        embedding: 16,
        hidden: 12,
        logits: 1,
    };
    let share = Density::Share(0.25);
    let densities = Densities::even(share);
    let scale = InitialScale {
        embedding: 1.0,
        input: 1.0,
        recurrent: 1.0,
        forget_bias: 1.0,
    };
    let before = Parameters::random(shape, densities, scale, 3);
    let mut after = before.clone();
    // The first companion is a copy of the weights, so it must stay one.
    let (mut copy, mut second, mut none) =
        (before.value.clone(), vec![1.0; before.count()], Vec::new());
    let rule = RULE;
    let turnover = evolve(
        &mut after,
        [&mut copy, &mut second, &mut none],
        rule,
        &mut stream(9, 2),
        &mut no_slopes,
    );
    let (old, new) = (before.to_model(&before.value), after.to_model(&after.value));
    assert_eq!(old.embedding.nnz(), new.embedding.nnz());
    for g in 0..Gate::COUNT {
        assert_eq!(old.input[g].nnz(), new.input[g].nnz());
        assert_eq!(old.recurrent[g].nnz(), new.recurrent[g].nnz());
    }
    assert_eq!(after.count(), before.count());
    assert_eq!(copy, after.value);
    let fresh = second.iter().filter(|&&s| s == 0.0).count();
    assert_eq!(fresh, turnover.moved);
    let share = turnover.moved as f64 / turnover.connections as f64;
    assert!((0.26..=0.30).contains(&share), "{share}");
    assert_eq!(old.bias, new.bias);
    for topology in [&after.embedding, &after.input, &after.recurrent] {
        for row in 0..topology.rows() {
            let columns = &topology.column[topology.range(row)];
            assert!(columns.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}

fn random(fan_in_multiple: usize) -> Parameters {
    let shape = Shape {
        vocabulary: 40,
        embedding: 18,
        hidden: 14,
        logits: 1,
    };
    let share = Density::Share(0.3);
    let densities = Densities {
        embedding: share,
        input: share,
        recurrent: share,
        fan_in_multiple,
        shared: false,
    };
    let scale = InitialScale {
        embedding: 1.0,
        input: 1.0,
        recurrent: 1.0,
        forget_bias: 1.0,
    };
    Parameters::random(shape, densities, scale, 3)
}

/// After some evolutions by `rule`, with slopes that grow with the column.
fn evolved(start: &Parameters, rule: Evolution, rounds: u64) -> Parameters {
    let mut parameters = start.clone();
    for round in 0..rounds {
        let (mut a, mut b, mut c) = (vec![0.0; start.count()], Vec::new(), Vec::new());
        let mut slopes = |tried: &Parameters| {
            assert!(tried.is_consistent() && tried.count() > start.count());
            let columns = [&tried.embedding, &tried.input, &tried.recurrent];
            let columns = columns.into_iter().flat_map(|t| t.column.iter());
            let mut slopes: Vec<f32> = columns.map(|&c| -1.0 - f32::from(c)).collect();
            slopes.resize(tried.count(), 0.0);
            slopes
        };
        let companions = [&mut a, &mut b, &mut c];
        evolve(
            &mut parameters,
            companions,
            rule,
            &mut stream(round, 2),
            &mut slopes,
        );
        assert!(parameters.is_consistent());
        assert_eq!(
            (parameters.count(), a.len()),
            (start.count(), start.count())
        );
        // weights for the next round, also of what was grown
        let mut rng = stream(round, 3);
        parameters
            .value
            .iter_mut()
            .for_each(|w| *w = normal(&mut rng));
    }
    parameters
}

fn nnz(topology: &Topology, rows: impl Iterator<Item = usize>) -> usize {
    rows.map(|row| topology.range(row).len()).sum()
}

#[test]
fn what_survives_keeps_weight_and_state_and_what_grows_starts_afresh() {
    let start = random(1);
    let rule = Evolution {
        regrow: 0.5,
        ..RULE
    };
    let mut after = start.clone();
    let (mut copy, mut ones, mut average) = (
        start.value.clone(),
        vec![1.0; start.count()],
        start.value.clone(),
    );
    let companions = [&mut copy, &mut ones, &mut average];
    let turnover = evolve(
        &mut after,
        companions,
        rule,
        &mut stream(1, 2),
        &mut no_slopes,
    );
    let mut grown = 0;
    for k in 0..start.count() {
        if ones[k] == 1.0 {
            assert_eq!(copy[k], after.value[k]);
        } else {
            grown += 1;
            assert_eq!((copy[k], ones[k]), (0.0, 0.0));
        }
        assert_eq!(average[k], after.value[k]);
    }
    assert_eq!(grown, turnover.moved);
}

#[test]
fn gates_together_keep_the_number_of_the_stack_and_let_a_gate_shrink() {
    let mut start = random(1);
    // The forget gate's weights are the weakest of U.
    let first = start.range(Part::Recurrent).start;
    for unit in 0..14 {
        for k in start.recurrent.range(row(unit, Gate::Forget)) {
            start.value[first + k] *= 1e-3;
        }
    }
    let rule = Evolution {
        scope: RemovalScope::Gates,
        ..RULE
    };
    let after = evolved(&start, rule, 1);
    let of_gate = |p: &Parameters| nnz(&p.recurrent, (0..14).map(|u| row(u, Gate::Forget)));
    assert!(
        of_gate(&after) < of_gate(&start) * 2 / 3,
        "{}",
        of_gate(&after)
    );
    assert_eq!(after.recurrent.nnz(), start.recurrent.nnz());
    let alone = evolved(&start, RULE, 1);
    assert_eq!(of_gate(&alone), of_gate(&start));
}

#[test]
fn every_band_keeps_its_number() {
    let start = random(1);
    let rule = Evolution { bands: 7, ..RULE };
    let after = evolved(&start, rule, 3);
    assert_ne!(after.embedding, start.embedding);
    for band in 0..7 {
        let words = 40 * band / 7..40 * (band + 1) / 7;
        assert_eq!(
            nnz(&after.embedding, words.clone()),
            nnz(&start.embedding, words)
        );
    }
}

#[test]
fn row_lengths_stay_multiples_whatever_the_rule() {
    for multiple in [2, 4, 5] {
        let start = random(multiple);
        for (zeta, scope, growth) in [
            (0.3, RemovalScope::Matrix, Growth::Random),
            (0.9, RemovalScope::Gates, Growth::Random),
            (0.3, RemovalScope::Gates, Growth::Gradient { candidates: 3 }),
        ] {
            let rule = Evolution {
                zeta,
                scope,
                growth,
                fan_in_multiple: multiple,
                ..RULE
            };
            let after = evolved(&start, rule, 4);
            for topology in [&start, &after].map(|p| [&p.input, &p.recurrent]).concat() {
                for row in 0..topology.rows() {
                    assert_eq!(topology.range(row).len() % multiple, 0);
                }
            }
            assert_ne!(after.recurrent, start.recurrent);
            let wanted = Density::Share(0.3).connections(14, 14);
            assert!(start.recurrent.nnz().abs_diff(4 * wanted) <= 4 * multiple);
        }
    }
}

#[test]
fn by_gradient_the_steepest_candidates_grow() {
    let start = random(1);
    let mean = |p: &Parameters| {
        let columns = p.recurrent.column.iter().map(|&c| f64::from(c));
        columns.sum::<f64>() / p.recurrent.nnz() as f64
    };
    let growth = Growth::Gradient { candidates: 4 };
    let by_slope = evolved(&start, Evolution { growth, ..RULE }, 2);
    let at_random = evolved(&start, RULE, 2);
    assert!(mean(&by_slope) > mean(&at_random) + 1.0);
}

#[test]
fn gates_with_one_topology_keep_it_and_lose_the_weakest_places() {
    let shape = Shape {
        vocabulary: 30,
        embedding: 11,
        hidden: 9,
        logits: 1,
    };
    let densities = Densities {
        shared: true,
        ..Densities::even(Density::Share(0.3))
    };
    let scale = InitialScale {
        embedding: 0.1,
        input: 1.0,
        recurrent: 1.0,
        forget_bias: 1.0,
    };
    let rule = Evolution {
        scope: RemovalScope::Shared,
        ..RULE
    };
    let before = Parameters::random(shape, densities, scale, 3);
    let mut after = before.clone();
    let mut companions = [(); 3].map(|()| before.value.clone());
    let [a, b, c] = &mut companions;
    let turnover = evolve(
        &mut after,
        [a, b, c],
        rule,
        &mut stream(3, 2),
        &mut no_slopes,
    );
    assert!(after.is_consistent());
    assert_eq!(after.count(), before.count());
    // 30 of 99 and 24 of 81 places, four connections each, beside those of the embedding
    assert_eq!(turnover.connections, 99 + 4 * (30 + 24));
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for (parameters, places) in [(&before, &mut old), (&after, &mut new)] {
        let model = parameters.to_model(&parameters.value);
        for matrices in [&model.input, &model.recurrent] {
            for matrix in matrices {
                assert_eq!(matrix.row_start, matrices[0].row_start);
                assert_eq!(matrix.column, matrices[0].column);
            }
            for unit in 0..shape.hidden {
                for (k, &column) in matrices[0].row(unit).0.iter().enumerate() {
                    let strength: f32 = matrices.iter().map(|m| m.row(unit).1[k].abs()).sum();
                    places.push((matrices[0].columns, unit, column, strength));
                }
            }
        }
    }
    for columns in [shape.embedding, shape.hidden] {
        let of = |places: &[(usize, usize, u16, f32)]| -> Vec<(usize, u16, f32)> {
            let of_part = places.iter().filter(|place| place.0 == columns);
            of_part
                .map(|&(_, unit, column, s)| (unit, column, s))
                .collect()
        };
        let (old, new) = (of(&old), of(&new));
        let gone: Vec<_> = old.iter().filter(|place| !new.contains(place)).collect();
        let stayed: Vec<_> = old.iter().filter(|place| new.contains(place)).collect();
        let strongest = gone.iter().map(|place| place.2).fold(0.0, f32::max);
        assert_eq!(gone.len(), (old.len() as f64 * 0.3) as usize);
        assert!(stayed.iter().all(|place| place.2 >= strongest));
    }
}
