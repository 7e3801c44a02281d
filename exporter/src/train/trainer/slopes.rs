//! Enters: a network with candidates for growth in it. Leaves: its gradient on a few
//! batches. Next: `evolve` keeps the steepest candidates.

use super::{Engine, Noise, Parameters, Purpose, TrainOptions, Training};
use super::{number, plan, samples, stream};

/// Batches whose gradient decides where connections grow.
const GROWTH_BATCHES: usize = 16;

/// Summed gradient of a few batches of the training documents, drawn anew after every
/// epoch, without dropout.
pub(super) fn of_batches(
    tried: &Parameters,
    options: &TrainOptions,
    data: &Training,
    threads: usize,
    epoch: u32,
) -> Vec<f32> {
    let place = |k| number(Purpose::Growth, u64::from(epoch) << 32 | k);
    let batches = plan(
        &data.train,
        options.batch,
        &mut stream(options.seed, place(0)),
    );
    let mut engine =
        Engine::new(tried.clone(), options.batch, threads).with_pooling(options.pooling);
    let mut sum = vec![0.0; tried.count()];
    let mut gradient = vec![0.0; tried.count()];
    for batch in batches.iter().take(GROWTH_BATCHES) {
        let noise = |chunk: u64| Noise {
            word_dropout: 0.0,
            output_dropout: 0.0,
            recurrent_dropout: 0.0,
            smoothing: options.label_smoothing,
            rng: stream(options.seed, place(1 + chunk)),
        };
        engine.train(&samples(&data.train, batch), noise, &mut gradient);
        for (sum, slope) in sum.iter_mut().zip(&gradient) {
            *sum += slope;
        }
    }
    sum
}
