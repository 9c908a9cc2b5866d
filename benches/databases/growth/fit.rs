//! The exponent of growth: the slope of a straight line through the logarithms of sizes and durations.

/// The exponent that no shape may exceed: 1 is linear, and the rest is for sorting, caches and noise.
const GOAL: f64 = 1.1;

/// Durations in milliseconds, by size.
#[derive(Debug, Default)]
pub(super) struct Growth {
    points: Vec<(f64, f64)>,
}

impl Growth {
    pub(super) fn push(&mut self, size: usize, milliseconds: f64) {
        let size = u32::try_from(size).unwrap();
        self.points.push((f64::from(size), milliseconds));
    }

    /// Returns the slope of the least-squares line through all points; `None` with fewer than two.
    fn exponent(points: &[(f64, f64)]) -> Option<f64> {
        let count = f64::from(u32::try_from(points.len()).unwrap());
        let logarithms: Vec<(f64, f64)> = points.iter().map(|(size, time)| (size.ln(), time.ln())).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| logarithms.iter().map(of).sum::<f64>() / count;
        let (size, time) = (mean(|point| point.0), mean(|point| point.1));
        let along: f64 = logarithms.iter().map(|point| (point.0 - size).powi(2)).sum();
        let both: f64 = logarithms.iter().map(|point| (point.0 - size) * (point.1 - time)).sum();
        (along > 0.0).then(|| both / along)
    }

    /// Prints the durations and the exponent. The exponent of the last step is shown too, because a fixed cost hides
    /// growth at small sizes.
    pub(super) fn say(&self, what: &str, has_goal: bool, ended: Option<&str>) {
        let times: String = self.points.iter().map(|(_, time)| format!(" {time:>9.1}")).collect();
        let last = self.points.len().saturating_sub(2);
        let fit = Self::exponent(&self.points);
        let step = Self::exponent(&self.points[last..]);
        let shown = |exponent: Option<f64>| exponent.map_or("  – ".into(), |it| format!("{it:>4.2}"));
        let verdict = match (has_goal, fit, ended) {
            (true, _, Some(why)) => format!("goal ≤ {GOAL}: MISSED, {why}"),
            (true, Some(fit), None) if fit > GOAL => format!("goal ≤ {GOAL}: MISSED"),
            (true, Some(_), None) => format!("goal ≤ {GOAL}: reached"),
            (_, _, why) => why.unwrap_or_default().to_owned(),
        };
        let missing = " ".repeat(10 * (4 - self.points.len().min(4)));
        println!(
            "    {what:<44}{times}{missing}   exponent {} (last step {})   {verdict}",
            shown(fit),
            shown(step)
        );
    }
}
