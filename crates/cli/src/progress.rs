//! Shows what child processes tell: bars on a terminal, plain lines in a pipe, nothing where quiet.
//!
//! All of it goes to standard error, so that standard output holds results alone.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write as _};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::OutputArgs;
use crate::outcome::Outcome;
use crate::plain;
use crate::pool::Show;
use crate::task::Event;

/// Says a line to standard error, outside any progress.
pub fn note(line: &str) {
    // Where nobody reads it any more (`lrscope … 2>&1 | head`, a terminal that has closed), the work goes on all the same.
    let _ = writeln!(std::io::stderr(), "{}", plain::text(line));
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Bars,
    Lines,
    Nothing,
}

/// Progress of a set of jobs.
pub struct Display {
    manner: Manner,
    colour: bool,
    bars: MultiProgress,
    all: ProgressBar,
    each: BTreeMap<usize, ProgressBar>,
    ended: usize,
    jobs: usize,
    say_ends: bool,
    /// When the bars' clocks were last moved on.
    ticked: Instant,
}

/// Columns of a bar's label.
const LABEL: usize = 24;
/// Time between two moves of the bars' clocks. indicatif's own clock is a thread for each bar, and where the machine has no room
/// for one it panics.
const TICK: Duration = Duration::from_millis(200);

impl Display {
    /// A display for so many jobs under a title, for example `range test`.
    pub fn new(output: OutputArgs, title: &str, jobs: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let manner = match (output.quiet, terminal) {
            (true, _) => Manner::Nothing,
            (false, true) => Manner::Bars,
            (false, false) => Manner::Lines,
        };
        let target = if manner == Manner::Bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        // https://no-color.org: any value but the empty one.
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let all = bars.add(ProgressBar::new(jobs as u64));
        all.set_style(style(colour, "{msg:<24} {wide_bar} {pos:>6}/{len} runs  {elapsed}"));
        all.set_message(plain::word(title).into_owned());
        Self {
            manner,
            colour,
            bars,
            all,
            each: BTreeMap::new(),
            ended: 0,
            jobs,
            say_ends: true,
            ticked: Instant::now(),
        }
    }

    /// The same, silent about how jobs end: for a caller that says it itself.
    pub fn quietly_ended(mut self) -> Self {
        self.say_ends = false;
        self
    }

    /// Says a line above the bars.
    pub fn say(&self, line: &str) {
        match self.manner {
            // A failure to draw is no reason to stop a run.
            Manner::Bars => drop(self.bars.println(plain::text(line))),
            Manner::Lines => note(line),
            Manner::Nothing => {}
        }
    }

    /// Removes the bars.
    pub fn finish(&self) {
        for bar in self.each.values() {
            bar.finish_and_clear();
        }
        self.all.finish_and_clear();
    }

    fn bar(&mut self, job: usize) -> &ProgressBar {
        let (bars, all) = (&self.bars, &self.all);
        self.each.entry(job).or_insert_with(|| bars.insert_before(all, ProgressBar::new(0)))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Show for Display {
    fn started(&mut self, job: usize, label: &str) {
        let colour = self.colour;
        let bar = self.bar(job);
        bar.set_style(style(colour, "{prefix:<24} {spinner} {msg}"));
        bar.set_prefix(plain::fitted(&plain::word(label), LABEL));
        bar.tick();
    }

    fn event(&mut self, job: usize, label: &str, event: &Event) {
        if let Event::Resumed { step, notes } = event {
            let label = plain::word(label);
            for note in notes {
                self.say(&format!("{label}: {note}"));
            }
            if *step > 0 {
                self.say(&format!("{label}: goes on from step {step}"));
            }
        }
        let colour = self.colour;
        let bar = self.bar(job);
        match event {
            Event::Data { phase, done, total } => {
                if let Some(total) = total {
                    bar.set_style(style(colour, "{prefix:<24} {wide_bar} {percent:>3} % {msg}"));
                    bar.set_length(*total);
                    bar.set_position(*done);
                }
                bar.set_message(plain::word(phase).into_owned());
            }
            Event::Waiting => bar.set_message("waits for another process that does the same run"),
            Event::Started { steps } => {
                bar.set_style(style(colour, "{prefix:<24} {wide_bar} {pos:>6}/{len} {msg}"));
                bar.set_length(*steps);
                bar.set_position(0);
                bar.set_message("");
            }
            Event::Step { step, loss, lr } => {
                bar.set_position(*step);
                bar.set_message(format!("loss {loss:.4}  lr {lr:.2e}  {}", eta(bar)));
            }
            Event::Resumed { step, .. } => {
                bar.set_position(*step);
                // The updates before were not done in this bar's time.
                bar.reset_eta();
            }
            Event::Evaluated { .. }
            | Event::DataReady { .. }
            | Event::Interrupted { .. }
            | Event::Finished { .. }
            | Event::Failed { .. } => {}
        }
    }

    fn announce(&mut self, line: &str) {
        self.say(line);
    }

    fn tick(&mut self) {
        if self.manner == Manner::Bars && self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            self.each.values().for_each(ProgressBar::tick);
            if self.jobs > 1 {
                self.all.tick();
            }
        }
    }

    fn waits(&mut self, job: usize) {
        if let Some(bar) = self.each.remove(&job) {
            bar.finish_and_clear();
        }
    }

    fn ended(&mut self, job: usize, label: &str, outcome: &Outcome) {
        self.waits(job);
        self.ended += 1;
        self.all.set_position(self.ended as u64);
        if !self.say_ends {
            return;
        }
        let (count, label) = (format!("[{}/{}]", self.ended, self.jobs), plain::word(label));
        match outcome {
            Outcome::Failed { error, .. } => self.say(&format!("{count} {label}: failed: {error}")),
            Outcome::Interrupted { .. } => self.say(&format!("{count} {label}: {}", outcome.words())),
            Outcome::Done(event) if self.manner == Manner::Lines => {
                self.say(&format!("{count} {label}: {}", words(event)));
            }
            Outcome::Done(_) => {}
        }
    }
}

/// Time left, once there is something to guess it from.
fn eta(bar: &ProgressBar) -> String {
    if bar.position() < 10 {
        return String::new();
    }
    format!("{} s left", bar.eta().as_secs())
}

fn words(event: &Event) -> String {
    match event {
        Event::DataReady { source } => source.clone(),
        Event::Finished { ending, .. } => ending_words(*ending),
        _ => "done".to_owned(),
    }
}

fn ending_words(ending: lrscope_runner::analysis::Ending) -> String {
    use lrscope_runner::analysis::Ending;
    match ending {
        Ending::Completed => "done".to_owned(),
        Ending::Diverged { step } => format!("done (the loss diverged at step {step})"),
        Ending::NonFinite { step } => format!("done (the loss was not finite at step {step})"),
    }
}

/// A bar's style; without colour where the user asked for none. The templates are constants, so a bad one shows at once.
fn style(colour: bool, template: &str) -> ProgressStyle {
    let template = if colour {
        template.replace("{wide_bar}", "{wide_bar:.cyan/238}").replace("{spinner}", "{spinner:.cyan}")
    } else {
        template.to_owned()
    };
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}
