//! Names of kinds, fields and references. They are distinct types and cheap to clone.

use std::fmt;
use std::sync::Arc;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::text_visitor::TextVisitor;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident: $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(name.into())
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(TextVisitor { expected: $expected, read: |text| Ok(text.into()) })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "`{}`", self.0)
            }
        }
    };
}

name! {
    /// The name of a kind: a table or collection of the host, such as `clients`.
    ///
    /// ```
    /// # use client_lifecycle::domain::KindName;
    /// assert_eq!(KindName::from("clients"), "clients");
    /// ```
    KindName: "the name of a kind, such as `clients`"
}

name! {
    /// The name of a field of a kind, such as `email`. The column may have another name.
    ///
    /// ```
    /// # use client_lifecycle::domain::FieldName;
    /// assert_eq!(FieldName::from("email").as_str(), "email");
    /// ```
    FieldName: "the name of a field, such as `email`"
}

name! {
    /// The name of a reference: `kind.field`, such as `debts.client_id`.
    ///
    /// The last dot separates the two, so a kind may be called `sales.invoices`.
    ///
    /// ```
    /// # use client_lifecycle::domain::ReferenceName;
    /// let name = ReferenceName::from("debts.client_id");
    /// let (kind, field) = name.split().expect("has a dot");
    /// assert_eq!((kind.as_str(), field.as_str()), ("debts", "client_id"));
    /// ```
    ReferenceName: "the name of a reference, such as `debts.client_id`"
}

impl ReferenceName {
    /// Returns the kind and the field; `None` if there is no dot or either is empty.
    #[must_use]
    pub fn split(&self) -> Option<(KindName, FieldName)> {
        let (kind, field) = self.0.rsplit_once('.')?;
        (!kind.is_empty() && !field.is_empty()).then(|| (kind.into(), field.into()))
    }
}
