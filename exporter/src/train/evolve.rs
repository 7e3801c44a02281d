//! Enters: weights after an epoch. Leaves: the same number of connections, the weakest
//! moved. Next: `network` is built anew.
//!
//! Sparse Evolutionary Training (Mocanu et al., Nature Communications 2018): in every
//! matrix a fraction ζ of the connections is removed and as many are grown at random
//! empty positions. The embedding and the eight gate matrices evolve each by itself.

use super::parameters::{Parameters, Part, interleave, normal, row};
use super::topology::{Topology, grow};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use set_lstm_runtime::gate::Gate;

/// Which connections are the weakest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Removal {
    /// The positive weights nearest zero and the negative ones nearest zero, a
    /// fraction ζ of each: the rule of the paper.
    #[default]
    Sign,
    /// The fraction ζ of smallest magnitude.
    Magnitude,
}

/// The evolution rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evolution {
    /// Fraction that moves, ζ.
    pub zeta: f64,
    /// Which ones go.
    pub removal: Removal,
    /// Standard deviation of grown weights; 0 starts them at zero.
    pub regrow: f32,
}

/// One connection with everything that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Connection {
    position: u32, // row · columns + column
    weight: f32,
    state: [f32; STATES],
}

/// Numbers beside the weight that move with a connection: two of the optimiser and
/// the running average of the weight.
pub const STATES: usize = 3;

/// What evolves with the weights: each vector has the order of the flat parameters,
/// or is empty.
pub type Companions<'a> = [&'a mut Vec<f32>; STATES];

/// Connections that moved, and those that there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Removed, and grown again elsewhere.
    pub moved: usize,
    /// All.
    pub connections: usize,
}

/// Removes and grows connections in every matrix. Optimiser state of grown
/// connections starts at zero; their running average starts at their weight.
pub fn evolve(
    parameters: &mut Parameters,
    companions: Companions<'_>,
    evolution: Evolution,
    rng: &mut ChaCha8Rng,
) -> Turnover {
    let shape = parameters.shape;
    let mut turnover = Turnover::default();
    let mut evolve_one = |connections: &mut Vec<Connection>, positions: usize| {
        let kept = survivors(connections, evolution);
        turnover.moved += connections.len() - kept.len();
        turnover.connections += connections.len();
        *connections = regrow(
            kept,
            connections.len(),
            positions as u32,
            evolution.regrow,
            rng,
        );
    };

    let columns = shape.embedding;
    let all_rows: Vec<usize> = (0..shape.vocabulary).collect();
    let mut embedding = collect(parameters, &companions, Part::Embedding, &all_rows, columns);
    evolve_one(&mut embedding, shape.vocabulary * columns);
    let mut stacks = [
        (Part::Input, shape.embedding),
        (Part::Recurrent, shape.hidden),
    ]
    .map(|(part, columns)| {
        let gates = Gate::ALL.map(|gate| {
            let rows: Vec<usize> = (0..shape.hidden).map(|unit| row(unit, gate)).collect();
            let mut gate = collect(parameters, &companions, part, &rows, columns);
            evolve_one(&mut gate, shape.hidden * columns);
            gate
        });
        (columns, gates)
    });

    parameters.embedding = Topology::from_positions(
        shape.vocabulary,
        columns,
        &embedding.iter().map(|c| c.position).collect::<Vec<_>>(),
    );
    let topologies = stacks.each_ref().map(|(columns, gates)| {
        let positions = gates
            .each_ref()
            .map(|g| g.iter().map(|c| c.position).collect());
        interleave(&positions, shape.hidden, *columns)
    });
    [parameters.input, parameters.recurrent] = topologies;
    let mut all = embedding;
    for (columns, gates) in &mut stacks {
        all.append(&mut stacked(gates, *columns));
    }
    write_back(parameters, companions, &all);
    turnover
}

/// The connections of some rows, renumbered from row 0, ascending by position.
fn collect(
    parameters: &Parameters,
    companions: &Companions<'_>,
    part: Part,
    rows: &[usize],
    columns: usize,
) -> Vec<Connection> {
    let topology = match part {
        Part::Embedding => &parameters.embedding,
        Part::Input => &parameters.input,
        _ => &parameters.recurrent,
    };
    let start = parameters.range(part).start;
    let mut connections = Vec::new();
    for (number, &row) in rows.iter().enumerate() {
        for k in topology.range(row) {
            connections.push(Connection {
                position: (number * columns + topology.column[k] as usize) as u32,
                weight: parameters.value[start + k],
                state: companions
                    .each_ref()
                    .map(|c| c.get(start + k).copied().unwrap_or(0.0)),
            });
        }
    }
    connections
}

/// The connections that stay, ascending by position. Ties go by position.
fn survivors(connections: &[Connection], evolution: Evolution) -> Vec<Connection> {
    let weakest = |chosen: &mut Vec<usize>| {
        let count = (chosen.len() as f64 * evolution.zeta) as usize;
        chosen.sort_by(|&a, &b| {
            connections[a]
                .weight
                .abs()
                .total_cmp(&connections[b].weight.abs())
                .then(a.cmp(&b))
        });
        chosen.truncate(count);
    };
    let numbers = 0..connections.len();
    let mut gone: Vec<usize> = match evolution.removal {
        Removal::Magnitude => numbers.clone().collect(),
        Removal::Sign => numbers
            .clone()
            .filter(|&k| connections[k].weight.is_sign_positive())
            .collect(),
    };
    weakest(&mut gone);
    if evolution.removal == Removal::Sign {
        let mut negative: Vec<usize> = numbers
            .filter(|&k| connections[k].weight.is_sign_negative())
            .collect();
        weakest(&mut negative);
        gone.append(&mut negative);
    }
    gone.sort_unstable();
    let mut gone = gone.into_iter().peekable();
    let stays = |k: &usize| gone.next_if_eq(k).is_none();
    (0..connections.len())
        .filter(stays)
        .map(|k| connections[k])
        .collect()
}

/// Grows random connections at empty positions until there are `count` again.
fn regrow(
    mut kept: Vec<Connection>,
    count: usize,
    positions: u32,
    deviation: f32,
    rng: &mut ChaCha8Rng,
) -> Vec<Connection> {
    let taken: Vec<u32> = kept.iter().map(|connection| connection.position).collect();
    let new = grow(&taken, positions, count - kept.len(), rng);
    kept.extend(new.into_iter().map(|position| {
        let weight = if deviation > 0.0 {
            deviation * normal(rng)
        } else {
            0.0
        };
        Connection {
            position,
            weight,
            state: [0.0, 0.0, weight],
        }
    }));
    kept.sort_unstable_by_key(|connection| connection.position);
    kept
}

/// Four gate matrices in the order of the stacked matrix.
fn stacked(gates: &[Vec<Connection>; Gate::COUNT], columns: usize) -> Vec<Connection> {
    let mut all: Vec<Connection> = Vec::new();
    for gate in Gate::ALL {
        all.extend(gates[gate.index()].iter().map(|&connection| {
            let (unit, column) = (
                connection.position as usize / columns,
                connection.position as usize % columns,
            );
            Connection {
                position: (row(unit, gate) * columns + column) as u32,
                ..connection
            }
        }));
    }
    all.sort_unstable_by_key(|connection| connection.position);
    all
}

fn write_back(parameters: &mut Parameters, companions: Companions<'_>, all: &[Connection]) {
    for (value, connection) in parameters.value.iter_mut().zip(all) {
        *value = connection.weight;
    }
    for (s, companion) in companions.into_iter().enumerate() {
        for (value, connection) in companion.iter_mut().zip(all) {
            *value = connection.state[s];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::{Densities, InitialScale, Shape, stream};
    use super::super::topology::Density;
    use super::*;

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
        let rule = Evolution {
            zeta: 0.34,
            removal: Removal::Sign,
            regrow: 0.0,
        };
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
            regrow: 0.0,
        };
        assert_eq!(positions(&survivors(&hand_made(&weights), rule)), [1, 2, 5]);
    }

    #[test]
    fn grown_connections_are_new_and_start_afresh() {
        let kept = hand_made(&[0.1, 0.2]);
        let mut rng = stream(1, 2);
        let grown = regrow(kept.clone(), 20, 30, 0.5, &mut rng);
        assert_eq!(grown.len(), 20);
        assert!(
            grown
                .windows(2)
                .all(|pair| pair[0].position < pair[1].position)
        );
        for connection in &grown {
            match kept.iter().find(|old| old.position == connection.position) {
                Some(old) => assert_eq!(old, connection),
                None => assert_eq!(connection.state, [0.0, 0.0, connection.weight]),
            }
        }
        assert!(grown.iter().any(|c| c.weight.abs() > 0.3));
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
        let densities = Densities {
            embedding: share,
            input: share,
            recurrent: share,
        };
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
        let rule = Evolution {
            zeta: 0.3,
            removal: Removal::Sign,
            regrow: 0.0,
        };
        let turnover = evolve(
            &mut after,
            [&mut copy, &mut second, &mut none],
            rule,
            &mut stream(9, 2),
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
}
