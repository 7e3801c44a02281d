//! Enters: the halfwords of one function. Leaves: by how much each instruction moves the stack
//! pointer down and where it goes, as far as that matters to a bound. Next: `program` adds up.
//!
//! Not a disassembler: an instruction is told apart only if it writes the stack pointer or the
//! program counter. One that writes the stack pointer in a way that is not listed here is
//! [`Effect::Unknown`], never passed over. The encodings are those of the Armv8-M Architecture
//! Reference Manual (DDI 0553), of which ARMv6-M and ARMv7-M have a part.

/// What an instruction does to stack pointer and program counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing, or the stack pointer goes up.
    None,
    /// Registers are pushed: so many bytes.
    Push(u32),
    /// The stack pointer goes down by so many bytes.
    Down(u32),
    /// The stack pointer goes back to so many bytes below the frame pointer.
    Restore(u32),
    /// The stack pointer is moved by a register.
    AddRegister(u8),
    /// The stack pointer is set from a register.
    SetRegister(u8),
    /// A call of this address.
    Call(u32),
    /// A jump to this address; out of the function it is a call without a return.
    Jump(u32),
    /// A call or jump by a register.
    Indirect,
    /// Writes the stack pointer in a way that has no bound.
    Unknown,
}

/// The frame pointer of Rust's code, `r7`.
const FRAME_POINTER: u16 = 7;
const SP: u16 = 13;

/// Whether an instruction has two halfwords.
pub fn is_wide(first: u16) -> bool {
    first >> 11 >= 0b11101
}

/// An instruction of one halfword at an address.
pub fn narrow(at: u32, code: u16) -> Effect {
    let low = u32::from(code & 0xff);
    let register = (code >> 3 & 15) as u8;
    let target = code >> 4 & 8 | code & 7;
    match code >> 8 {
        0x44 if target == SP => Effect::AddRegister(register),
        0x46 if target == SP => Effect::SetRegister(register),
        0x47 if code == 0x4770 => Effect::None, // bx lr: return
        0x47 => Effect::Indirect,
        0xb0 if code & 0x80 != 0 => Effect::Down(4 * (low & 0x7f)),
        0xb4 | 0xb5 => Effect::Push(4 * (code & 0x1ff).count_ones()),
        // compare with zero and branch
        0xb1 | 0xb3 | 0xb9 | 0xbb => {
            let offset = low >> 3 << 1 | u32::from(code >> 9 & 1) << 6;
            Effect::Jump(at.wrapping_add(4 + offset))
        }
        0xd0..=0xdd => Effect::Jump(branch(at, low << 1, 9)),
        0xe0..=0xe7 => Effect::Jump(branch(at, u32::from(code & 0x7ff) << 1, 12)),
        _ => Effect::None,
    }
}

/// An instruction of two halfwords at an address.
pub fn wide(at: u32, first: u16, second: u16) -> Effect {
    let base = first & 15;
    match first >> 9 & 15 {
        0b0100 => multiple(first, second),
        // data processing by a register
        0b0101 if second >> 8 & 15 == SP => Effect::Unknown,
        // coprocessor and floating point, of which loads and stores may write back
        0b0110 | 0b1110 if first & 0x20 != 0 && base == SP => {
            written_back(first, 4 * u32::from(second & 0xff))
        }
        0b1000..=0b1011 if second & 0x8000 == 0 => immediate(first, second),
        0b1000..=0b1011 => control(at, first, second),
        0b1100 => single(first, second),
        0b1101 if second >> 8 & 15 == SP => Effect::Unknown,
        _ => Effect::None,
    }
}

/// Loads and stores of several registers, of two, and exclusive ones.
fn multiple(first: u16, second: u16) -> Effect {
    let (is_load, writes_back) = (first & 0x10 != 0, first & 0x20 != 0);
    let is_dual = first & 0x40 != 0;
    if is_dual {
        // with neither index nor write-back it is an exclusive access or a table branch
        let is_indexed = first & 0x120 != 0;
        let loads_sp = second >> 12 == SP || second >> 8 & 15 == SP;
        if is_indexed && is_load && loads_sp {
            return Effect::Unknown;
        }
        if is_indexed && writes_back && first & 15 == SP {
            return written_back(first, 4 * u32::from(second & 0xff));
        }
        return Effect::None;
    }
    if is_load && second & 1 << SP != 0 {
        return Effect::Unknown;
    }
    match (first & 0xffd0, writes_back && first & 15 == SP) {
        (_, false) | (0xe890, true) => Effect::None, // ldmia sp!: pop
        (0xe900, true) => Effect::Push(4 * second.count_ones()), // stmdb sp!: push
        _ => Effect::Unknown,
    }
}

/// Data processing by a number.
fn immediate(first: u16, second: u16) -> Effect {
    if second >> 8 & 15 != SP {
        return Effect::None;
    }
    let number = u32::from(first >> 10 & 1) << 11 | u32::from(second >> 12 & 7) << 8;
    let number = number | u32::from(second & 0xff);
    let base = first & 15;
    // add, sub by an expanded number; addw, subw by a plain one; any may set flags or not
    let (is_sum, number) = match first & 0xfbe0 {
        0xf100 => (true, expanded(number)),
        0xf1a0 => (false, expanded(number)),
        0xf200 => (true, number),
        0xf2a0 => (false, number),
        _ => return Effect::Unknown,
    };
    match (base, is_sum) {
        (SP, true) if number < 1 << 31 => Effect::None,
        (SP, false) if number < 1 << 31 => Effect::Down(number),
        (FRAME_POINTER, false) if number < 1 << 31 => Effect::Restore(number),
        _ => Effect::Unknown,
    }
}

/// The number that twelve bits stand for (`ThumbExpandImm`).
fn expanded(bits: u32) -> u32 {
    let byte = bits & 0xff;
    match bits >> 8 & 15 {
        0 => byte,
        1 => byte << 16 | byte,
        2 => byte << 24 | byte << 8,
        3 => byte * 0x0101_0101,
        _ => (byte | 0x80).rotate_right(bits >> 7 & 31),
    }
}

/// Branches, and access to special registers.
fn control(at: u32, first: u16, second: u16) -> Effect {
    let (sign, high) = (u32::from(first >> 10 & 1), u32::from(first & 0x3ff));
    let low = u32::from(second & 0x7ff) << 1;
    let (j1, j2) = (u32::from(second >> 13 & 1), u32::from(second >> 11 & 1));
    // i = not (j xor sign)
    let (i1, i2) = (1 ^ j1 ^ sign, 1 ^ j2 ^ sign);
    let far = sign << 24 | i1 << 23 | i2 << 22 | high << 12 | low;
    match second >> 12 & 0b101 {
        0b101 => Effect::Call(branch(at, far, 25)),
        0b001 => Effect::Jump(branch(at, far, 25)),
        0b100 => Effect::Indirect, // blx to a core that knows ARM code: none of ours
        _ if first >> 7 & 7 != 7 => {
            let near = sign << 20 | j2 << 19 | j1 << 18 | (high & 0x3f) << 12 | low;
            Effect::Jump(branch(at, near, 21))
        }
        // msr of a stack pointer: msp, psp and their secure twins
        _ if first & 0xffe0 == 0xf380 && matches!(second & 0x7f, 8 | 9 | 0x18) => Effect::Unknown,
        _ => Effect::None,
    }
}

/// A load or store of one register.
fn single(first: u16, second: u16) -> Effect {
    let (is_load, base) = (first & 0x10 != 0, first & 15);
    let target = second >> 12;
    if is_load && target == SP {
        return Effect::Unknown;
    }
    // post-indexed or pre-indexed by eight bits, with write-back
    if first & 0x80 == 0 && second & 0x900 == 0x900 && base == SP {
        let goes_up = second & 0x200 != 0;
        return match (is_load, goes_up) {
            (true, true) => Effect::None,
            (false, false) => Effect::Push((second & 0xff).into()),
            _ => Effect::Unknown,
        };
    }
    if is_load && target == 15 && first & 0x60 == 0x40 {
        return Effect::Indirect; // a word into the program counter
    }
    Effect::None
}

/// A load or store that writes the stack pointer back, with the up bit in the first halfword.
fn written_back(first: u16, bytes: u32) -> Effect {
    let (is_load, goes_up) = (first & 0x10 != 0, first & 0x80 != 0);
    match (is_load, goes_up) {
        (true, true) => Effect::None,
        (false, false) => Effect::Push(bytes),
        _ => Effect::Unknown,
    }
}

/// The address that an offset of so many bits leads to.
fn branch(at: u32, offset: u32, bits: u32) -> u32 {
    let unused = 32 - bits;
    let offset = (offset << unused) as i32 >> unused;
    at.wrapping_add(4).wrapping_add_signed(offset)
}

/// `ldr rT, [pc, #n]`: register and address of the number.
pub fn literal(at: u32, code: u16) -> Option<(u8, u32)> {
    let base = at.wrapping_add(4) & !3;
    (code >> 11 == 0b01001).then(|| ((code >> 8 & 7) as u8, base + 4 * u32::from(code & 0xff)))
}

/// `subs rD, r7, #n` (three bits) or `subs rD, #n` (eight): register, whether it starts anew
/// from the frame pointer, and number.
pub fn below_frame_pointer(code: u16) -> Option<(u8, bool, u32)> {
    if code >> 9 == 0b0001111 && code >> 3 & 7 == FRAME_POINTER {
        Some(((code & 7) as u8, true, u32::from(code >> 6 & 7)))
    } else if code >> 11 == 0b00111 {
        Some(((code >> 8 & 7) as u8, false, u32::from(code & 0xff)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_instructions_are_these() {
        for (code, expected) in [
            (0xb5f0, Effect::Push(20)),       // push {r4, r5, r6, r7, lr}
            (0xb082, Effect::Down(8)),        // sub sp, #8
            (0xb002, Effect::None),           // add sp, #8
            (0xbdf0, Effect::None),           // pop {r4, r5, r6, r7, pc}
            (0x44b5, Effect::AddRegister(6)), // add sp, r6
            (0x46b5, Effect::SetRegister(6)), // mov sp, r6
            (0x466f, Effect::None),           // mov r7, sp
            (0x4770, Effect::None),           // bx lr
            (0x4788, Effect::Indirect),       // blx r1
            (0x4708, Effect::Indirect),       // bx r1
            (0xe7fe, Effect::Jump(0x1000)),   // b .
            (0xd0fd, Effect::Jump(0x0ffe)),   // beq .-2
            (0xb110, Effect::Jump(0x1008)),   // cbz r0, .+8
            (0xbb10, Effect::Jump(0x1048)),   // cbnz r0, .+72
            (0xaf03, Effect::None),           // add r7, sp, #12
        ] {
            assert_eq!(narrow(0x1000, code), expected, "{code:#06x}");
        }
        assert_eq!(literal(0x100, 0x4e63), Some((6, 0x290))); // ldr r6, [pc, #396]
        assert_eq!(below_frame_pointer(0x1ffe), Some((6, true, 7))); // subs r6, r7, #7
        assert_eq!(below_frame_pointer(0x3e05), Some((6, false, 5))); // subs r6, #5
        assert_eq!(below_frame_pointer(0x1e76), None); // subs r6, r6, #1
    }

    #[test]
    fn wide_instructions_are_these() {
        for (first, second, expected) in [
            (0xe92d, 0x4ff0, Effect::Push(36)),     // push.w {r4-r11, lr}
            (0xe8bd, 0x8ff0, Effect::None),         // pop.w {r4-r11, pc}
            (0xe88d, 0x000f, Effect::None),         // stm.w sp, {r0-r3}
            (0xe92d, 0x0f00, Effect::Push(16)),     // push.w {r8-r11}
            (0xed2d, 0x8b04, Effect::Push(16)),     // vpush {d8, d9}
            (0xecbd, 0x8b04, Effect::None),         // vpop {d8, d9}
            (0xed2d, 0x8a01, Effect::Push(4)),      // vpush {s16}
            (0xf84d, 0xbd04, Effect::Push(4)),      // str r11, [sp, #-4]!
            (0xf85d, 0xbb04, Effect::None),         // ldr r11, [sp], #4
            (0xf85d, 0xfb04, Effect::None),         // ldr pc, [sp], #4: return
            (0xf8dd, 0xd004, Effect::Unknown),      // ldr sp, [sp, #4]
            (0xf5ad, 0x7d00, Effect::Down(512)),    // sub.w sp, sp, #512
            (0xf6ad, 0x0d0c, Effect::Down(2060)),   // subw sp, sp, #2060
            (0xf50d, 0x7d00, Effect::None),         // add.w sp, sp, #512
            (0xf1a7, 0x0d0c, Effect::Restore(12)),  // sub.w sp, r7, #12
            (0xf1a4, 0x0d0c, Effect::Unknown),      // sub.w sp, r4, #12
            (0xebad, 0x0d00, Effect::Unknown),      // sub.w sp, sp, r0
            (0xf380, 0x8808, Effect::Unknown),      // msr msp, r0
            (0xf3ef, 0x8008, Effect::None),         // mrs r0, msp
            (0xf000, 0xf800, Effect::Call(0x1004)), // bl .+4
            (0xf7ff, 0xfffe, Effect::Call(0x1000)), // bl .
            (0xf000, 0xb800, Effect::Jump(0x1004)), // b.w .+4
            (0xf43f, 0xaffe, Effect::Jump(0x1000)), // beq.w .
            (0xe8df, 0xf000, Effect::None),         // tbb [pc, r0]
            (0xf8d0, 0xf000, Effect::Indirect),     // ldr.w pc, [r0]
            (0xe9cd, 0x0102, Effect::None),         // strd r0, r1, [sp, #8]
            (0xe96d, 0x0102, Effect::Push(8)),      // strd r0, r1, [sp, #-8]!
        ] {
            assert_eq!(
                wide(0x1000, first, second),
                expected,
                "{first:#06x} {second:#06x}"
            );
        }
    }

    #[test]
    fn numbers_are_expanded() {
        assert_eq!(expanded(0x0ab), 0xab);
        assert_eq!(expanded(0x1ab), 0x00ab_00ab);
        assert_eq!(expanded(0x3ab), 0xabab_abab);
        assert_eq!(expanded(0xf00), 0x200);
        assert_eq!(expanded(0x47f), 0xff00_0000);
    }
}
