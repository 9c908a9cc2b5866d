//! Medians, minima and ratios of durations.

use std::time::Duration;

/// The durations of one side (the library, or hand-written code), one for each round.
#[derive(Debug, Default)]
pub(crate) struct Times {
    times: Vec<Duration>,
}

impl Times {
    pub(crate) fn push(&mut self, time: Duration) {
        self.times.push(time);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    fn sorted(&self) -> Vec<f64> {
        let mut times: Vec<f64> = self.times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        times
    }

    /// Returns the median in milliseconds.
    pub(crate) fn median(&self) -> f64 {
        self.sorted()[self.times.len() / 2]
    }

    /// Returns the time in milliseconds that this share of the rounds did not exceed.
    fn percentile(&self, share: f64) -> f64 {
        let sorted = self.sorted();
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a position in a short list"
        )]
        let at = (share * sorted.len() as f64) as usize;
        sorted[at.min(sorted.len() - 1)]
    }

    /// Returns the sum in milliseconds.
    fn sum(&self) -> f64 {
        self.times.iter().sum::<Duration>().as_secs_f64() * 1e3
    }

    /// Returns the minimum in milliseconds.
    pub(crate) fn minimum(&self) -> f64 {
        self.sorted()[0]
    }
}

/// Prints the median and the minimum.
pub(crate) fn say(what: &str, times: &Times) {
    println!("    {what:<44} {:>9.2} / {:>9.2} ms", times.median(), times.minimum());
}

/// Prints the median and the minimum, with the goal for the median in milliseconds.
pub(crate) fn say_within(what: &str, times: &Times, goal: Option<f64>) {
    let (median, goal) = (times.median(), said(times.median(), goal, " ms"));
    println!("    {what:<44} {median:>9.2} / {:>9.2} ms  {goal}", times.minimum());
}

/// Prints the ratio of the medians and of the minima, with the goal for the medians.
pub(crate) fn say_ratio(what: &str, ours: &Times, theirs: &Times, goal: Option<f64>) {
    let ratio = ours.median() / theirs.median();
    let least = ours.minimum() / theirs.minimum();
    let goal = said(ratio, goal, "");
    println!("    {what:<44} {ratio:>9.2} / {least:>9.2} ×   {goal}");
}

/// Prints how many operations there were in a second, and percentiles of their durations. The `periods` are those in which
/// all of them ran, several at the same time.
pub(crate) fn say_percentiles(what: &str, each: &Times, periods: &Times) {
    #[allow(clippy::cast_precision_loss, reason = "a number of operations")]
    let rate = each.times.len() as f64 / periods.sum() * 1e3;
    let [median, most, nearly_all] = [0.5, 0.95, 0.99].map(|share| each.percentile(share));
    println!("    {what:<44} {rate:>9.0} per second, p50 {median:.2}, p95 {most:.2}, p99 {nearly_all:.2} ms");
}

/// Prints what share one duration is of another.
pub(crate) fn say_share(what: &str, part: &Times, whole: &Times) {
    println!("    {what:<44} {:>9.2} of the duration", part.sum() / whole.sum());
}

/// Prints the ratio of the sums, with its goal, and of the medians.
pub(crate) fn say_ratio_of_sums(what: &str, ours: &Times, theirs: &Times, goal: Option<f64>) {
    let ratio = ours.sum() / theirs.sum();
    let medians = ours.median() / theirs.median();
    let (what, goal) = (format!("{what}, sum / median"), said(ratio, goal, ""));
    println!("    {what:<44} {ratio:>9.2} / {medians:>9.2} ×   {goal}");
}

fn said(found: f64, goal: Option<f64>, unit: &str) -> String {
    match goal {
        Some(goal) if found <= goal => format!("goal ≤ {goal:.2}{unit}: reached"),
        Some(goal) => format!("goal ≤ {goal:.2}{unit}: MISSED"),
        None => String::new(),
    }
}

/// Prints how many times longer the other side takes, with the goal for the medians.
pub(crate) fn say_faster(what: &str, theirs: &Times, ours: &Times, goal: Option<f64>) {
    let ratio = theirs.median() / ours.median();
    let least = theirs.minimum() / ours.minimum();
    let goal = match goal {
        Some(goal) if ratio >= goal => format!("goal ≥ {goal:.0}: reached"),
        Some(goal) => format!("goal ≥ {goal:.0}: MISSED"),
        None => String::new(),
    };
    println!("    {what:<44} {ratio:>9.2} / {least:>9.2} ×   {goal}");
}
