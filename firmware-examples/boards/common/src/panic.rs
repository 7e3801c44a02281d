//! What a board does when it can do nothing else: say where in the log, and stop. The probe
//! shows how it got there.
//!
//! Without the panic's own words: they would take more flash than the engine.

use core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    match info.location() {
        Some(place) => defmt::error!("panic at {=str}:{=u32}", place.file(), place.line()),
        None => defmt::error!("panic"),
    }
    cortex_m::asm::udf()
}
