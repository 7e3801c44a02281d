//! Data of one's own, from Rust: a signal is made here, two models learn it, and the code that
//! a device runs answers. `cargo run --release -p set-lstm --example own_data`
//!
//! A motor hums; now and then its bearing knocks. The first model says of each window whether
//! the bearing is worn (a class at the end), the second how fast the motor turns after every
//! sample (a number at every step).

use set_lstm::dataset::divided::Division;
use set_lstm::dataset::own::OwnData;
use set_lstm::device::AlignedBytes;
use set_lstm::error::Result;
use set_lstm::evaluate::Evaluation;
use set_lstm::pack::Values;
use set_lstm::target::Target;
use set_lstm::train::fit::{Fitted, fit};
use set_lstm::train::options::TrainOptions;
use set_lstm::train::preset::Preset;
use set_lstm_runtime::{Int8, Model, State};

/// Samples of a window, and units of both models.
const STEPS: usize = 64;
const UNITS: usize = 24;
/// What a state has room for: the units, and behind them the two axes, as a power of two.
const CAPACITY: usize = 32;

/// What a sensor would give: two axes of vibration at a speed of 0 to 1, from motor `number`.
fn window(number: u32, speed: f32, is_worn: bool) -> Vec<f32> {
    let pace = 0.3 + 0.5 * speed;
    let phase = number as f32;
    let sample = |step: usize| {
        let angle = pace * step as f32 + phase;
        let knock = if is_worn && (step + number as usize).is_multiple_of(16) {
            2.0
        } else {
            0.0
        };
        [angle.sin() + knock, angle.cos()]
    };
    (0..STEPS).flat_map(sample).collect() // [STEPS x 2]
}

fn main() -> Result<()> {
    let mut bearing = OwnData::of_samples(2).classes(["good", "worn"]);
    let mut speeds = OwnData::of_samples(2).numbers(["speed"]).every_step();
    // a fifth of the motors is for the test
    let division = Division {
        test_fraction: 0.2,
        seed: 1,
    };
    (bearing, speeds) = (bearing.division(division), speeds.division(division));
    for number in 0..300_u32 {
        let speed = (number * 37 % 100) as f32 / 100.0;
        let is_worn = number % 2 == 1;
        let samples = window(number, speed, is_worn);
        // windows of one motor are a group: never trained on and tested at once
        let motor = format!("motor {}", number / 10);
        bearing.push_of(&motor, &samples[..], u8::from(is_worn))?;
        let target = [speed * 3000.0; STEPS]; // turns a minute: any units, training has its own
        speeds.push_of(&motor, &samples[..], Target::ValuesOfSteps(&target))?;
    }
    for (what, data) in [("bearing", &bearing), ("speed", &speeds)] {
        // the options of the command line's `--preset series`, and what is changed in them
        let options = TrainOptions {
            hidden_size: UNITS,
            epochs: 20,
            averaging: 0.95,
            recurrent_dropout: 0.0,
            ..Preset::Series.options()
        };
        let training = data.training(&options.load_options())?;
        let fitted: Fitted = fit(&options, &training, 2)?;
        let test = data.test(&fitted.code, options.max_tokens)?;
        let tested = Evaluation::of_trained(&fitted.model, &fitted.card, &test, 2)?;
        println!(
            "{what}: {} windows to train on, tested in f32: {tested:?}",
            training.train.len()
        );

        // the file of a device; a board has it in flash, and these bytes are all that it needs
        let bytes: AlignedBytes = fitted.pack(Values::Int8 { embedding_bits: 8 })?.into();
        println!("{what}: a model file of {} bytes", bytes.len());
        let model = Model::<Int8>::from_bytes(&bytes).expect("it has just been packed");
        let mut state = State::<Int8, CAPACITY>::new(&model).expect("there is room for its units");
        // raw samples, as they come
        for sample in window(1001, 0.5, true).chunks_exact(2) {
            state.step_samples(&model, sample);
        }
        match state.values(&model).next() {
            Some(speed) => println!("the motor of 1,500 turns makes {speed:.0}"),
            None => {
                let class = state.classify(&model);
                println!("the worn bearing is {:?}", model.class_name(class.label));
            }
        }
    }
    Ok(())
}
