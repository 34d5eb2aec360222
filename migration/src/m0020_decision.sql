-- Decisions that are undone, and proposals that nobody has to decide any more.

-- A proposal lapses when what it is about has come to its end without it: nobody has decided it.
{allow LAPSED IN proposals.state: OPEN, APPROVED, REJECTED}
{check proposals_check IN proposals: (state = 'OPEN') = (decided_by IS NULL) => (state IN ('OPEN', 'LAPSED')) = (decided_by IS NULL)}
{check proposals_check1 IN proposals: (decided_by IS NULL) = (decided_at IS NULL) => (state = 'OPEN') = (decided_at IS NULL)}
{refuse proposals_end_is_final ON UPDATE OF state ON proposals WHEN (OLD.state <> 'OPEN'): a decided proposal has ended}

-- A hit that was confirmed is cleared by two operators, and says by which proposal. Who had confirmed it, and why, stays.
ALTER TABLE sanction_hits ADD COLUMN overturned_by {uuid} REFERENCES proposals (id) CHECK (overturned_by IS NULL OR state = 'CLEARED');
{drop sanction_hits_end_is_final ON sanction_hits}
{refuse sanction_hits_cleared_is_final ON UPDATE ON sanction_hits WHEN (OLD.state = 'CLEARED'): a cleared hit has ended}
{refuse sanction_hits_confirmed_by_one_cleared_by_two ON UPDATE ON sanction_hits WHEN (OLD.state = 'CONFIRMED' AND NOT (NEW.state = 'CLEARED' AND NEW.overturned_by IS NOT NULL)): a confirmed hit is cleared by two operators}
{refuse sanction_hits_decision_fixed ON UPDATE OF reason, decided_at, decided_by ON sanction_hits WHEN (OLD.state <> 'OPEN'): why a hit was decided is never changed}
{allow CLEAR_CONFIRMED_HIT IN proposals.kind: UNFREEZE_USER, RAISE_LEVEL, RECOVER_HANDLE, INVITE_OPERATOR, ACCEPT_RATES, SET_RATE, SET_FEES, RELEASE_PAYMENT, SET_FRAUD_RULES}
