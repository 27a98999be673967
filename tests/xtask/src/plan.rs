//! The stages to run, in order.
use std::{process::ExitCode, time::Instant};

use crate::{
    built::Built,
    stage::{BUILD_BUDGET, Kind, STAGES, Stage},
    table::{Row, render},
    tally::Tally,
};

/// Which stages to run.
pub(crate) struct Plan {
    stages: Vec<&'static Stage>,
}

impl Plan {
    /// `[--only STAGE]... [--skip STAGE]...`
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let (mut only, mut skip) = (Vec::new(), Vec::new());
        let mut words = arguments.iter();
        while let Some(option) = words.next() {
            let list = match option.as_str() {
                "--only" => &mut only,
                "--skip" => &mut skip,
                other => return Err(format!("no option `{other}`")),
            };
            let name = words.next().ok_or_else(|| format!("`{option}` wants a stage"))?;
            list.push(STAGES.iter().find(|stage| stage.name == name).ok_or_else(|| format!("no stage `{name}`"))?.name);
        }
        let wanted = |stage: &&Stage| (only.is_empty() || only.contains(&stage.name)) && !skip.contains(&stage.name);
        Ok(Self { stages: STAGES.iter().filter(wanted).collect() })
    }

    /// These stages.
    pub(crate) fn only(names: &[&str]) -> Self {
        Self { stages: STAGES.iter().filter(|stage| names.contains(&stage.name)).collect() }
    }

    /// Runs all stages even if some fail, and prints the table.
    pub(crate) fn run(&self) -> ExitCode {
        let mut rows = Vec::new();
        let mut built = None;
        let mut tried = false;
        for stage in &self.stages {
            if matches!(stage.kind, Kind::Tests(_) | Kind::RestOfTests | Kind::Interop) && !tried {
                tried = true;
                let (row, binaries) = self.build();
                rows.push(row);
                built = binaries;
            }
            println!("\n== {}: {}", stage.name, stage.about);
            let (seconds, tally) = timed(|| stage.run(built.as_ref()));
            for reason in &tally.reasons {
                println!("{reason}");
            }
            rows.push(Row { stage: stage.name, seconds, budget: stage.budget, tally });
        }
        println!("{}", render(&rows));
        if rows.iter().any(|row| row.tally.failed > 0) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn build(&self) -> (Row, Option<Built>) {
        println!("\n== build: every test, in one set of features");
        let mut packages = Vec::new();
        let mut whole = false;
        for stage in &self.stages {
            match stage.kind {
                Kind::Tests(names) => packages.extend(names),
                Kind::Interop => packages.push("rid-interop"),
                Kind::RestOfTests => whole = true,
                Kind::Check(_) => {}
            }
        }
        if whole {
            packages.clear();
        }
        let (seconds, built) = timed(|| Built::build(&packages));
        let tally = if built.is_some() { Tally::default() } else { Tally::failed("the tests do not build") };
        (Row { stage: "build", seconds, budget: BUILD_BUDGET, tally }, built)
    }
}

#[expect(clippy::disallowed_methods, reason = "seconds of a stage are the task runner's own business")]
fn timed<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs(), result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Result<Vec<&'static str>, String> {
        let words: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        Plan::parse(&words).map(|plan| plan.stages.iter().map(|stage| stage.name).collect())
    }

    #[test]
    fn only_and_skip_choose_stages() {
        assert_eq!(names(&["--only", "sim", "--only", "fmt"]), Ok(vec!["fmt", "sim"]));
        assert!(names(&["--skip", "sim"]).is_ok_and(|names| !names.contains(&"sim") && names.contains(&"core")));
        assert_eq!(names(&["--only", "nothing"]), Err("no stage `nothing`".into()));
        assert_eq!(names(&["--all"]), Err("no option `--all`".into()));
    }
}
