//! Enters: weights after an epoch. Leaves: the same number of connections, the weakest
//! moved. Next: `network` is built anew.
//!
//! Sparse Evolutionary Training (Mocanu et al., Nature Communications 2018): in every
//! matrix a fraction ζ of the connections is removed and as many are grown at random
//! empty positions. The embedding and the eight gate matrices evolve each by itself.
//!
//! Options change what competes and where it grows:
//!
//! - [`RemovalScope::Gates`]: the four gates of `W` are one pool, and the four of `U` another
//!   (Selfish-RNN, Liu et al., ICML 2021), so that a gate may come to have more than its share.
//! - [`RemovalScope::Shared`]: the four gates have one topology; see `shared`.
//! - Bands: the words are numbered by falling frequency, and each of `bands` equal ranges of
//!   them is a pool. A connection of a rare word has had few updates since it was grown
//!   and is near zero for that reason alone; over the whole vocabulary the rare words'
//!   connections would go again and again, whatever they are worth. Among words of like
//!   frequency they are measured by one yardstick, and each band keeps its number.
//! - [`Growth`], and row lengths that stay multiples: see `growth`.

mod shared;

use super::growth::{Growth, Slopes, grow_by_slope, plots};
use super::parameters::{Parameters, Part, multiple_in, normal, row};
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

/// Among which connections of the gate matrices the weakest are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RemovalScope {
    /// Those of one gate's matrix: each keeps its number.
    #[default]
    Matrix,
    /// Those of the four gates together, of `W` and of `U`: gates may change their share.
    Gates,
    /// The four gates have one topology, from the start on: the four weights of a place are one
    /// connection, as strong as the sum of their magnitudes, and go and grow together.
    Shared,
}

/// The evolution rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evolution {
    /// Fraction that moves, ζ.
    pub zeta: f64,
    /// Which ones go.
    pub removal: Removal,
    /// Among which.
    pub scope: RemovalScope,
    /// Bands of words that evolve each by itself; 1 for the embedding as a whole.
    pub bands: usize,
    /// Row lengths of `W` and `U` are multiples of this before and after.
    pub fan_in_multiple: usize,
    /// Where new ones grow.
    pub growth: Growth,
    /// Standard deviation of grown weights; 0 starts them at zero.
    pub regrow: f32,
}

/// One connection with everything that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Connection {
    position: u32, // row of the pool · columns + column
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

/// Connections that compete, and the positions where they may grow.
#[derive(Debug)]
struct Pool {
    part: Part,
    rows: Vec<usize>, // of the part's topology, ascending
    columns: usize,
    connections: Vec<Connection>, // ascending by position
    plots: Vec<(std::ops::Range<u32>, Vec<u32>, usize)>, // candidates, and how many of them grow
}

/// Removes and grows connections in every matrix. Optimiser state of grown connections
/// starts at zero; their running average starts at their weight. Growth by gradient asks
/// `slopes` for the gradient of the network with the candidates in it, at weight zero.
pub fn evolve(
    parameters: &mut Parameters,
    companions: Companions<'_>,
    evolution: Evolution,
    rng: &mut ChaCha8Rng,
    slopes: Slopes<'_>,
) -> Turnover {
    let mut turnover = Turnover::default();
    let mut pools = pools(parameters, evolution);
    if evolution.scope == RemovalScope::Shared {
        for pool in pools.iter_mut().filter(|pool| pool.part != Part::Embedding) {
            pool.connections = collect(parameters, &companions, pool);
            turnover.connections += pool.connections.len();
            turnover.moved += shared::evolve(pool, evolution, rng);
        }
    }
    let alone =
        |pool: &&mut Pool| evolution.scope != RemovalScope::Shared || pool.part == Part::Embedding;
    for pool in pools.iter_mut().filter(alone) {
        let all = collect(parameters, &companions, pool);
        let kept = survivors(&all, evolution);
        turnover.moved += all.len() - kept.len();
        turnover.connections += all.len();
        let multiple = match pool.part {
            Part::Embedding => 1,
            _ => multiple_in(evolution.fan_in_multiple, pool.columns),
        };
        let taken: Vec<u32> = kept.iter().map(|connection| connection.position).collect();
        let size = (pool.rows.len(), pool.columns);
        let tried = evolution.growth.candidates();
        for (plot, count) in plots(&taken, size, all.len() - kept.len(), multiple, rng) {
            let from = taken.partition_point(|&p| p < plot.start);
            let to = taken.partition_point(|&p| p < plot.end);
            let inside: Vec<u32> = taken[from..to].iter().map(|p| p - plot.start).collect();
            let free = plot.len() - inside.len();
            let mut new = grow(&inside, plot.len() as u32, (tried * count).min(free), rng);
            new.iter_mut().for_each(|position| *position += plot.start);
            pool.plots.push((plot, new, count));
        }
        pool.connections = kept;
        if evolution.growth == Growth::Random {
            pool.settle(evolution.regrow, rng);
        }
    }
    if evolution.growth != Growth::Random {
        let (tried, gradient) = try_candidates(parameters, &pools, slopes);
        for pool in &mut pools {
            let slope = |position: u32| {
                let (row, column) = pool.place(position);
                gradient[find(&tried, pool.part, row, column)]
            };
            let chosen: Vec<Vec<u32>> = (pool.plots.iter())
                .map(|(_, candidates, count)| grow_by_slope(candidates, *count, slope, rng))
                .collect();
            for ((_, candidates, _), chosen) in pool.plots.iter_mut().zip(chosen) {
                *candidates = chosen;
            }
            pool.settle(evolution.regrow, rng);
        }
    }
    write_back(parameters, companions, &pools);
    turnover
}

impl Pool {
    /// Row of the part, and column.
    fn place(&self, position: u32) -> (usize, usize) {
        let (row, column) = (
            position as usize / self.columns,
            position as usize % self.columns,
        );
        (self.rows[row], column)
    }

    /// Makes the candidates that are left connections.
    fn settle(&mut self, deviation: f32, rng: &mut ChaCha8Rng) {
        for (_, positions, _) in self.plots.drain(..) {
            self.connections
                .extend(positions.into_iter().map(|position| {
                    let weight = if deviation > 0.0 {
                        deviation * normal(rng)
                    } else {
                        0.0
                    };
                    fresh(position, weight)
                }));
        }
        self.connections
            .sort_unstable_by_key(|connection| connection.position);
    }
}

fn fresh(position: u32, weight: f32) -> Connection {
    Connection {
        position,
        weight,
        state: [0.0, 0.0, weight],
    }
}

/// The pools of a rule, still empty, in the order in which they draw random numbers.
fn pools(parameters: &Parameters, evolution: Evolution) -> Vec<Pool> {
    let shape = parameters.shape;
    let mut pools = Vec::new();
    let mut add = |part, rows: Vec<usize>, columns| {
        pools.push(Pool {
            part,
            rows,
            columns,
            connections: Vec::new(),
            plots: Vec::new(),
        });
    };
    let (words, bands) = (shape.vocabulary, evolution.bands);
    for band in 0..bands {
        let rows = words * band / bands..words * (band + 1) / bands;
        add(Part::Embedding, rows.collect(), shape.embedding);
    }
    for (part, columns) in [
        (Part::Input, shape.embedding),
        (Part::Recurrent, shape.hidden),
    ] {
        match evolution.scope {
            RemovalScope::Matrix => Gate::ALL.into_iter().for_each(|gate| {
                let rows = (0..shape.hidden).map(|unit| row(unit, gate)).collect();
                add(part, rows, columns);
            }),
            RemovalScope::Gates | RemovalScope::Shared => {
                add(part, (0..Gate::COUNT * shape.hidden).collect(), columns)
            }
        }
    }
    pools
}

fn topology(parameters: &Parameters, part: Part) -> &Topology {
    match part {
        Part::Embedding => &parameters.embedding,
        Part::Input => &parameters.input,
        _ => &parameters.recurrent,
    }
}

/// The connections of a pool, ascending by position.
fn collect(parameters: &Parameters, companions: &Companions<'_>, pool: &Pool) -> Vec<Connection> {
    let topology = topology(parameters, pool.part);
    let start = parameters.range(pool.part).start;
    let mut connections = Vec::new();
    for (number, &row) in pool.rows.iter().enumerate() {
        for k in topology.range(row) {
            connections.push(Connection {
                position: (number * pool.columns + topology.column[k] as usize) as u32,
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

/// The network of what was kept and all candidates, these at weight zero, and its gradient.
fn try_candidates(
    parameters: &Parameters,
    pools: &[Pool],
    slopes: Slopes<'_>,
) -> (Parameters, Vec<f32>) {
    let with_candidates: Vec<Pool> = (pools.iter())
        .map(|pool| {
            let candidates = pool.plots.iter().flat_map(|(_, candidates, _)| candidates);
            let new = candidates.map(|&position| fresh(position, 0.0));
            let mut connections: Vec<Connection> =
                pool.connections.iter().copied().chain(new).collect();
            connections.sort_unstable_by_key(|connection| connection.position);
            Pool {
                part: pool.part,
                rows: pool.rows.clone(),
                columns: pool.columns,
                connections,
                plots: Vec::new(),
            }
        })
        .collect();
    let mut tried = parameters.clone();
    let none = [&mut Vec::new(), &mut Vec::new(), &mut Vec::new()];
    write_back(&mut tried, none, &with_candidates);
    let gradient = slopes(&tried);
    (tried, gradient)
}

/// Where a connection that exists lies in the flat vector.
fn find(parameters: &Parameters, part: Part, row: usize, column: usize) -> usize {
    let topology = topology(parameters, part);
    let range = topology.range(row);
    let before = topology.column[range.clone()].partition_point(|&c| usize::from(c) < column);
    parameters.range(part).start + range.start + before
}

/// The pools' connections in place of those of `parameters` and its companions.
fn write_back(parameters: &mut Parameters, companions: Companions<'_>, pools: &[Pool]) {
    let rest = parameters.range(Part::Bias).start;
    let mut all: Vec<Connection> = Vec::new();
    let shape = parameters.shape;
    for (part, rows, columns) in [
        (Part::Embedding, shape.vocabulary, shape.embedding),
        (Part::Input, Gate::COUNT * shape.hidden, shape.embedding),
        (Part::Recurrent, Gate::COUNT * shape.hidden, shape.hidden),
    ] {
        let mut of_part: Vec<Connection> = Vec::new();
        for pool in pools.iter().filter(|pool| pool.part == part) {
            of_part.extend(pool.connections.iter().map(|&connection| {
                let (row, column) = pool.place(connection.position);
                Connection {
                    position: (row * columns + column) as u32,
                    ..connection
                }
            }));
        }
        of_part.sort_unstable_by_key(|connection| connection.position);
        let positions: Vec<u32> = of_part.iter().map(|c| c.position).collect();
        let topology = Topology::from_positions(rows, columns, &positions);
        match part {
            Part::Embedding => parameters.embedding = topology,
            Part::Input => parameters.input = topology,
            _ => parameters.recurrent = topology,
        }
        all.append(&mut of_part);
    }
    let replace = |values: &mut Vec<f32>, of: &dyn Fn(&Connection) -> f32| {
        if !values.is_empty() {
            values.splice(..rest, all.iter().map(of));
        }
    };
    replace(&mut parameters.value, &|connection| connection.weight);
    for (s, companion) in companions.into_iter().enumerate() {
        replace(companion, &|connection| connection.state[s]);
    }
}

#[cfg(test)]
mod tests;
