//! What a store is asked for a request, and what its silence means. Never shows what it sends.

use super::host;
use crate::{Answers, Claim, Claimed, Look, Looked, StoreCall};

/// What a store is asked.
pub enum Question {
    /// Whether a proof is new.
    Claim(Claim),
    /// Whether a token is revoked.
    Look(Look),
}

impl Question {
    /// How to ask; `None` where only the host would know.
    pub fn call(&self) -> Option<&StoreCall> {
        match self {
            Self::Claim(claim) => claim.call.as_ref(),
            Self::Look(look) => look.call.as_ref(),
        }
    }

    /// The store's reply is here: so many bytes.
    pub fn answered(self, answers: &mut Answers, size: usize) {
        let limit = self.call().map_or(0, |call| call.limit);
        let Some((status, _, body)) = host::replied(size.min(limit.saturating_add(1))) else {
            self.failed(answers, "the store does not answer");
            return;
        };
        match self {
            Self::Claim(claim) => {
                let claimed = claim.answer(status, &body);
                answers.claimed(claim, claimed);
            }
            Self::Look(look) => {
                let looked = look.answer(status, &body);
                answers.looked(look, looked);
            }
        }
    }

    /// There is no reply.
    pub fn failed(self, answers: &mut Answers, fault: &'static str) {
        match self {
            Self::Claim(claim) => answers.claimed(claim, Claimed::Failed(fault)),
            Self::Look(look) => answers.looked(look, Looked::Failed(fault)),
        }
    }
}
