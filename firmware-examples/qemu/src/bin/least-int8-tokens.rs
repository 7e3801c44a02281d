//! The least program of an int8 model that reads tokens.
#![no_std]
#![no_main]

#[path = "../least.rs"]
mod least;
#[path = "../least_engine.rs"]
mod least_engine;

use cortex_m_rt::entry;
use set_lstm_runtime::{Int8, Model, State};

#[entry]
fn main() -> ! {
    static mut MODEL: Option<Model<'static, Int8>> = None;
    static mut STATE: State<Int8, { least_engine::UNITS }> = State::EMPTY;
    let step = |state: &mut State<_, _>, model: &Model<'_, _>, token| state.step(model, token);
    least::exit(least_engine::run(MODEL, STATE, step))
}
