//! A case: what is wrong, and the fault that must be reported for it.

use client_lifecycle::domain::{Fault, Faults};

/// What a fault must say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) path: &'static str,
    pub(crate) message: &'static str,
    pub(crate) remedy: &'static str,
}

impl Expected {
    /// The fault of these words.
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

/// What is expected, and how to find it.
pub(crate) type Case = (Expected, fn() -> Vec<Fault>);

/// All faults, where there are some.
#[track_caller]
pub(crate) fn of<T>(result: Result<T, Faults>) -> Vec<Fault> {
    match result {
        Ok(_) => panic!("there is no fault"),
        Err(faults) => faults.iter().cloned().collect(),
    }
}

/// One test for each case, and the list of what they expect.
///
/// `name: faults => path, message, remedy;` where `faults` is what is found in something that is wrong.
macro_rules! faulty {
    ($($name:ident: $faults:expr => $path:literal, $message:literal, $remedy:literal;)*) => {
        /// What each case expects, and what is found in it.
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
