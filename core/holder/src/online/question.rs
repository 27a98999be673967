//! The question to the person, and the answer.
use alloc::{boxed::Box, string::String, vec::Vec};

use rid_claims::CredentialType;
use rid_flow::{Env, Holdings, Lookup, VerifierId};
use rid_openid::vp;
use rid_profile::{ReaderPolicy, ReaderRule};
use rid_trust::{Party, PartyBasis};
use rid_wire::{Code, Timestamp};

use super::{
    Online, OnlineError,
    respond::agreement,
    state::{Answered, Asking, Content, Source, State},
};
use crate::{
    consent::{Answer, Question, QuestionId, Requester},
    matching::{self, Matched, ask},
    proximity::{Misuse, check, decide, withdrawn},
    shown,
};

/// How often a request asks again to unlock a wallet that is locked before the look-up.
const LOCKED_LOOKUPS: u8 = 3;
/// Nothing but the origin of the requester is known.
const ORIGIN_ONLY: Code = Code::new("requester_origin");
/// The nonce is too short to hold 128 bits.
const SHORT_NONCE: Code = Code::new("vp_nonce_short");

impl Online {
    /// The wallet is open (or stays locked), before matching or before the commit.
    pub(super) fn unlocked(&mut self, open: bool, env: &Env<'_>) -> Result<(), OnlineError> {
        if !matches!(self.state, State::Unlocking(_) | State::Confirming(_)) {
            return Err(Misuse::NotAsked.into());
        }
        match core::mem::replace(&mut self.state, State::Failed(OnlineError::Locked)) {
            _ if !open => self.fail(OnlineError::Locked),
            State::Confirming(answered) if env.uptime >= answered.asking.until => {
                self.fail(OnlineError::ConsentExpired);
            }
            State::Unlocking(source) => self.state = State::Matching(source),
            State::Confirming(answered) => {
                let receipt = &answered.decided.receipt;
                self.unsettled = receipt.disclosed.then_some(receipt.history);
                self.state = State::Committing(answered);
            }
            other => self.state = other,
        }
        Ok(())
    }

    pub(super) fn locked_again(&mut self) {
        match core::mem::replace(&mut self.state, State::Failed(OnlineError::Locked)) {
            State::Matching(mut source) if source.locked < LOCKED_LOOKUPS => {
                source.locked = source.locked.saturating_add(1);
                self.state = State::Unlocking(source);
            }
            _ => self.fail(OnlineError::Locked),
        }
    }

    pub(super) fn lookup(&self, source: &Source, at: Timestamp) -> Lookup {
        let types = match &source.content {
            Content::AnnexC(request) => request.types(),
            Content::Refused { .. } => Vec::new(),
            Content::Query(request) => {
                let queries = request.query.credentials.iter();
                let types = queries.filter_map(|query| Some((query.known_format()?, &query.types)));
                let of = |(format, ids): (_, &Vec<String>)| {
                    ids.iter().map(move |id| CredentialType { format, id: id.clone() }).collect::<Vec<_>>()
                };
                types.flat_map(of).collect()
            }
        };
        let (requester, _) = self.requester(source);
        Lookup { types, verifier: requester.party().map(|party| VerifierId(party.id())), at }
    }

    /// Who asks, and how it is treated; `None`: it is known.
    fn requester(&self, source: &Source) -> (Requester, Option<ReaderRule>) {
        let known = match &source.content {
            // How the reader is treated is decided for each document.
            Content::AnnexC(request) => return (request.requester(), None),
            Content::Query(request) => Some(&request.requester),
            Content::Refused { requester, .. } => requester.as_deref(),
        };
        requester(known, self.policy.at_least(self.profile.rules().reader_policy))
    }

    /// The look-up is done: the person is asked, whatever is held.
    pub(super) fn found(&mut self, found: &Holdings, env: &mut Env<'_>) {
        let State::Matching(source) = core::mem::replace(&mut self.state, State::Failed(OnlineError::Interrupted))
        else {
            return;
        };
        let source = *source;
        let mut id = [0; 16];
        env.rng.fill_bytes(&mut id);
        let (id, hash) = (QuestionId(id), source.hash);
        let (requester, rule) = self.requester(&source);
        let matched = match &source.content {
            Content::AnnexC(request) => request.ask(id, found, &self.profile, self.policy, env.now),
            Content::Query(request) => {
                let (query, profile) = (&request.query, &*self.profile);
                let asking = matching::Asking { id, hash, requester, rule, query, profile, now: env.now };
                let mut matched = ask(asking, found);
                if request.short_nonce {
                    matched.question.warnings.push(SHORT_NONCE);
                }
                matched
            }
            Content::Refused { error, .. } => Matched::none(unserved(id, hash, requester, error.code())),
        };
        let Matched { question, queries, checked } = matched;
        let withdrawn = withdrawn(&question, env);
        let until = env.uptime.plus_seconds(self.profile.rules().consent_seconds.into());
        self.state = State::Asking(Box::new(Asking { source, question, queries, checked, withdrawn, until }));
    }

    /// The answer is bound to this question and this request, and selects only from its offers.
    pub(super) fn consented(&mut self, answer: &Answer, env: &mut Env<'_>) -> Result<(), OnlineError> {
        let State::Asking(asking) = &self.state else { return Err(Misuse::NotAsked.into()) };
        check(&asking.question, answer)?;
        let State::Asking(asking) = core::mem::replace(&mut self.state, State::Failed(OnlineError::ConsentExpired))
        else {
            return Err(Misuse::NotAsked.into());
        };
        if env.uptime >= asking.until {
            let rows = asking.withdrawn;
            self.write(rid_flow::Changes { history: rows, ..Default::default() });
            return Ok(());
        }
        let decided = decide(&asking.question, &answer.decision, env);
        let planned = decided.planned.iter();
        let agreed = planned.map(|one| (one.position, &one.credential, one.disclosure.disclosed.as_slice()));
        let agreement = agreement(&asking.question.hash, agreed);
        self.state = State::Confirming(Box::new(Answered { asking: *asking, decided, agreement }));
        Ok(())
    }
}

/// The question about a request that cannot be served.
fn unserved(id: QuestionId, hash: [u8; 32], requester: Requester, code: Code) -> Question {
    Question {
        id,
        hash,
        requester,
        purpose: None,
        whole: true,
        unanswerable: Some(code),
        documents: Vec::new(),
        use_cases: Vec::new(),
        warnings: Vec::new(),
    }
}

fn requester(known: Option<&vp::Requester>, policy: ReaderPolicy) -> (Requester, Option<ReaderRule>) {
    let identified = |basis, reason| {
        let party = Party { name: String::new(), organization: None, country: None, basis };
        Requester::Identified { party: shown::party(&party), reason }
    };
    match known {
        Some(vp::Requester::Certified(certified)) => match &certified.trust {
            Ok(party) => (Requester::Known(shown::party(party)), None),
            Err(reason) => {
                let basis = PartyBasis::ClientId { id: certified.client_id.clone() };
                (identified(basis, *reason), Some(policy.untrusted))
            }
        },
        Some(vp::Requester::Origin(origin)) => {
            (identified(PartyBasis::Origin { origin: origin.clone() }, ORIGIN_ONLY), Some(policy.anonymous))
        }
        _ => (Requester::Unknown(ORIGIN_ONLY), Some(policy.anonymous)),
    }
}
