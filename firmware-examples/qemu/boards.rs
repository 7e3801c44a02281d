// The boards of QEMU that the programs can be built for; read by `build.rs`. A board with
// another memory map needs a file in `memory/`; the exporter's `simulate::board` lists the
// same boards with what runs them.

struct Description {
    /// As in `SET_LSTM_BOARD`.
    name: &'static str,
    core: &'static str,
    target: &'static str,
    /// File in the folder `memory`.
    memory: &'static str,
    /// Instructions, one a nanosecond, and the ticks of SysTick that they take. The program
    /// checks it when it starts.
    rate: [u64; 2],
}

/// The first one of a target is what that target is built for by itself.
const BOARDS: [Description; 6] = [
    Description {
        name: "mps2-an386",
        core: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        memory: "mps2.x",
        rate: [40, 1],
    },
    Description {
        name: "mps2-an500",
        core: "Cortex-M7F",
        target: "thumbv7em-none-eabihf",
        memory: "mps2.x",
        rate: [40, 1],
    },
    Description {
        name: "mps2-an505",
        core: "Cortex-M33F",
        target: "thumbv8m.main-none-eabihf",
        memory: "mps2-an505.x",
        rate: [50, 1],
    },
    Description {
        name: "mps2-an385",
        core: "Cortex-M3",
        target: "thumbv7m-none-eabi",
        memory: "mps2.x",
        rate: [40, 1],
    },
    // code for an M0 on an M3, which knows all of its instructions: room for any model
    Description {
        name: "mps2-an385-m0",
        core: "code of a Cortex-M0",
        target: "thumbv6m-none-eabi",
        memory: "mps2.x",
        rate: [40, 1],
    },
    Description {
        name: "microbit",
        core: "Cortex-M0",
        target: "thumbv6m-none-eabi",
        memory: "microbit.x",
        rate: [125, 2],
    },
];
