//! Enters: the connections of the four `W`, or of the four `U`, that have one topology. Leaves:
//! the same number, the weakest places moved in all four. Next: `evolve` writes them back.
//!
//! A place is a unit and a column. Its four weights stand or fall together, by the sum of their
//! magnitudes: an index then serves four weights wherever the matrices are stored by places.

use super::{Connection, Evolution, Pool, fresh};
use crate::train::parameters::normal;
use crate::train::topology::grow;
use rand_chacha::ChaCha8Rng;
use set_lstm_runtime::gate::Gate;

/// Moves the fraction ζ of the places; returns how many connections that is.
pub(super) fn evolve(pool: &mut Pool, evolution: Evolution, rng: &mut ChaCha8Rng) -> usize {
    let columns = pool.columns as u32;
    let place = |position: u32| {
        let unit = position / columns / Gate::COUNT as u32;
        unit * columns + position % columns
    };
    // the four rows of a unit lie one below the other
    pool.connections
        .sort_by_key(|connection| place(connection.position));
    let places: Vec<&[Connection]> = pool
        .connections
        .chunk_by(|a, b| place(a.position) == place(b.position))
        .collect();
    let strength =
        |connections: &[Connection]| -> f32 { connections.iter().map(|c| c.weight.abs()).sum() };
    let mut weakest: Vec<usize> = (0..places.len()).collect();
    weakest.sort_by(|&a, &b| {
        strength(places[a])
            .total_cmp(&strength(places[b]))
            .then(a.cmp(&b))
    });
    weakest.truncate((places.len() as f64 * evolution.zeta) as usize);
    let mut stays = vec![true; places.len()];
    weakest.iter().for_each(|&gone| stays[gone] = false);
    let kept = places.iter().zip(&stays).filter(|&(_, &stays)| stays);
    let kept: Vec<&[Connection]> = kept.map(|(&connections, _)| connections).collect();
    let taken: Vec<u32> = kept.iter().map(|c| place(c[0].position)).collect();
    let moved = pool.connections.len() - kept.iter().map(|c| c.len()).sum::<usize>();

    let mut all = kept.concat();
    let size = (pool.rows.len() / Gate::COUNT) as u32 * columns;
    for place in grow(&taken, size, weakest.len(), rng) {
        let (unit, column) = (place / columns, place % columns);
        all.extend(Gate::ALL.map(|gate| {
            let row = Gate::COUNT as u32 * unit + gate.index() as u32;
            let weight = if evolution.regrow > 0.0 {
                evolution.regrow * normal(rng)
            } else {
                0.0
            };
            fresh(row * columns + column, weight)
        }));
    }
    all.sort_unstable_by_key(|connection| connection.position);
    pool.connections = all;
    moved
}
