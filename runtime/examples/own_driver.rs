//! A whole firmware in small, on the host: a driver of your own, a state in a static, an
//! activity for every window of samples.
//!
//! ```text
//! Accelerometer ──▶ State ──▶ a line for every window
//! ```
//!
//! `cargo run -p set-lstm-runtime --example own_driver`. On a board `main` is `#[entry]`, the
//! static lies in a cell that hands it out once, `Recording` is your driver and `println!` your
//! serial port; nothing else changes.

use set_lstm_runtime::{Int8, Model, State};
use std::sync::Mutex;

/// The model in flash, on a multiple of four. `set-lstm export --rust` writes this, too.
#[repr(align(4))]
struct Aligned<T: ?Sized>(T);
static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("../src/doc/motion.setl"));

/// Numbers of a sample: what the model was trained on.
const CHANNELS: usize = 6;
/// Room for the hidden units with the channels behind them, a power of two.
const CAPACITY: usize = 32;

/// All zero, so that it takes no flash.
static STATE: Mutex<State<Int8, CAPACITY>> = Mutex::new(State::EMPTY);

/// What the application knows of its sensor.
trait Accelerometer {
    /// What can go wrong on the bus.
    type Error;

    /// Waits until the next sample is due: acceleration in g, turning in radians a second.
    fn sample(&mut self) -> Result<[f32; CHANNELS], Self::Error>;
}

/// A driver without a sensor: a device at rest, which somebody then shakes up and down.
struct Recording {
    step: u16,
}

/// There are no more samples.
#[derive(Debug)]
struct End;

impl Accelerometer for Recording {
    type Error = End;

    fn sample(&mut self) -> Result<[f32; CHANNELS], End> {
        self.step += 1;
        // 50 samples a second, some three steps of a runner in each
        let phase = f32::from(self.step % 17) / 17.0 * core::f32::consts::TAU;
        match self.step {
            ..=256 => Ok([0.02, 0.99, 0.05, 0.0, 0.01, 0.0]),
            257..=512 => Ok([
                1.0 + phase.sin(),
                0.3 * phase.cos(),
                0.3 * (2.0 * phase).sin(),
                phase.cos(),
                0.5 * phase.sin(),
                0.3,
            ]),
            _ => Err(End),
        }
    }
}

/// One window: as many samples as training saw of a recording.
fn window<D: Accelerometer>(
    model: &Model<'_, Int8>,
    state: &mut State<Int8, CAPACITY>,
    driver: &mut D,
) -> Result<(), D::Error> {
    state.reset();
    for _ in 0..model.max_tokens().unwrap_or(128) {
        let sample = driver.sample()?; // the bus may fail, a step does not
        state.step_samples(model, &sample);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::<Int8>::from_bytes(&FILE.0)?; // checks everything, once
    if model.channels() != Some(CHANNELS) {
        return Err("the model reads other samples; export the one of this sensor".into());
    }
    let mut state = STATE.lock()?;
    state.fit(&model)?;
    let sequences = model.self_test(&mut *state)?;
    println!("{sequences} reference sequences as on the host");

    let mut driver = Recording { step: 0 };
    while let Ok(()) = window(&model, &mut state, &mut driver) {
        let class = state.classify(&model);
        let name = model.class_name(class.label).unwrap_or("?");
        println!("{name}  {:.3}", class.score);
    }
    Ok(())
}
