//! Claims: what an act was built on, and has to be true still when it is written.
//!
//! Whoever hands in a command has looked things up before, perhaps long ago: whose session it is,
//! who is reached by a handle. Instead of asking anew for each act, it says so in a claim. The
//! ledger checks the claims of a whole batch in the statement that writes it, so a session that was
//! ended a moment ago moves no money.
//!
//! To look each of them up is a sixth of what that statement costs. So on PostgreSQL an account counts when its
//! owner loses a session or a handle (the database does, when it happens), and what was true when the
//! account last changed is [`Proven`] as long as the statement finds the same number there. SQLite has one
//! writer, which looks everything up.

use crate::clock::Time;
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

    /// Of whom it says so.
    pub(crate) fn user(&self) -> UserId {
        match self {
            Self::Session(_, user) | Self::Handle(_, user) | Self::Quote(_, user) => *user,
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

/// What was found to be an account's owner's, and still is where the account counts no more revocations: the last
/// session, open until then, and the last handle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proven {
    /// How often the owner has lost a session or a handle.
    pub(crate) revocations: i64,
    session: Option<(SessionId, Time)>,
    handle: Option<Fingerprint>,
}

impl Proven {
    /// Nothing yet, at this number.
    pub(crate) fn at(revocations: i64) -> Self {
        Self { revocations, ..Self::default() }
    }

    /// The claims that need not be looked up for this owner at this time.
    pub(crate) fn claims(&self, owner: UserId, now: Time) -> impl Iterator<Item = Claim> + use<> {
        let session = self.session.filter(|(_, until)| *until > now);
        let session = session.map(|(session, _)| Claim::Session(session, owner));
        session.into_iter().chain(self.handle.map(|handle| Claim::Handle(handle, owner)))
    }

    /// Takes note of a claim of the owner's that was true; of a session, that it is open until then. A quote is used once.
    pub(crate) fn keep(&mut self, claim: &Claim, until: Option<Time>) {
        match claim {
            Claim::Session(session, _) => self.session = until.map(|until| (*session, until)),
            Claim::Handle(handle, _) => self.handle = Some(*handle),
            Claim::Quote(..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Proven;
    use crate::clock::Time;
    use crate::ledger::workload::{draft, open_books, wallet};
    use crate::ledger::{Books, Command, Known};
    use crate::refusal::Code;
    use crate::transaction::{Draft, Kind, State};
    use chrono::Duration;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use std::collections::HashSet;

    /// The first person has ten euros and is about to pay somebody.
    fn transfer() -> (Books, Draft, Command) {
        let mut rng = StdRng::seed_from_u64(1);
        let mut books = open_books();
        books.accounts.get_mut(&wallet(0)).unwrap().amount = 1_000;
        let mut drafts = (1..).map(|step| draft(&mut rng, 0, step));
        let (draft, command) = drafts.find(|(draft, _)| draft.kind == Kind::Transfer).unwrap();
        (books, draft, command)
    }

    #[test]
    fn a_broken_claim_moves_nothing_and_an_ended_session_learns_nothing() {
        let (mut books, draft, command) = transfer();
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

    #[test]
    fn a_claim_is_proven_by_an_account_that_changed_until_its_session_expires_or_something_is_revoked() {
        let (mut books, draft, command) = transfer();
        let claims: HashSet<_> = command.claims().iter().cloned().collect();
        let until = Time::default() + Duration::minutes(1);
        books.prove(&claims, Some(until));
        assert_eq!(books.unproven(&claims), claims, "nothing has changed");
        books.decide(&command).unwrap();
        assert_eq!(books.unproven(&claims), claims, "nothing was looked up");
        books.prove(&claims, Some(until));
        assert!(books.unproven(&claims).is_empty());

        let known = Known::new(10);
        known.keep(&books.accounts);
        let read = |revocations| {
            let mut read = open_books().accounts;
            read.values_mut().for_each(|balance| balance.proven = Proven::at(revocations));
            known.prove(&mut read);
            read
        };
        let proven = |account, revocations, now| {
            let accounts = read(revocations);
            accounts[&account].proven.claims(accounts[&account].owner, now).collect::<HashSet<_>>()
        };
        let [session, handle] = command.claims() else { unreachable!() };
        assert_eq!(proven(draft.debit, 0, Time::default()), HashSet::from([session.clone()]));
        assert_eq!(proven(draft.debit, 0, until), HashSet::new());
        assert_eq!(proven(draft.credit, 0, until), HashSet::from([handle.clone()]));
        assert_eq!(proven(draft.credit, 1, until), HashSet::new());
        assert!(known.is_behind(&read(0)), "the accounts that were read have not moved yet");
        assert!(!known.is_behind(&books.accounts));
    }
}
