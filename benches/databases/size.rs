//! How many rows there are, and how often each thing is done.

/// The size of a run.
pub(crate) struct Size {
    /// Clients of 45 rows each, of whom a batch takes some.
    pub(crate) clients: usize,
    /// How many of them one batch takes.
    pub(crate) batch: usize,
    /// The bookings of the largest client, with nine items each.
    pub(crate) bookings: usize,
    /// How often small operations are done without being measured: until the statements of both sides have the plans that
    /// the database keeps for them.
    pub(crate) warm_up: usize,
    /// How often small operations are measured.
    pub(crate) small: usize,
    /// How often large ones are.
    pub(crate) large: usize,
    /// Whether it is the size that the goals are for.
    is_full: bool,
    /// Whether the statements of each operation are shown, with the time each took.
    pub(crate) trace: bool,
}

impl Size {
    /// 1.1 million rows.
    pub(crate) const fn full() -> Self {
        Self {
            clients: 20_000,
            batch: 2_000,
            bookings: 10_000,
            warm_up: 10,
            small: 41,
            large: 9,
            is_full: true,
            trace: false,
        }
    }

    /// Enough to see that everything runs and that its counts are right.
    pub(crate) const fn small() -> Self {
        Self {
            clients: 40,
            batch: 8,
            bookings: 20,
            warm_up: 0,
            small: 1,
            large: 1,
            is_full: false,
            trace: false,
        }
    }

    /// A goal, where the size is the one it is for.
    pub(crate) fn goal(&self, goal: f64) -> Option<f64> {
        self.is_full.then_some(goal)
    }

    /// Clients with 91 rows: each is deleted once.
    pub(crate) const fn small_clients(&self) -> usize {
        2 * (self.warm_up + self.small)
    }
}
