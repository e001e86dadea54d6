//! What simulated nodes do with commands: answers, delays, and where they let the connection break.
//!
//! Written as `key=value` pairs, `answer=failed,exit-code=3,delay=100ms..2s`: for a fleet on the command line, or for
//! one command as its first line, after `muster-sim `. Not for: doing it.

use std::{str::FromStr, time::Duration};

/// First words of a command line that holds a script.
const MARK: &str = "muster-sim ";

/// How a node answers a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// `Success`.
    Success,
    /// `Failed`.
    Failed,
    /// `TimedOut`.
    TimedOut,
    /// Not at all, not even that it was received.
    Ignore,
}

/// Whose messages a node sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Muster's agent: acknowledgement and final reply; with several steps, one reply for each before.
    Muster,
    /// The official agent: also a reply when it starts, and one for each step always.
    Official,
}

/// A moment at which the connection may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The job has come; the node forgets it.
    Receipt,
    /// The node has taken the job; the server does not hear of it.
    BeforeAck,
    /// The job is acknowledged.
    AfterAck,
    /// The command has ended; the replies are not sent.
    BeforeFinal,
    /// The final reply is sent, its acknowledgement not read.
    AfterFinal,
}

const STAGES: [(&str, Stage); 5] = [
    ("receipt", Stage::Receipt),
    ("before-ack", Stage::BeforeAck),
    ("after-ack", Stage::AfterAck),
    ("before-final", Stage::BeforeFinal),
    ("after-final", Stage::AfterFinal),
];

/// What nodes do with commands.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// The result.
    pub answer: Answer,
    /// Of the last step.
    pub exit_code: i64,
    /// Of each step.
    pub stdout: String,
    /// Of each step.
    pub stderr: String,
    /// How long a command takes, evenly between the two.
    pub delay: (Duration, Duration),
    /// How many steps are reported.
    pub steps: u32,
    /// Which messages are sent.
    pub style: Style,
    /// How often each reply is sent, beyond once.
    pub duplicates: u32,
    /// Share of the commands at which the connection breaks, by stage, in the order of [`Stage`]; once at each.
    pub cuts: [f64; STAGES.len()],
    /// Two connections for each identity, which the server must keep apart.
    pub twins: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            answer: Answer::Success,
            exit_code: 0,
            stdout: "simulated\n".to_owned(),
            stderr: String::new(),
            delay: (Duration::ZERO, Duration::ZERO),
            steps: 1,
            style: Style::Muster,
            duplicates: 0,
            cuts: [0.0; STAGES.len()],
            twins: false,
        }
    }
}

impl Script {
    /// Its share of broken connections at a stage.
    pub fn cut_share(&self, stage: Stage) -> f64 {
        STAGES.iter().zip(self.cuts).find(|((_, other), _)| *other == stage).map_or(0.0, |(_, share)| share)
    }

    /// The same, with connections that break at a stage.
    #[must_use]
    pub fn with_cut(mut self, stage: Stage, share: f64) -> Self {
        for ((_, other), value) in STAGES.iter().zip(&mut self.cuts) {
            if *other == stage {
                *value = share;
            }
        }
        self
    }

    /// The same, with what this line of a command says; `None` if it says nothing about a script.
    pub(super) fn changed_by(&self, line: &str) -> Option<Self> {
        let mut script = self.clone();
        script.read(line.strip_prefix(MARK)?).ok()?;
        Some(script)
    }

    fn read(&mut self, text: &str) -> Result<(), String> {
        for setting in text.trim().split(',').filter(|setting| !setting.is_empty()) {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            self.set(key.trim(), value).map_err(|why| format!("`{setting}`: {why}"))?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "answer" => {
                self.answer = match value {
                    "success" => Answer::Success,
                    "failed" => Answer::Failed,
                    "timed-out" => Answer::TimedOut,
                    "ignore" => Answer::Ignore,
                    _ => return Err("use success, failed, timed-out or ignore".to_owned()),
                };
                if self.answer == Answer::Failed && self.exit_code == 0 {
                    self.exit_code = 1;
                }
            }
            "exit-code" => {
                self.exit_code = number(value)?;
                if self.exit_code != 0 && self.answer == Answer::Success {
                    self.answer = Answer::Failed;
                }
            }
            "stdout" => self.stdout = value.replace("\\n", "\n"),
            "stderr" => self.stderr = value.replace("\\n", "\n"),
            "delay" => self.delay = delay(value)?,
            "steps" => self.steps = number::<u32>(value)?.max(1),
            "duplicates" => self.duplicates = number(value)?,
            "style" => {
                self.style = match value {
                    "muster" => Style::Muster,
                    "official" => Style::Official,
                    _ => return Err("use muster or official".to_owned()),
                }
            }
            "cut" => {
                let (stage, share) = value.split_once(':').unwrap_or((value, "1"));
                let share: f64 = number(share)?;
                let known = STAGES.iter().find(|(name, _)| *name == stage);
                let (_, stage) =
                    known.ok_or("use receipt, before-ack, after-ack, before-final or after-final")?;
                if !(0.0..=1.0).contains(&share) {
                    return Err("the share is between 0 and 1".to_owned());
                }
                *self = self.clone().with_cut(*stage, share);
            }
            "twins" => self.twins = true,
            _ => {
                return Err("the settings are answer, exit-code, stdout, stderr, delay, steps, style, \
                            duplicates, cut, twins"
                    .to_owned());
            }
        }
        Ok(())
    }
}

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut script = Self::default();
        script.read(text)?;
        Ok(script)
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

/// `100ms` or `100ms..2s`.
fn delay(text: &str) -> Result<(Duration, Duration), String> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let (least, most) = (duration(least)?, duration(most)?);
    if least > most { Err("the first must be the shorter one".to_owned()) } else { Ok((least, most)) }
}

/// `250ms`, `1.5s`, `2m`.
///
/// # Errors
/// A text that is none, in words.
pub fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let (digits, unit_ms) = if let Some(digits) = text.strip_suffix("ms") {
        (digits, 1.0)
    } else if let Some(digits) = text.strip_suffix('s') {
        (digits, 1000.0)
    } else if let Some(digits) = text.strip_suffix('m') {
        (digits, 60_000.0)
    } else {
        return Err(format!("`{text}` has no unit: write 250ms, 1.5s or 2m"));
    };
    let milliseconds = number::<f64>(digits)? * unit_ms;
    Duration::try_from_secs_f64(milliseconds / 1000.0).map_err(|_| format!("`{text}` is not a duration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_scripts() {
        let text =
            "answer=failed,exit-code=3,stdout=a\\nb,delay=100ms..2s,cut=before-ack:0.5,cut=after-final,twins";
        let script: Script = text.parse().unwrap();
        assert_eq!((script.answer, script.exit_code, script.stdout.as_str()), (Answer::Failed, 3, "a\nb"));
        assert_eq!(script.delay, (Duration::from_millis(100), Duration::from_secs(2)));
        assert!((script.cut_share(Stage::BeforeAck) - 0.5).abs() < 1e-9);
        assert!((script.cut_share(Stage::AfterFinal) - 1.0).abs() < 1e-9);
        assert!(script.cut_share(Stage::Receipt).abs() < 1e-9 && script.twins);
        assert_eq!("".parse::<Script>().unwrap(), Script::default());
        assert_eq!("exit-code=2".parse::<Script>().unwrap().answer, Answer::Failed);
    }

    #[test]
    fn says_what_is_wrong() {
        for (bad, word) in [
            ("answer=maybe", "success"),
            ("delay=5", "unit"),
            ("delay=2s..1s", "shorter"),
            ("cut=later", "receipt"),
            ("cut=receipt:2", "between"),
            ("colour=red", "settings"),
            ("steps=x", "number"),
            ("delay=-1s", "duration"),
        ] {
            let why = bad.parse::<Script>().unwrap_err();
            assert!(why.contains(word), "{bad}: {why}");
        }
    }

    #[test]
    fn a_command_may_bring_its_own() {
        let fleet = Script { delay: (Duration::ZERO, Duration::from_secs(1)), ..Script::default() };
        let script = fleet.changed_by("muster-sim exit-code=7").unwrap();
        assert_eq!((script.exit_code, script.delay), (7, fleet.delay));
        assert_eq!(fleet.changed_by("true"), None);
        assert_eq!(fleet.changed_by("muster-sim nonsense"), None);
    }
}
