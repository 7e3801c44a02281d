//! For every board: tells the linker where its flash and RAM lie, and with which scripts
//! the program is put together.

use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // cargo runs this in the board's folder
    for (script, name) in [("memory.x", "memory.x"), ("../stack.x", "stack.x")] {
        std::fs::copy(script, folder.join(name)).expect("OUT_DIR can be written to");
        println!("cargo::rerun-if-changed={script}");
    }
    println!("cargo::rustc-link-search={}", folder.display());
    // here and not in .cargo/config.toml, where a user's RUSTFLAGS would replace it
    let mut scripts = vec!["link.x", "defmt.x", "stack.x"];
    if std::env::var("CARGO_PKG_NAME").as_deref() == Ok("pico") {
        // embassy-rp's: its second stage of booting
        scripts.push("link-rp.x");
    }
    for script in scripts {
        println!("cargo::rustc-link-arg-bins=-T{script}");
    }
    // no padding between the headers and the sections: flash is written from its start
    println!("cargo::rustc-link-arg-bins=--nmagic");
}
