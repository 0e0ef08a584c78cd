//! How much memory a process has.

/// What the process has in memory now, in MiB; 0 where the system does not tell.
#[must_use]
pub fn resident_mib() -> f64 {
    status("VmRSS:")
}

/// The most that the process ever had in memory, in MiB; 0 where the system does not tell.
#[must_use]
pub fn peak_mib() -> f64 {
    status("VmHWM:")
}

/// A line of <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>, which counts in KiB.
fn status(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
