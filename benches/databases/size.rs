//! The size of a run: how many rows, and how often each operation is repeated.

/// The size of a run.
pub(crate) struct Size {
    /// The number of clients with 45 rows each, from which batches are taken.
    pub(crate) clients: usize,
    /// The number of clients in one batch.
    pub(crate) batch: usize,
    /// The number of bookings of the largest client; each has nine items.
    pub(crate) bookings: usize,
    /// The number of unmeasured small operations before the measurement, until the database uses cached query plans.
    pub(crate) warm_up: usize,
    /// The number of measured small operations.
    pub(crate) small: usize,
    /// The number of measured large operations.
    pub(crate) large: usize,
    /// Whether the goals apply to this size.
    is_full: bool,
    /// Whether to print the statements of each operation with their times.
    pub(crate) trace: bool,
}

impl Size {
    /// Returns the measured size: 1.1 million rows.
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

    /// Returns a size just large enough to check that every workload runs and affects the right number of rows.
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

    /// Returns the goal if goals apply to this size.
    pub(crate) fn goal(&self, goal: f64) -> Option<f64> {
        self.is_full.then_some(goal)
    }

    /// Returns the number of clients with 91 rows: three for each round, because each side deletes its own.
    pub(crate) const fn small_clients(&self) -> usize {
        3 * (self.warm_up + self.small)
    }
}

/// The size of a run with several connections.
pub(crate) struct ParallelSize {
    /// The number of clients that each side deletes.
    pub(crate) clients: usize,
    /// The number of clients that one side deletes before the next side has its turn.
    pub(crate) slice: usize,
    /// The number of connections, and of workers.
    pub(crate) connections: u32,
    /// Whether the goal applies to this size.
    is_full: bool,
}

impl ParallelSize {
    /// Returns the measured size: 2.8 million rows.
    pub(crate) const fn full() -> Self {
        Self { clients: 10_000, slice: 250, connections: 8, is_full: true }
    }

    /// Returns a size for figures without a goal.
    pub(crate) const fn brief() -> Self {
        Self { clients: 2_000, is_full: false, ..Self::full() }
    }

    /// Returns a size just large enough to check that every connection deletes.
    pub(crate) const fn small() -> Self {
        Self { clients: 16, slice: 8, connections: 4, is_full: false }
    }

    /// Returns the rows: the clients of each side, one slice more for the warm-up, and some that stay.
    pub(crate) const fn rows(&self) -> Size {
        Size { clients: 100, bookings: 100, warm_up: self.slice, small: self.clients, ..Size::small() }
    }

    /// Returns the goal if goals apply to this size.
    pub(crate) fn goal(&self, goal: f64) -> Option<f64> {
        self.is_full.then_some(goal)
    }
}
