//! Enters: nothing. Leaves: the day and the machine. Next: the ledger keeps them beside the
//! figures that were measured then and there.

use std::time::{SystemTime, UNIX_EPOCH};

/// Today as `2025-03-01`, in universal time.
pub fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    date(now.map_or(0, |since| since.as_secs() / 86_400))
}

/// The date so many days after 1970-01-01.
fn date(mut days: u64) -> String {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

/// Cores and processor.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, |count| count.get());
    let cores = match cores {
        1 => "1 core".to_owned(),
        count => format!("{count} cores"),
    };
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    match name.and_then(|rest| rest.split_once(':')) {
        Some((_, name)) => format!("{cores} of {}", name.trim()),
        None => format!("{cores} of {}", std::env::consts::ARCH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates_also_around_leap_days() {
        for (days, text) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (20_088, "2024-12-31"),
            (20_089, "2025-01-01"),
        ] {
            assert_eq!(date(days), text);
        }
        assert!(machine().contains(" of "));
    }
}
