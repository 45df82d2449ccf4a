//! What the kernel says about processes: the CPU time and the memory of each.

use std::fs::read_to_string;

/// The kernel counts CPU time in hundredths of a second.
const TICKS_PER_S: f64 = 100.0;

/// CPU seconds that a process has used so far.
pub fn cpu_s(pid: u32) -> f64 {
    let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in brackets, may hold anything; user and system time are the 12th and 13th after it.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS_PER_S
}

/// CPU seconds that the whole machine has used so far.
fn machine_s() -> f64 {
    let stat = read_to_string("/proc/stat").unwrap();
    let ticks: Vec<f64> =
        stat.lines().next().unwrap().split_whitespace().skip(1).map(|ticks| ticks.parse().unwrap()).collect();
    // user, nice, system; irq, softirq, steal. Idle and waiting for the disk are not work.
    ticks
        .iter()
        .take(8)
        .enumerate()
        .filter(|(index, _)| ![3, 4].contains(index))
        .map(|(_, ticks)| ticks)
        .sum::<f64>()
        / TICKS_PER_S
}

/// Resident memory of a process in MB, now and at its highest.
pub fn memory_mb(pid: u32) -> (f64, f64) {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mb = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    };
    (mb("VmRSS"), mb("VmHWM"))
}

/// Lets the highest memory of a process begin anew.
pub fn forget_peak(pid: u32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
}

/// CPU seconds of everybody at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    service: f64,
    mongod: f64,
    bench: f64,
    machine: f64,
}

/// CPU seconds between two moments.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuUsed {
    pub service_s: f64,
    pub mongod_s: f64,
    /// By everybody whom this benchmark did not start, and its own polling.
    pub other_s: f64,
}

impl Cpu {
    /// Reads the clocks of these processes, of this one and of the machine.
    pub fn now(service: u32, mongod: u32, load: u32) -> Self {
        Self {
            service: cpu_s(service),
            mongod: cpu_s(mongod),
            bench: cpu_s(load) + cpu_s(std::process::id()),
            machine: machine_s(),
        }
    }

    /// What was used since `before`.
    pub fn since(&self, before: &Self) -> CpuUsed {
        let (service_s, mongod_s) = (self.service - before.service, self.mongod - before.mongod);
        let known_s = service_s + mongod_s + self.bench - before.bench;
        CpuUsed { service_s, mongod_s, other_s: (self.machine - before.machine - known_s).max(0.0) }
    }
}
