//! Claims: what an act was built on, and has to be true still when it is written.
//!
//! Whoever hands in a command has looked things up before, perhaps long ago: whose session it is,
//! who is reached by a handle. Instead of asking anew for each act, it says so in a claim. The
//! ledger checks the claims of a whole batch in the statement that writes it, so a session that was
//! ended a moment ago moves no money.

use crate::handle::Fingerprint;
use crate::id::{QuoteId, SessionId, UserId};
use crate::refusal::{Code, Refusal};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Claim {
    /// The session is this person's, and open.
    Session(SessionId, UserId),
    /// The handle reaches this person.
    Handle(Fingerprint, UserId),
    /// The quote is this person's, and nobody has used it.
    Quote(QuoteId, UserId),
}

impl Claim {
    /// The session and whose it is.
    pub(crate) fn session_of(&self) -> Option<(SessionId, UserId)> {
        match self {
            Self::Session(session, user) => Some((*session, *user)),
            Self::Handle(..) | Self::Quote(..) => None,
        }
    }

    /// The handle and whom it reaches.
    pub(crate) fn handle_of(&self) -> Option<(Fingerprint, UserId)> {
        match self {
            Self::Handle(handle, user) => Some((*handle, *user)),
            Self::Session(..) | Self::Quote(..) => None,
        }
    }

    /// The quote and whose it is.
    pub(crate) fn quote_of(&self) -> Option<(QuoteId, UserId)> {
        match self {
            Self::Quote(quote, user) => Some((*quote, *user)),
            Self::Session(..) | Self::Handle(..) => None,
        }
    }

    /// What is answered where it is not true.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Session(..) => Code::SessionEnded.into(),
            Self::Handle(..) => Code::RecipientUnknown.at("to"),
            Self::Quote(..) => Code::QuoteUsed.at("quoteId"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::workload::{draft, open_books, wallet};
    use crate::refusal::Code;
    use crate::transaction::{Kind, State};
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn a_broken_claim_moves_nothing_and_an_ended_session_learns_nothing() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut books = open_books();
        books.accounts.get_mut(&wallet(0)).unwrap().amount = 1_000;
        let (draft, command) =
            (1..).map(|step| draft(&mut rng, 0, step)).find(|(d, _)| d.kind == Kind::Transfer).unwrap();
        let payee = draft.payee.unwrap();
        let [session, handle] = command.claims() else { unreachable!() };
        books.broken.insert(handle.clone());
        assert_eq!(books.decide(&command).unwrap_err().code, Code::RecipientUnknown);
        books.broken.clear();
        let done = books.decide(&command).unwrap();
        assert_eq!((done.state, done.terms.payee), (State::Settled, Some(payee)));
        // What was done is answered again, whoever is reached now; but not to an ended session.
        books.broken.insert(handle.clone());
        assert_eq!(books.decide(&command).unwrap().terms.id, draft.id);
        books.broken.insert(session.clone());
        assert_eq!(books.decide(&command).unwrap_err().code, Code::SessionEnded);
        assert_eq!(books.pages.postings.len(), 2);
    }
}
