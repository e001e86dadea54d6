//! Numbers beside their targets: a table for people, JSON for comparing runs. Not for: measuring.

use crate::{Result, Setting};
use serde::Serialize;
use std::{fmt::Write as _, fs};

/// One number.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// The number.
    pub(crate) value: f64,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// What it should be below, or above.
    pub(crate) target: Option<Target>,
}

/// What a number should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// Less than this.
    Below(f64),
    /// More than this.
    Above(f64),
    /// Exactly this.
    Exactly(f64),
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { what: what.into(), value, unit, target: None }
    }

    /// The same with a target.
    pub(crate) fn below(self, target: f64) -> Self {
        Self { target: Some(Target::Below(target)), ..self }
    }

    /// The same with a target.
    pub(crate) fn above(self, target: f64) -> Self {
        Self { target: Some(Target::Above(target)), ..self }
    }

    /// The same with a target.
    pub(crate) fn exactly(self, target: f64) -> Self {
        Self { target: Some(Target::Exactly(target)), ..self }
    }

    fn met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::Below(most) => self.value < most,
            Target::Above(least) => self.value > least,
            Target::Exactly(value) => (self.value - value).abs() < 1e-9,
        })
    }
}

/// Rows of all benchmarks.
#[derive(Debug, Default)]
pub(crate) struct Results(Vec<(&'static str, Vec<Row>)>);

impl Results {
    /// Adds the rows of a benchmark, and writes them to `<output>/<name>.json`.
    pub(crate) fn add(&mut self, setting: &Setting, name: &'static str, rows: Vec<Row>) -> Result {
        fs::write(setting.output.join(format!("{name}.json")), serde_json::to_vec_pretty(&rows)?)?;
        self.0.push((name, rows));
        Ok(())
    }

    pub(crate) fn all_met(&self) -> bool {
        self.0.iter().flat_map(|(_, rows)| rows).all(|row| row.met() != Some(false))
    }

    pub(crate) fn table(&self) -> String {
        let rows = || self.0.iter().flat_map(|(name, rows)| rows.iter().map(move |row| (name, row)));
        let width = rows().map(|(_, row)| row.what.chars().count()).max().unwrap_or_default();
        let mut table = format!("{:<8}  {:<width$}  {:>14}  {:>14}\n", "", "", "measured", "target");
        for (name, row) in rows() {
            let target = match row.target {
                None => String::new(),
                Some(Target::Below(most)) => format!("< {}", spell(most, row.unit)),
                Some(Target::Above(least)) => format!("> {}", spell(least, row.unit)),
                Some(Target::Exactly(value)) => spell(value, row.unit),
            };
            let verdict = match row.met() {
                None => "",
                Some(true) => "met",
                Some(false) => "MISSED",
            };
            let measured = spell(row.value, row.unit);
            // Writing to a String does not fail.
            let _ =
                writeln!(table, "{name:<8}  {:<width$}  {measured:>14}  {target:>14}  {verdict}", row.what);
        }
        table
    }
}

fn spell(value: f64, unit: &str) -> String {
    let digits = if value.fract() == 0.0 || value.abs() >= 1000.0 { 0 } else { 2 };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

/// The number below which this share of the sorted numbers lies.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let index = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(index.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// Sorted for [`percentile`].
pub(crate) fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let numbers = sorted((1..=100).rev().map(f64::from).collect());
        assert!((percentile(&numbers, 0.5) - 50.0).abs() < 1e-9);
        assert!((percentile(&numbers, 0.99) - 99.0).abs() < 1e-9);
        assert!((percentile(&numbers, 1.0) - 100.0).abs() < 1e-9);
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_missed_target_shows() {
        let mut results = Results::default();
        results
            .0
            .push(("x", vec![Row::new("a", 3.0, "ms").below(5.0), Row::new("b", 7.25, "ms").below(5.0)]));
        assert!(!results.all_met());
        let table = results.table();
        assert!(table.contains("3 ms") && table.contains("< 5 ms  met") && table.contains("7.25 ms"));
        assert!(table.contains("MISSED"));
    }
}
