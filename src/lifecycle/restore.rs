//! Finds the operation that a request in mode `restore` takes back.

use chrono::{DateTime, Utc};

use super::{Error, Lifecycle};
use crate::domain::{Mode, Request};
use crate::policy::{Inquiry, Refusal, marked_again, never_removed, several_operations};
use crate::protocol::{Receipt, ReceiptQuery};
use crate::store::Store;

impl<S: Store> Lifecycle<S> {
    /// Makes the inquiry for a request that takes back an operation.
    pub(super) async fn inquire_restore(
        &self,
        request: &Request,
        now: DateTime<Utc>,
    ) -> Result<Inquiry, Error> {
        self.effective().admit_restore(request)?;
        let undone = self.undone(request).await?;
        Ok(self.inquire_undoing(request, &undone, now)?)
    }

    /// Makes the inquiry for a request that takes back the operation with this receipt.
    pub(super) fn inquire_undoing(
        &self,
        request: &Request,
        undone: &Receipt,
        now: DateTime<Utc>,
    ) -> Result<Inquiry, Refusal> {
        let mut inquiry = self.effective().inquire_restore(request, undone, now)?;
        inquiry.set_mask_key(self.mask_key.as_ref());
        self.environment.check(request)?;
        Ok(inquiry)
    }

    /// Returns the receipt of the operation to take back: the one that the request names, or the last that removed its
    /// subjects.
    ///
    /// If a subject was restored or erased since, the receipt is that of the later operation, which cannot be taken back.
    async fn undone(&self, request: &Request) -> Result<Receipt, Error> {
        let named = match request.undoes {
            Some(operation) => {
                let found = self.store.receipt(&ReceiptQuery::Operation(operation)).await?;
                Some(found.ok_or_else(|| never_removed(request))?)
            }
            None if request.subjects.is_empty() => return Err(Refusal::MissingId.into()),
            None => None,
        };
        // What is not a soft deletion of this kind is refused by its receipt.
        if let Some(named) =
            named.as_ref().filter(|named| named.mode != Mode::SoftDelete || named.kind != request.kind)
        {
            return Ok(named.clone());
        }
        // The records of an operation are restored together, so the first of them tells whether that was done.
        let subjects = match &named {
            Some(named) => named.subjects.get(..1).unwrap_or_default(),
            None => &request.subjects,
        };
        let mut last: Option<Receipt> = None;
        for record in subjects {
            let kind = request.kind.clone();
            let query = ReceiptQuery::LastRemoval { kind, record: record.clone() };
            let found = self.store.receipt(&query).await?.ok_or_else(|| never_removed(request))?;
            match (&named, &last) {
                (Some(named), _) if named.operation != found.operation => {
                    return if found.mode.removes() && !found.mode.erases() {
                        Err(marked_again(&found).into())
                    } else {
                        Ok(found)
                    };
                }
                (None, Some(known)) if known.operation != found.operation => {
                    return Err(several_operations().into());
                }
                _ => last = Some(found),
            }
        }
        last.or(named).ok_or_else(|| never_removed(request).into())
    }
}
