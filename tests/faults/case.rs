//! Test cases: something invalid, and the fault that must be reported for it.

use client_lifecycle::domain::{Fault, Faults};

/// An expected fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) path: &'static str,
    pub(crate) message: &'static str,
    pub(crate) remedy: &'static str,
}

impl Expected {
    /// Returns the fault that equals the expectation.
    pub(crate) fn find(self, faults: &[Fault]) -> Option<&Fault> {
        faults.iter().find(|fault| {
            (&*fault.path, &*fault.message, &*fault.remedy) == (self.path, self.message, self.remedy)
        })
    }

    #[track_caller]
    pub(crate) fn is_among(self, faults: &[Fault]) {
        let found: Vec<String> = faults.iter().map(|fault| format!("{fault:?}")).collect();
        assert!(self.find(faults).is_some(), "{self:?} is not among\n{}", found.join("\n"));
    }
}

/// An expected fault, and the code that produces the faults.
pub(crate) type Case = (Expected, fn() -> Vec<Fault>);

/// Returns the faults of an invalid value. Panics if it is valid.
#[track_caller]
pub(crate) fn of<T>(result: Result<T, Faults>) -> Vec<Fault> {
    match result {
        Ok(_) => panic!("there is no fault"),
        Err(faults) => faults.iter().cloned().collect(),
    }
}

/// Generates one test for each case, and a list of the expected faults.
///
/// Syntax: `name: faults => path, message, remedy;`, where `faults` is the code that produces them.
macro_rules! faulty {
    ($($name:ident: $faults:expr => $path:literal, $message:literal, $remedy:literal;)*) => {
        /// Each expected fault, with the code that produces the faults.
        pub(crate) const CASES: &[crate::case::Case] = &[$(
            (
                crate::case::Expected { path: $path, message: $message, remedy: $remedy },
                || $faults,
            ),
        )*];

        $(#[test]
        fn $name() {
            let expected = crate::case::Expected { path: $path, message: $message, remedy: $remedy };
            expected.is_among(&$faults);
        })*
    };
}
