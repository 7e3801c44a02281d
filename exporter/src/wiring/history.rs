//! Enters: the connections of every epoch. Leaves: how many moved, and how long they live.
//! Next: `Wiring`.

use serde::Serialize;

use super::Connections;

/// What one epoch's connections are to those before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EpochFacts {
    /// Epochs done; 0 is the start.
    pub epoch: u32,
    /// Connections of all matrices.
    pub connections: usize,
    /// Share of the connections that were not there an epoch before.
    pub turnover: f64,
    /// The same of each matrix.
    pub matrices: Vec<MatrixTurnover>,
    /// Share of the start's connections that have been there ever since.
    pub survival: f64,
    /// Share of this epoch's connections that stay to the end.
    pub kept_to_the_end: f64,
}

/// How many connections of a matrix moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatrixTurnover {
    /// Name of the matrix.
    pub matrix: String,
    /// Share of its connections that were not there an epoch before.
    pub turnover: f64,
}

/// The facts of each epoch, and which share of the last connections appeared in which.
pub(super) fn facts(all: &[Vec<Connections>]) -> (Vec<EpochFacts>, Vec<f64>) {
    let mut born: Vec<Vec<u32>> = (all[0].iter())
        .map(|matrix| vec![0; matrix.positions.len()])
        .collect();
    let total = |matrices: &[Connections]| -> usize {
        matrices.iter().map(|matrix| matrix.positions.len()).sum()
    };
    let count = |born: &[Vec<u32>], wanted: &dyn Fn(u32) -> bool| {
        born.iter().flatten().filter(|&&b| wanted(b)).count()
    };
    let mut epochs = Vec::new();
    for (epoch, matrices) in (0_u32..).zip(all) {
        if let Some(before) = epoch.checked_sub(1) {
            for ((born, old), new) in born.iter_mut().zip(&all[before as usize]).zip(matrices) {
                *born = carried(old, born, new, epoch);
            }
        }
        let new = |b: u32| b == epoch && epoch > 0;
        epochs.push(EpochFacts {
            epoch,
            connections: total(matrices),
            turnover: share(count(&born, &new), total(matrices)),
            matrices: (matrices.iter().zip(&born))
                .map(|(matrix, born)| MatrixTurnover {
                    matrix: matrix.name.clone(),
                    turnover: share(born.iter().filter(|&&b| new(b)).count(), born.len()),
                })
                .collect(),
            survival: share(count(&born, &|b| b == 0), total(&all[0])),
            kept_to_the_end: 0.0,
        });
    }
    for facts in &mut epochs {
        let kept = count(&born, &|b| b <= facts.epoch);
        facts.kept_to_the_end = share(kept, facts.connections);
    }
    let last = total(&all[all.len() - 1]);
    let ages = epochs
        .iter()
        .map(|facts| share(count(&born, &|b| b == facts.epoch), last));
    let ages = ages.collect();
    (epochs, ages)
}

/// When each connection of `new` appeared: as in `old`, or now.
fn carried(old: &Connections, born: &[u32], new: &Connections, now: u32) -> Vec<u32> {
    let of = |position: &u64| match old.positions.binary_search(position) {
        Ok(place) => born[place],
        Err(_) => now,
    };
    new.positions.iter().map(of).collect()
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(positions: &[&[u64]]) -> Vec<Vec<Connections>> {
        let one = |positions: &&[u64]| {
            vec![Connections {
                name: "U i".into(),
                rows: 3,
                columns: 4,
                positions: positions.to_vec(),
            }]
        };
        positions.iter().map(one).collect()
    }

    #[test]
    fn turnover_survival_and_age_are_counted_by_hand() {
        // 5 goes after epoch 1 and comes back after epoch 2: it is a new one then
        let all = epochs(&[&[0, 1, 5, 9], &[0, 1, 5, 9], &[0, 1, 2, 9], &[0, 2, 5, 9]]);
        let (facts, ages) = facts(&all);
        let of = |f: fn(&EpochFacts) -> f64| facts.iter().map(f).collect::<Vec<f64>>();
        assert_eq!(of(|f| f.turnover), [0.0, 0.0, 0.25, 0.25]);
        assert_eq!(of(|f| f.matrices[0].turnover), [0.0, 0.0, 0.25, 0.25]);
        assert_eq!(of(|f| f.survival), [1.0, 1.0, 0.75, 0.5]);
        assert_eq!(of(|f| f.kept_to_the_end), [0.5, 0.5, 0.75, 1.0]);
        assert_eq!(ages, [0.5, 0.0, 0.25, 0.25]);
    }

    #[test]
    fn connections_that_stay_have_no_turnover() {
        let (facts, ages) = facts(&epochs(&[&[3, 7], &[3, 7], &[3, 7]]));
        assert!(facts.iter().all(|f| f.turnover == 0.0 && f.survival == 1.0));
        assert_eq!(ages, [1.0, 0.0, 0.0]);
    }
}
