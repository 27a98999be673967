//! One figure of the bench, with its target.
use cpu_time::ProcessTime;

/// One figure with its target.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) ratio: f64,
    pub(crate) target: f64,
}

impl Figure {
    /// `P1 0.52 target <= 0.35 missed`.
    pub(crate) fn print(&self) {
        let met = if self.ratio <= self.target { "met" } else { "missed" };
        println!("{} {:.3} target <= {} {met}", self.name, self.ratio, self.target);
    }
}

/// The process CPU time of the work in microseconds.
pub(crate) struct Stopwatch {
    total: f64,
}

impl Stopwatch {
    pub(crate) const fn new() -> Self {
        Self { total: 0.0 }
    }

    /// Times one run.
    pub(crate) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = ProcessTime::now();
        let result = work();
        self.total += start.elapsed().as_secs_f64() * 1e6;
        result
    }

    pub(crate) const fn micros(&self) -> f64 {
        self.total
    }
}

/// The minimum of each side over interleaved rounds.
pub(crate) fn interleaved(rounds: usize, mut ours: impl FnMut() -> f64, mut peer: impl FnMut() -> f64) -> (f64, f64) {
    let mut best = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds {
        best.0 = best.0.min(ours());
        best.1 = best.1.min(peer());
    }
    best
}
