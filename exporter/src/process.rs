//! Enters: nothing. Leaves: how much memory and time this process has taken. Next: `train`
//! and `bench`, which report it.

/// Largest resident set of this process so far, in bytes; `None` where the system does not
/// say (it does on Linux).
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Clock ticks of a second in `/proc`: the same on every Linux.
const TICKS: f64 = 100.0;

/// Processor time of this process so far, all threads together, in seconds; `None` where the
/// system does not say (it does on Linux). Unlike the time on the wall it hardly depends on
/// what else the machine does.
pub fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // the name in brackets may hold anything; user and system time are fields 14 and 15
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) as f64 / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_large_buffer_is_seen() {
        let buffer = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(peak_memory_bytes().unwrap() >= buffer.len() as u64);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_takes_time() {
        let before = cpu_seconds().unwrap();
        let start = std::time::Instant::now();
        let mut sum = 0_u64;
        while cpu_seconds().unwrap() < before + 0.05 {
            sum = std::hint::black_box(sum.wrapping_add(1));
            assert!(start.elapsed().as_secs() < 60, "no time passes");
        }
    }
}
