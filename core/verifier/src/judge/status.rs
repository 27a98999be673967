//! The check of a credential's status by a status list (std-M60).
use rid_trust::{
    Check, IssuerTrust, MessageTrust,
    status::{Status, UnverifiedStatusToken},
};
use rid_wire::Code;

/// The check, as the reports of both formats name it.
const CREDENTIAL_STATUS: Code = Code::new("credential_status");

/// Does the check if the credential refers to a list and one is given. A list that says nothing leaves the status
/// unknown, which is neither valid nor revoked. `as_of` is the time at which the issuer made the list.
pub(super) fn judge_status(
    checks: &mut [Check],
    reference: Option<(&str, u64)>,
    issuer: &IssuerTrust,
    token: Option<&[u8]>,
    trust: &mut MessageTrust<'_>,
) {
    let (Some((uri, index)), Some(token)) = (reference, token) else { return };
    let found = UnverifiedStatusToken::parse(token)
        .and_then(|token| token.verify(uri, issuer, trust))
        .and_then(|list| Ok((list.status(index)?, list.issued())));
    let check = match found {
        Ok((status, issued)) => {
            let failed = |reason| Check::failed(CREDENTIAL_STATUS, Code::new(reason));
            let check = match status {
                Status::Valid => Check::passed(CREDENTIAL_STATUS),
                Status::Revoked => failed("credential_revoked"),
                Status::Suspended => failed("credential_suspended"),
                Status::Other(_) => failed("credential_status_other"),
            };
            check.at(issued)
        }
        Err(error) => Check::unknown(CREDENTIAL_STATUS, error.code()),
    };
    if let Some(known) = checks.iter_mut().find(|known| known.code == CREDENTIAL_STATUS) {
        *known = check;
    }
}
