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
    /// The serial port that QEMU connects first.
    uart: Uart,
    /// Instructions, one a nanosecond, and the ticks of SysTick that they take. The program
    /// checks it when it starts.
    rate: [u64; 2],
}

/// A kind of serial port, where its registers lie, and its interrupts for received bytes:
/// all that may be it, as others are never raised.
struct Uart {
    kind: &'static str,
    base: u32,
    interrupts: &'static [u16],
}

/// ARM's UART of the Cortex-M System Design Kit, on its boards without TrustZone.
const CMSDK: Uart = Uart {
    kind: "Cmsdk",
    base: 0x4000_4000,
    interrupts: &[0],
};

/// The same on its board with TrustZone, by the secure address.
const CMSDK_SECURE: Uart = Uart {
    kind: "Cmsdk",
    base: 0x5020_0000,
    interrupts: &[32, 33],
};

const NRF51: Uart = Uart {
    kind: "Nrf51",
    base: 0x4000_2000,
    interrupts: &[2],
};

/// The first one of a target is what that target is built for by itself.
const BOARDS: [Description; 6] = [
    Description {
        name: "mps2-an386",
        core: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        memory: "mps2.x",
        uart: CMSDK,
        rate: [40, 1],
    },
    Description {
        name: "mps2-an500",
        core: "Cortex-M7F",
        target: "thumbv7em-none-eabihf",
        memory: "mps2.x",
        uart: CMSDK,
        rate: [40, 1],
    },
    Description {
        name: "mps2-an505",
        core: "Cortex-M33F",
        target: "thumbv8m.main-none-eabihf",
        memory: "mps2-an505.x",
        uart: CMSDK_SECURE,
        rate: [50, 1],
    },
    Description {
        name: "mps2-an385",
        core: "Cortex-M3",
        target: "thumbv7m-none-eabi",
        memory: "mps2.x",
        uart: CMSDK,
        rate: [40, 1],
    },
    // code for an M0 on an M3, which knows all of its instructions: room for any model
    Description {
        name: "mps2-an385-m0",
        core: "code of a Cortex-M0",
        target: "thumbv6m-none-eabi",
        memory: "mps2.x",
        uart: CMSDK,
        rate: [40, 1],
    },
    Description {
        name: "microbit",
        core: "Cortex-M0",
        target: "thumbv6m-none-eabi",
        memory: "microbit.x",
        uart: NRF51,
        rate: [125, 2],
    },
];
