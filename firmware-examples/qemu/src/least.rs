//! The least that an application does with the engine, for the programs `least-*`, which are
//! linked for their size: their difference to `least-empty` is what the engine adds to a firmware.
//! They know nothing of this package's library, so that no text and no printing is among it.

use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};

/// Ends the emulator.
pub fn exit(right: bool) -> ! {
    debug::exit(if right { EXIT_SUCCESS } else { EXIT_FAILURE });
    #[expect(clippy::empty_loop, reason = "QEMU is gone before the first turn")]
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(false)
}
